import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { Problem, write } from "../../api/client";
import { session as sessionQuery } from "../../api/queries";
import { FormProblem } from "../../components/problem";
import { Button } from "../../components/ui/button";
import { Field } from "../../components/ui/field";
import { Icon } from "../../components/ui/icon";
import { Card, PageHeader } from "../../components/ui/surface";
import { PASSWORD_LENGTH, type PasswordProblem, passwordProblem, refused } from "./password";

export default function AccountPage() {
  const { data: session } = useQuery(sessionQuery);
  const member = session?.member;
  return (
    <>
      <PageHeader title="Account" lead="Who you are here, and your password." />
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Card title="You">
          <dl className="grid gap-x-6 gap-y-2 sm:grid-cols-[auto_1fr]">
            <Fact label="Name" value={member?.name} />
            <Fact label="E-mail address" value={member?.email} />
            <Fact label="Role" value={member?.role} />
            <Fact label="Organisation" value={session?.organisation?.name} />
          </dl>
        </Card>
        <Card title="Password" note="Every other browser that is signed in as you is signed out.">
          <ChangePassword email={member?.email ?? ""} />
        </Card>
      </div>
    </>
  );
}

function Fact({ label, value }: { label: string; value: string | undefined }) {
  return (
    <>
      <dt className="text-soft">{label}</dt>
      <dd className="font-medium break-words max-sm:mb-1.5">{value}</dd>
    </>
  );
}

function ChangePassword({ email }: { email: string }) {
  const [problem, setProblem] = useState<PasswordProblem | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const change = useMutation({
    mutationFn: (body: { currentPassword: string; password: string }) => write<void>("PUT", "/session/password", body),
    onSuccess: () => form.current?.reset(),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const found = passwordProblem(data);
    setProblem(found);
    change.reset();
    if (!found) change.mutate({ currentPassword: String(data.get("currentPassword")), password: String(data.get("password")) });
  };
  const wrong = change.error instanceof Problem && change.error.code === "current_password_wrong";
  const tooShort = refused(change.error, "password");
  return (
    <form ref={form} onSubmit={submit} className="space-y-4">
      {/* For password managers: whose password this is. */}
      <input type="email" name="username" autoComplete="username" value={email} readOnly hidden />
      <Field
        label="Current password" name="currentPassword" type="password" autoComplete="current-password" required maxLength={PASSWORD_LENGTH.max}
        error={wrong ? "This is not your current password." : undefined}
      />
      <Field
        label="New password" name="password" type="password" autoComplete="new-password" required maxLength={PASSWORD_LENGTH.max}
        hint={`At least ${PASSWORD_LENGTH.min} characters. A few unrelated words are good.`}
        error={problem?.field === "password" ? problem.message : tooShort}
      />
      <Field label="New password again" name="again" type="password" autoComplete="new-password" required maxLength={PASSWORD_LENGTH.max} error={problem?.field === "again" ? problem.message : undefined} />
      {change.error && !wrong && !tooShort && <FormProblem problem={change.error} />}
      <div role="status">
        {change.isSuccess && (
          <p className="flex items-center gap-2 rounded-lg bg-good-wash px-3 py-2 text-good">
            <Icon name="check" /> Your password is changed. It counts from now on.
          </p>
        )}
      </div>
      <Button look="primary" type="submit" disabled={change.isPending}>
        {change.isPending ? "Saving…" : "Change the password"}
      </Button>
    </form>
  );
}
