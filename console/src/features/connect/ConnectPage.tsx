import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import { Tabs } from "radix-ui";
import { useEffect, useState } from "react";
import { connect as connectQuery, providers as providersQuery, watchCalls } from "../../api/queries";
import type { Call, CreatedKey } from "../../api/types";
import { ProblemView } from "../../components/problem";
import { Button } from "../../components/ui/button";
import { CodeBlock } from "../../components/ui/copy";
import { BellMark, Icon } from "../../components/ui/icon";
import { Card, Loading, PageHeader } from "../../components/ui/surface";
import { Ago } from "../../components/values";
import { NewKeyDialog } from "../teams/NewKeyDialog";
import { clients, type Setting } from "./snippets";

const PLACEHOLDER = "YOUR_BELLFOUNDER_KEY";

export default function ConnectPage() {
  const connect = useQuery(connectQuery);
  const providers = useQuery(providersQuery);
  const [made, setMade] = useState<CreatedKey | null>(null);
  const [making, setMaking] = useState(false);
  return (
    <>
      <PageHeader title="Connect" lead="Clients work as before; they get another address and a key." />
      {connect.isPending ? (
        <Card flush><Loading what="the set-up" /></Card>
      ) : connect.isLoadingError ? (
        <Card flush><ProblemView problem={connect.error} retry={() => void connect.refetch()} what="The set-up" /></Card>
      ) : (
        <div className="grid items-start gap-5 xl:grid-cols-[minmax(0,1fr)_20rem]">
          <div className="min-w-0 space-y-5">
            {providers.data?.length === 0 && (
              <p className="flex gap-2.5 rounded-card bg-warn-wash px-4 py-3 text-warn">
                <Icon name="warning" className="mt-0.5 size-4 shrink-0" />
                <span>No provider is configured yet, so calls have nowhere to go. <Link to="/providers" className="font-medium underline">See what to set.</Link></span>
              </p>
            )}
            <Card title="1. A key">
              {made ? (
                <p className="text-soft">“{made.key.name}” stands in the commands below until you leave this page. It is not shown again.</p>
              ) : (
                <div className="flex flex-wrap items-center justify-between gap-3">
                  <p className="max-w-prose text-soft">Make one here and it is filled in below, or put one you have in place of <code className="font-mono">{PLACEHOLDER}</code>.</p>
                  <Button look="primary" onClick={() => setMaking(true)}><Icon name="plus" /> New key</Button>
                </div>
              )}
            </Card>
            <SetUp
              setting={{
                baseUrl: connect.data.baseUrl.replace(/\/+$/, ""),
                key: made?.secret ?? PLACEHOLDER,
                anthropicModel: connect.data.modelExamples.anthropic,
                openaiModel: connect.data.modelExamples.openai,
              }}
            />
          </div>
          <FirstCall seen={connect.data.firstCall} made={made} />
        </div>
      )}
      <NewKeyDialog open={making} onOpenChange={setMaking} onCreated={setMade} />
    </>
  );
}

function SetUp({ setting }: { setting: Setting }) {
  return (
    <Card title="2. Set up the client">
      <Tabs.Root defaultValue={clients[0]!.id}>
        <Tabs.List aria-label="Client" className="mb-4 flex flex-wrap gap-1.5">
          {clients.map((client) => (
            <Tabs.Trigger key={client.id} value={client.id} className="rounded-lg border border-line px-3 py-1.5 font-medium text-soft hover:bg-sunken data-[state=active]:border-transparent data-[state=active]:bg-bronze-wash data-[state=active]:text-bronze">
              {client.label}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        {clients.map((client) => (
          <Tabs.Content key={client.id} value={client.id} className="space-y-4">
            {client.snippets(setting).map((snippet) => (
              <div key={snippet.title}>
                <h3 className="mb-1.5 font-medium">{snippet.title}</h3>
                <CodeBlock code={snippet.code} label={snippet.title} />
                {snippet.note && <p className="mt-1.5 max-w-prose text-[0.8125rem] text-soft">{snippet.note}</p>}
              </div>
            ))}
          </Tabs.Content>
        ))}
      </Tabs.Root>
    </Card>
  );
}

/** Says when the first call arrives: of the key made here, else of any. */
function FirstCall({ seen, made }: { seen: { id: string; at: string; keyName: string; model: string } | null; made: CreatedKey | null }) {
  const [own, setOwn] = useState<Call | null>(null);
  useEffect(
    () => watchCalls((call) => (!made || call.key.id === made.key.id) && setOwn((first) => (!first || first.id === call.id || (made && first.key.id !== made.key.id) ? call : first))),
    [made],
  );
  const arrived = own && (!made || own.key.id === made.key.id) ? { id: own.id, at: own.openedAt, keyName: own.key.name, model: own.requestedModel } : made ? null : seen;
  return (
    <Card title="3. The first call" className="xl:sticky xl:top-7">
      <div role="status" className="flex items-start gap-3">
        <BellMark key={arrived?.id} className={clsx("size-9 shrink-0 origin-top", arrived ? "animate-ring" : "animate-pulse-soft")} />
        {arrived ? (
          <div className="min-w-0">
            <p className="font-semibold text-good">{made ? "First call seen" : own ? "A call, just now" : "Calls have arrived"}</p>
            <p className="break-words text-soft">{!made && !own && "The first: "}{arrived.model} with “{arrived.keyName}”, <Ago at={arrived.at} /></p>
            <Link to="/calls/$callId" params={{ callId: arrived.id }} className="link">Open it</Link>
          </div>
        ) : (
          <div className="min-w-0">
            <p className="font-semibold">Waiting for the first call{made ? ` of “${made.key.name}”` : ""}…</p>
            <p className="text-soft">Say something to the client. This page notices.</p>
          </div>
        )}
      </div>
    </Card>
  );
}
