import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { clsx } from "clsx";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { Problem, write } from "../../api/client";
import { queryClient, session as sessionQuery } from "../../api/queries";
import type { Session } from "../../api/types";
import { FormProblem, ProblemView } from "../../components/problem";
import { Button } from "../../components/ui/button";
import { Field } from "../../components/ui/field";
import { BellMark } from "../../components/ui/icon";
import { Skeleton } from "../../components/ui/surface";
import { PASSWORD_LENGTH, type PasswordProblem, passwordProblem, refused } from "./password";

/** Takes the token out of the address at once, so that it is neither bookmarked nor in the history. */
function takeToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) history.replaceState(history.state, "", location.pathname + location.search);
  return token;
}

/** Read once: React may mount a page twice, and a link works once. */
let token = typeof location === "undefined" ? null : takeToken();

/** Only an address within the console. */
const safeNext = (next: string | undefined) => (next && /^\/(?![/\\])/.test(next) && !next.startsWith("/sign-in") ? next : "/");

export default function SignInPage() {
  const { data: session, error, refetch } = useQuery(sessionQuery);
  const { next } = useSearch({ from: "/sign-in" });
  const navigate = useNavigate();
  const [settingUp, setSettingUp] = useState(false);
  const link = useMutation({
    mutationFn: (secret: string) => write<Session>("POST", "/session/link", { token: secret }),
    onSuccess: (now) => {
      if (now.passwordSet === false) setSettingUp(true);
      queryClient.setQueryData(sessionQuery.queryKey, now);
    },
  });
  const signInBy = link.mutate;

  useEffect(() => {
    const look = () => {
      const found = token ?? takeToken();
      token = null;
      if (found) signInBy(found);
    };
    look();
    // A link pasted into a tab that already shows this page changes the fragment only.
    window.addEventListener("hashchange", look);
    return () => window.removeEventListener("hashchange", look);
  }, [signInBy]);

  useEffect(() => {
    document.title = "Sign in · Bellfounder";
  }, []);

  const choosing = settingUp || (session?.signedIn === true && session.passwordSet === false);
  const inside = session?.signedIn === true && !choosing && !link.isPending && !token;
  useEffect(() => {
    if (inside) void navigate({ href: safeNext(next), replace: true });
  }, [inside, navigate, next]);

  const enter = (now: Session) => {
    setSettingUp(false);
    queryClient.setQueryData(sessionQuery.queryKey, now);
  };

  return (
    <main className="flex min-h-dvh flex-col items-center justify-center px-4 py-10">
      <div className="w-full max-w-sm">
        <div className="mb-6 flex items-center gap-3">
          <BellMark className="size-10" />
          <div>
            <p className="text-lg leading-tight font-semibold tracking-tight">Bellfounder</p>
            <p className="text-[0.8125rem] text-faint">Every model call, seen and priced</p>
          </div>
        </div>
        <div className="rounded-card border border-line bg-surface p-5 shadow-card sm:p-6">
          {error ? (
            <div className="-m-4"><ProblemView problem={error} retry={() => void refetch()} what="The sign-in" /></div>
          ) : !session || link.isPending || inside ? (
            <div role="status" className="space-y-3">
              <p className="text-soft">{link.isPending ? "Signing you in…" : "One moment…"}</p>
              <Skeleton className="h-9" />
              <Skeleton className="h-9" />
            </div>
          ) : choosing ? (
            <ChoosePassword session={session} onDone={enter} />
          ) : (
            <>
              {link.error && <LinkFailed problem={link.error} setupRequired={session.setupRequired} />}
              {session.setupRequired && !link.error && <FirstStart />}
              {!session.setupRequired && <SignInForm onDone={enter} />}
            </>
          )}
        </div>
      </div>
    </main>
  );
}

function Title({ children }: { children: ReactNode }) {
  return <h1 className="text-base font-semibold">{children}</h1>;
}

function Command() {
  return <code className="font-mono whitespace-nowrap">./bell admin link</code>;
}

function LinkFailed({ problem, setupRequired }: { problem: unknown; setupRequired: boolean }) {
  const code = problem instanceof Problem ? problem.code : "";
  const why =
    code === "sign_in_link_used" ? "This link is not valid: it was used, replaced or mistyped. Each one works once."
    : code === "sign_in_link_expired" ? "This link has expired."
    : problem instanceof Problem ? problem.message
    : "This link did not work.";
  return (
    <div role="alert" className={clsx("rounded-lg bg-warn-wash p-3", !setupRequired && "mb-5")}>
      {setupRequired ? <Title>{why}</Title> : <p className="font-semibold">{why}</p>}
      <p className="mt-1 text-soft">
        {setupRequired ? (
          <>For a new one, run <Command /> on the server's machine.</>
        ) : (
          <>A password has been chosen for this installation: sign in with it below. If it is lost, run <Command /> on the server's machine for a new link.</>
        )}
      </p>
    </div>
  );
}

