import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useRef, useState } from "react";
import { Problem, randomId, write } from "../../api/client";
import { keys, queryClient } from "../../api/queries";
import type { CreatedKey } from "../../api/types";
import { FormProblem } from "../../components/problem";
import { Button } from "../../components/ui/button";
import { CopyButton } from "../../components/ui/copy";
import { Dialog } from "../../components/ui/dialog";
import { Field, Select } from "../../components/ui/field";
import { Icon } from "../../components/ui/icon";
import { isoDate, startOfDate, addDays } from "../../lib/time";
import { usePreferences } from "../../lib/preferences";

const NAME_LENGTH_MAX = 100;

const lives = [
  { value: "", label: "Never", days: null },
  { value: "7", label: "In 7 days", days: 7 },
  { value: "30", label: "In 30 days", days: 30 },
  { value: "90", label: "In 90 days", days: 90 },
  { value: "365", label: "In a year", days: 365 },
  { value: "date", label: "At the end of a day…", days: null },
];

/** Makes a key and shows its secret, the only time anybody sees it. */
export function NewKeyDialog({ open, onOpenChange, onCreated }: { open: boolean; onOpenChange: (open: boolean) => void; onCreated?: (created: CreatedKey) => void }) {
  const [created, setCreated] = useState<CreatedKey | null>(null);
  const close = () => {
    onOpenChange(false);
    setCreated(null);
  };
  return (
    <Dialog
      open={open} onOpenChange={(next) => !next && close()} dismissable={created === null}
      title={created ? "Copy the key now" : "New key"}
      description={created ? undefined : "For one person, machine or application, so that its cost can be told apart and it can be revoked alone."}
    >
      {created ? <Secret created={created} done={close} /> : <NewKeyForm cancel={close} onCreated={(made) => (setCreated(made), onCreated?.(made))} />}
    </Dialog>
  );
}

export function NewKeyForm({ cancel, onCreated, suggestion }: { cancel?: () => void; onCreated: (created: CreatedKey) => void; suggestion?: string }) {
  const { zone } = usePreferences();
  const [life, setLife] = useState("");
  // The same wish sent again, after a lost answer, is one key; a changed wish is another.
  const last = useRef<{ wish: string; body: { name: string; expiresAt?: string }; idempotencyKey: string }>(null);
  const create = useMutation({
    mutationFn: ({ body, idempotencyKey }: NonNullable<typeof last.current>) => write<CreatedKey>("POST", "/keys", body, idempotencyKey),
    onSuccess: (made) => {
      onCreated(made);
      void queryClient.invalidateQueries({ queryKey: keys.queryKey });
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const days = lives.find(({ value }) => value === life)?.days;
    const day = form.get("day");
    const expiresAt = days ? new Date(Date.now() + days * 86_400_000) : life === "date" && day ? startOfDate(addDays(String(day), 1), zone) : null;
    const name = String(form.get("name")).trim();
    const wish = JSON.stringify([name, life, day]);
    if (last.current?.wish !== wish) last.current = { wish, body: { name, ...(expiresAt ? { expiresAt: expiresAt.toISOString() } : {}) }, idempotencyKey: randomId() };
    create.mutate(last.current);
  };
  const refused = (field: string) => (create.error instanceof Problem ? create.error.errors.find((error) => error.field === field)?.message : undefined);
  return (
    <form onSubmit={submit} className="space-y-4">
      <Field label="Name" name="name" required maxLength={NAME_LENGTH_MAX} autoComplete="off" placeholder="Ada’s laptop" defaultValue={suggestion} error={refused("name")} hint="Whoever reads the bill should know what it is." />
      <div className="grid gap-4 sm:grid-cols-2">
        <Select label="Expires" value={life} onChange={(event) => setLife(event.target.value)}>
          {lives.map(({ value, label }) => <option key={value} value={value}>{label}</option>)}
        </Select>
        {life === "date" && <Field label="Last day" name="day" type="date" required min={isoDate(Date.now(), zone)} error={refused("expiresAt")} />}
      </div>
      {!refused("name") && <FormProblem problem={create.error} />}
      <div className="flex justify-end gap-2">
        {cancel && <Button onClick={cancel}>Cancel</Button>}
        <Button look="primary" type="submit" disabled={create.isPending}>{create.isPending ? "Making…" : "Make the key"}</Button>
      </div>
    </form>
  );
}

function Secret({ created, done }: { created: CreatedKey; done: () => void }) {
  return (
    <div className="space-y-4">
      <p className="flex gap-2.5 rounded-lg bg-warn-wash p-3 text-warn">
        <Icon name="warning" className="mt-0.5 size-4 shrink-0" />
        <span>This is the only time “{created.key.name}” is shown. Bellfounder keeps only a fingerprint of it. Whoever has it can spend your money: treat it as a password.</span>
      </p>
      <output aria-label="The new key" data-testid="secret" className="block rounded-lg border border-line bg-sunken p-3 font-mono text-[0.8125rem] break-all select-all">{created.secret}</output>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <Link to="/connect" onClick={done} className="link">How to use it</Link>
        <div className="flex gap-2">
          <CopyButton text={created.secret} label="Copy the key" look="primary">Copy</CopyButton>
          <Button onClick={done}>I have it</Button>
        </div>
      </div>
    </div>
  );
}
