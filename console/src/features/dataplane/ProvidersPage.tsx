import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import { providers as providersQuery, routes as routesQuery } from "../../api/queries";
import type { Provider, Target } from "../../api/types";
import { ProblemView } from "../../components/problem";
import { CodeBlock } from "../../components/ui/copy";
import { BellMark } from "../../components/ui/icon";
import { Badge, Card, Empty, Loading, PageHeader, table, TableScroll, type Tone } from "../../components/ui/surface";
import { Ago, useNow } from "../../components/values";
import { count } from "../../lib/numbers";
import { standing } from "../../lib/standing";

const healths: Record<Provider["health"], { label: string; tone: Tone; meaning: string }> = {
  healthy: { label: "Healthy", tone: "good", meaning: "Its latest calls were served." },
  degraded: { label: "Degraded", tone: "warn", meaning: "Some of its targets failed last, or wait: see below." },
  down: { label: "Down", tone: "bad", meaning: "None of its targets takes calls at the moment: see below." },
  unknown: { label: "Not used yet", tone: "neutral", meaning: "No call has gone there since the server started." },
};

const set = `export ANTHROPIC_API_KEY=sk-ant-…     # Claude
export OPENAI_API_KEY=sk-…            # GPT
export OLLAMA_HOST=127.0.0.1:11434    # models on this machine
./bell up`;

const elsewhere = `# Other addresses, as the SDKs mean them: Anthropic's without /v1, OpenAI's with.
export BELL_PROVIDERS_ANTHROPIC_BASE_URL=https://proxy.example.com
export BELL_PROVIDERS_OPENAI_BASE_URL=https://proxy.example.com/v1`;

/** On narrow screens a target is a block of lines: what is wrong with it must not stand beyond the edge. */
const stacked = "max-sm:[&_thead]:sr-only max-sm:[&_tr]:block max-sm:[&_tr]:border-t max-sm:[&_tr]:border-line max-sm:[&_tr]:py-2 max-sm:[&_td]:block max-sm:[&_td]:border-0 max-sm:[&_td]:px-4 max-sm:[&_td]:py-0.5";

export default function ProvidersPage() {
  const list = useQuery(providersQuery);
  return (
    <>
      <PageHeader title="Providers" lead="Where calls go, and how it goes there. Set in the configuration; changes need no restart." />
      {list.isPending ? (
        <Card flush><Loading what="providers" /></Card>
      ) : list.isLoadingError ? (
        <Card flush><ProblemView problem={list.error} retry={() => void list.refetch()} what="The providers" /></Card>
      ) : list.data.length === 0 ? (
        <Card>
          <Empty title="No provider is configured" art={<BellMark className="size-12" />}>
            <p>Bellfounder passes calls on to a provider with your own account there. Set one or more of these where it starts, and start it again:</p>
          </Empty>
          <div className="mx-auto max-w-2xl space-y-3">
            <CodeBlock code={set} label="variables for providers" />
            <CodeBlock code={elsewhere} label="variables for addresses" />
            <p className="text-soft">Several providers, own names, routes with fail-over: in <code className="font-mono">bellfounder.yaml</code>, see the reference in <code className="font-mono">docs/reference/configuration.md</code>. <code className="font-mono">./bell doctor</code> says what is wrong.</p>
          </div>
        </Card>
      ) : (
        <div className="space-y-5">
          {list.data.map((provider) => <ProviderCard key={provider.name} provider={provider} />)}
          <Routes />
        </div>
      )}
    </>
  );
}

function ProviderCard({ provider }: { provider: Provider }) {
  const health = healths[provider.health];
  return (
    <Card
      flush
      title={<span className="flex flex-wrap items-center gap-2.5"><Link to="/calls" search={{ provider: provider.name }} className="drill text-base">{provider.name}</Link><Badge tone={health.tone} dot="still">{health.label}</Badge><span className="text-[0.8125rem] font-normal text-soft">{health.meaning}</span></span>}
      note={<><span className="break-all">{provider.baseUrl}</span> · {provider.dialect} · credential <code className="font-mono">{provider.credential}</code> · from the {provider.source}</>}
    >
      {provider.targets.length === 0 ? (
        <p className="px-5 pb-5 text-soft">No route leads here.</p>
      ) : (
        <TableScroll label={`Targets at ${provider.name}`}>
          <table className={clsx(table, stacked)}>
            <thead>
              <tr>
                <th scope="col">Route → model</th>
                <th scope="col">State</th>
                <th scope="col" className="text-right">Last hour</th>
                <th scope="col">Last success</th>
                <th scope="col">Last error</th>
              </tr>
            </thead>
            <tbody>{provider.targets.map((target) => <TargetRow key={`${target.route}\n${target.model}`} target={target} />)}</tbody>
          </table>
        </TableScroll>
      )}
    </Card>
  );
}

/** What the column's head says, where there are no columns. */
function Caption({ children }: { children: string }) {
  return <span className="text-faint sm:hidden">{children}:</span>;
}

/** Opens the call that met it: another target may have served that call, so no filter of the list would find it. */
function LastError({ error }: { error: NonNullable<Target["lastError"]> }) {
  const what = <>{error.status ?? ""} {error.outcome.replaceAll("_", " ")}, <Ago at={error.at} /></>;
  return error.callId ? <Link to="/calls/$callId" params={{ callId: error.callId }} className="drill">{what}</Link> : what;
}

function TargetRow({ target }: { target: Target }) {
  const { breaker, waitUntil, lastError } = target;
  const state = standing(target, useNow(1000, breaker.openUntil !== null || waitUntil !== null));
  return (
    <tr className="align-top">
      <td className="[overflow-wrap:anywhere] max-sm:font-medium sm:min-w-40">
        {target.route}
        {target.model !== target.route && <span className="text-faint"> → {target.model === "*" ? "any model" : target.model}</span>}
      </td>
      <td className="sm:min-w-56">
        <Badge tone={state.tone}><span className="num">{state.label}</span></Badge>
        {state.advice && <span className="mt-1 block max-w-md text-[0.8125rem] text-soft">{state.advice}</span>}
      </td>
      <td className="sm:text-right sm:whitespace-nowrap">
        <Caption>Last hour</Caption> {count(target.callsLastHour)} {target.callsLastHour === 1 ? "call" : "calls"}
        <span className={target.errorsLastHour ? "text-bad sm:block" : "text-faint sm:block"}><span className="sm:hidden">, </span>{count(target.errorsLastHour)} failed</span>
      </td>
      <td><Caption>Last success</Caption> <Ago at={target.lastSuccessAt} /></td>
      <td className="sm:min-w-44">
        <Caption>Last error</Caption> {lastError ? <LastError error={lastError} /> : <span className="text-faint">none</span>}
        {lastError?.detail && <span className="block max-w-md text-[0.8125rem] break-words text-soft">{lastError.detail}</span>}
      </td>
    </tr>
  );
}

function Routes() {
  const routes = useQuery(routesQuery);
  if (!routes.data?.length) return null;
  return (
    <Card title="Routes" note="The model names clients may ask for, and the targets tried in order." flush>
      <TableScroll label="Table of routes">
        <table className={table}>
          <thead><tr><th scope="col">Model name</th><th scope="col">Protocol</th><th scope="col">Targets, in order</th></tr></thead>
          <tbody>
            {routes.data.map((route) => (
              <tr key={`${route.dialect} ${route.name}`}>
                <td className="font-medium">{route.name}</td>
                <td>{route.dialect}</td>
                <td>{route.targets.map((target) => `${target.provider}: ${target.model ?? "the name asked for"}`).join("  →  ")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </Card>
  );
}