function FirstStart() {
  return (
    <div className="space-y-3">
      <Title>Open the sign-in link first</Title>
      <p className="text-soft">
        Nobody has a password yet. When <code className="font-mono">./bell up</code> started, it printed a one-time sign-in link for the administrator. Open that link in this browser and choose a password.
      </p>
      <p className="text-soft">The link is gone? Run <Command /> on the server's machine: it prints a new one.</p>
    </div>
  );
}

function SignInForm({ onDone }: { onDone: (session: Session) => void }) {
  const enter = useMutation({
    mutationFn: (body: { email: string; password: string }) => write<Session>("POST", "/session", body),
    onSuccess: onDone,
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    enter.mutate({ email: String(form.get("email")).trim(), password: String(form.get("password")) });
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <Title>Sign in</Title>
      <Field label="E-mail address" name="email" type="email" autoComplete="username" required />
      <Field label="Password" name="password" type="password" autoComplete="current-password" required maxLength={PASSWORD_LENGTH.max} />
      {enter.error && <SignInFailed problem={enter.error} />}
      <Button look="primary" type="submit" className="w-full" disabled={enter.isPending}>
        {enter.isPending ? "Signing in…" : "Sign in"}
      </Button>
      <details className="text-[0.8125rem] text-soft">
        <summary className="cursor-pointer">Forgot the password?</summary>
        <p className="mt-1">Whoever runs this server can print a one-time link for an administrator with <Command />.</p>
      </details>
    </form>
  );
}

function SignInFailed({ problem }: { problem: unknown }) {
  if (problem instanceof Problem && problem.code === "sign_in_failed") {
    return (
      <p role="alert" className="rounded-lg bg-bad-wash px-3 py-2 text-bad">
        This e-mail address and password do not belong together. Check for capital letters and a wrong keyboard layout.
      </p>
    );
  }
  if (problem instanceof Problem && problem.code === "too_many_attempts") {
    const wait = problem.retryAfterSeconds;
    return (
      <p role="alert" className="rounded-lg bg-warn-wash px-3 py-2 text-warn">
        Too many tries. {wait ? `Wait ${wait < 120 ? `${wait} seconds` : `${Math.ceil(wait / 60)} minutes`}` : "Wait a few minutes"} and try again.
      </p>
    );
  }
  return <FormProblem problem={problem} />;
}

function ChoosePassword({ session, onDone }: { session: Session; onDone: (session: Session) => void }) {
  const [mismatch, setMismatch] = useState<PasswordProblem | null>(null);
  const choose = useMutation({
    mutationFn: async (body: { password: string; email: string; name: string }) => {
      await write<void>("PUT", "/session/password", body);
      return queryClient.fetchQuery({ ...sessionQuery, staleTime: 0 });
    },
    onSuccess: onDone,
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const found = passwordProblem(form);
    setMismatch(found);
    if (!found) choose.mutate({ password: String(form.get("password")), email: String(form.get("email")).trim(), name: String(form.get("name")).trim() });
  };
  const problems = choose.error instanceof Problem && choose.error.errors.some(({ field }) => ["email", "name", "password"].includes(field));
  return (
    <form onSubmit={submit} className="space-y-4">
      <div>
        <Title>Welcome. Choose a password</Title>
        <p className="mt-0.5 text-soft">The link has done its work. From now on you sign in with this.</p>
      </div>
      <Field label="Your name" name="name" autoComplete="name" required maxLength={100} defaultValue={session.member?.name ?? ""} error={refused(choose.error, "name")} />
      <Field label="E-mail address" name="email" type="email" autoComplete="username" required maxLength={254} defaultValue={session.member?.email ?? ""} error={refused(choose.error, "email")} />
      <Field
        label="Password" name="password" type="password" autoComplete="new-password" required maxLength={PASSWORD_LENGTH.max}
        hint={`At least ${PASSWORD_LENGTH.min} characters. A few unrelated words are good.`}
        error={mismatch?.field === "password" ? mismatch.message : refused(choose.error, "password")}
      />
      <Field label="Password again" name="again" type="password" autoComplete="new-password" required maxLength={PASSWORD_LENGTH.max} error={mismatch?.field === "again" ? mismatch.message : undefined} />
      {choose.error && !problems && <FormProblem problem={choose.error} />}
      <Button look="primary" type="submit" className="w-full" disabled={choose.isPending}>
        {choose.isPending ? "Saving…" : "Save and open the console"}
      </Button>
    </form>
  );
}
