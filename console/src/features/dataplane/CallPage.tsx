import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { clsx } from "clsx";
import type { ReactNode } from "react";
import { Problem } from "../../api/client";
import { call as callQuery } from "../../api/queries";
import type { Attempt, CallDetail } from "../../api/types";
import { BackToList } from "../../components/back-to-list";
import { ProblemView } from "../../components/problem";
import { Button } from "../../components/ui/button";
import { CodeBlock, CopyButton } from "../../components/ui/copy";
import { Badge, Card, Empty, Loading, PageHeader, table, TableScroll } from "../../components/ui/surface";
import { Money, When } from "../../components/values";
import { exactUsd, pico, usdPerMillion } from "../../lib/money";
import { bytes, count, plural } from "../../lib/numbers";
import { outcomes } from "../../lib/outcome";
import { usePreferences } from "../../lib/preferences";
import { date, duration } from "../../lib/time";
import { className, classes } from "../../lib/tokens";
import { Elapsed, Flags, OutcomeBadge } from "./call-parts";

export default function CallPage() {
  const { callId } = useParams({ from: "/inside/calls/$callId" });
  const result = useQuery(callQuery(callId));
  const call = result.data;
  return (
    <>
      <BackToList to="/calls">Calls</BackToList>
      {result.isPending ? (
        <Card flush><Loading what="the call" rows={8} /></Card>
      ) : !call ? (
        <Card flush>
          {result.error instanceof Problem && result.error.status === 404 ? (
            <Empty title="There is no such call">
              <p>It may belong to another organisation, or the address is mistyped.</p>
              <Button onClick={() => void result.refetch()}>Try again</Button>
            </Empty>
          ) : <ProblemView problem={result.error} retry={() => void result.refetch()} what="The call" />}
        </Card>
      ) : (
        <Whole call={call} />
      )}
    </>
  );
}

function Whole({ call }: { call: CallDetail }) {
  return (
    <>
      <PageHeader
        title={<span className="flex flex-wrap items-center gap-x-3 gap-y-1">{call.requestedModel} <span className="flex flex-wrap gap-1.5 text-sm"><OutcomeBadge call={call} /><Flags call={call} /></span></span>}
        lead={<>{call.operation}{call.streaming ? ", streamed" : ""}, <When at={call.openedAt} /></>}
      />
      {call.outcome && call.outcome !== "completed" && (
        <p className={clsx("mb-5 rounded-card px-4 py-3", call.outcome === "aborted" ? "bg-warn-wash text-warn" : "bg-bad-wash text-bad")}>
          {outcomes[call.outcome].meaning}{call.errorType && <> The error: <code className="font-mono">{call.errorType}</code>.</>}
        </p>
      )}
      <div className="mb-5 grid grid-cols-2 gap-3 sm:gap-5 lg:grid-cols-4">
        <Figure label="Cost" note={call.state === "open" ? "known when it ends" : `${exactUsd(call.cost.totalPico)} USD exactly`}>
          {call.state === "open" ? "–" : <Money pico={call.cost.totalPico} />}
        </Figure>
        <Figure label="Took" note={call.state === "open" ? "and running" : <>until <When at={call.settledAt!} /></>}><Elapsed call={call} /></Figure>
        <Figure label="First byte after" note={call.state === "open" ? "known when it ends" : plural(call.attemptCount, "attempt")}>{duration(call.ttfbMillis)}</Figure>
        <Figure label="Sent and received" note="request and answer"><span className="whitespace-nowrap">{bytes(call.requestBytes)}</span> · <span className="whitespace-nowrap">{bytes(call.responseBytes)}</span></Figure>
      </div>
      <div className="space-y-5">
        <Attempts call={call} />
        <div className="grid items-start gap-5 xl:grid-cols-[3fr_2fr]">
          <Cost call={call} />
          <Facts call={call} />
        </div>
        {call.rawUsage != null && (
          <Card title="What the provider said" note="Its own usage, as it came."><CodeBlock code={JSON.stringify(call.rawUsage, null, 2)} label="raw usage" /></Card>
        )}
      </div>
    </>
  );
}

function Figure({ label, note, children }: { label: string; note: ReactNode; children: ReactNode }) {
  return (
    <div className="min-w-0 rounded-card border border-line bg-surface p-4 shadow-card">
      <p className="label-caps">{label}</p>
      <p className="num mt-1 text-lg font-semibold tracking-tight break-words sm:text-xl">{children}</p>
      <p className="num text-xs break-words text-faint">{note}</p>
    </div>
  );
}

const served = (attempt: Attempt) => attempt.outcome === "ok";

/** The tries on one scale of time: waiting for the first byte light, the answer dark. */
function Attempts({ call }: { call: CallDetail }) {
  const opened = Date.parse(call.openedAt);
  const ends = call.attempts.map((attempt) => Date.parse(attempt.startedAt) - opened + attempt.durationMillis);
  const span = Math.max(1, call.durationMillis ?? 0, ...ends);
  const percent = (millis: number) => `${Math.min(100, Math.max(0, (millis / span) * 100))}%`;
  return (
    <Card title="Attempts" note="Each try of a target, on one scale of time.">
      {call.attempts.length === 0 ? (
        <p className="text-soft">{call.state === "open" ? "They are listed when the call ends." : "No target was tried."}</p>
      ) : (
        <>
          <ol className="space-y-4">
            {call.attempts.map((attempt) => {
              const begins = Date.parse(attempt.startedAt) - opened;
              const waits = Math.min(attempt.ttfbMillis ?? attempt.durationMillis, attempt.durationMillis);
              const good = served(attempt);
              return (
                <li key={attempt.ordinal}>
                  <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
                    <span className="font-medium break-all">{attempt.ordinal}. {attempt.provider}: {attempt.model}</span>
                    <Badge tone={good ? "good" : "bad"}>{attempt.outcome.replaceAll("_", " ")}{attempt.status !== null ? ` ${attempt.status}` : ""}</Badge>
                    <span className="num text-[0.8125rem] text-soft">
                      started after {duration(Math.max(0, begins))}{attempt.ttfbMillis !== null && `, first byte ${duration(attempt.ttfbMillis)}`}, took {duration(attempt.durationMillis)}
                    </span>
                  </div>
                  <div aria-hidden="true" className="relative mt-1.5 h-4 rounded bg-sunken">
                    <div className={clsx("absolute inset-y-0 min-w-0.5 rounded-l opacity-45", good ? "bg-chart-2" : "bg-bad-fill")} style={{ left: percent(begins), width: percent(waits) }} />
                    {attempt.ttfbMillis !== null && (
                      <div className={clsx("absolute inset-y-0 min-w-0.5 rounded-r", good ? "bg-chart-2" : "bg-bad-fill")} style={{ left: percent(begins + waits), width: percent(attempt.durationMillis - waits) }} />
                    )}
                  </div>
                  {(attempt.detail || attempt.providerRequestId) && (
                    <p className="mt-1 flex flex-wrap items-center gap-x-2 text-[0.8125rem] text-soft">
                      {attempt.detail && <span className="break-words">{attempt.detail}</span>}
                      {attempt.providerRequestId && <Id value={attempt.providerRequestId} label={`the provider's request id of attempt ${attempt.ordinal}`} />}
                    </p>
                  )}
                </li>
              );
            })}
          </ol>
          <div aria-hidden="true" className="num mt-2 flex justify-between text-xs text-faint"><span>0</span><span>{duration(span / 2)}</span><span>{duration(span)}</span></div>
          <p aria-hidden="true" className="mt-2 flex gap-4 text-xs text-faint">
            <span className="flex items-center gap-1.5"><span className="h-2.5 w-4 rounded-sm bg-chart-2 opacity-45" /> waiting for the first byte</span>
            <span className="flex items-center gap-1.5"><span className="h-2.5 w-4 rounded-sm bg-chart-2" /> answering</span>
          </p>
        </>
      )}
    </Card>
  );
}

function Cost({ call }: { call: CallDetail }) {
  const { zone } = usePreferences();
  const { lines, totalPico } = call.cost;
  const summed = lines.reduce((sum, line) => sum + BigInt(line.tokens) * BigInt(line.pricePico), 0n);
  const said = new Set(lines.map((line) => line.class));
  return (
    <Card flush title="Tokens × price = cost" note={call.price ? (
      <>
        Prices {call.price.version}{call.price.effectiveFrom && <>, in force since {date(call.price.effectiveFrom, zone)}</>}
        {call.price.source && <>, from {/^https?:/.test(call.price.source) ? <a className="link" href={call.price.source} rel="noreferrer" target="_blank">the provider’s page</a> : call.price.source}</>}
        {!call.price.known && <>: the default for models that no price list has</>}
      </>
    ) : undefined}>
      {call.state === "open" ? <p className="px-5 pb-5 text-soft">The cost is settled when the call ends.</p> : (
        <TableScroll label="Cost of the call">
          <table className={clsx(table, "[&_td:nth-child(n+2)]:text-right [&_th:nth-child(n+2)]:text-right")}>
            <thead><tr><th scope="col">Tokens of</th><th scope="col">Count</th><th scope="col" className="max-sm:hidden">USD a million</th><th scope="col">USD</th></tr></thead>
            <tbody>
              {lines.map((line) => (
                <tr key={line.class}>
                  <td><span className="flex items-center gap-2"><span aria-hidden="true" className="size-2 shrink-0 rounded-sm" style={{ background: classes.find(({ key }) => key === line.class)?.color }} />{className(line.class)}</span></td>
                  <td>{count(line.tokens)}<span className="block text-xs text-faint sm:hidden">× {usdPerMillion(line.pricePico)} a million</span></td>
                  <td className="max-sm:hidden" title={`${line.pricePico} pico-dollars a token`}>{usdPerMillion(line.pricePico).slice(1)}</td>
                  <td>{exactUsd(line.costPico)}</td>
                </tr>
              ))}
              {classes.filter(({ key }) => !said.has(key)).map(({ key, label }) => (
                <tr key={key} className="text-faint"><td className="!pl-9">{label}</td><td title="The provider did not say; that is not zero.">–</td><td className="max-sm:hidden">–</td><td>–</td></tr>
              ))}
            </tbody>
            <tfoot>
              <tr className="font-semibold">
                <td colSpan={2}>Total{lines.length > 0 && summed !== pico(totalPico) && <span className="block text-[0.8125rem] font-normal text-warn">The lines sum to {exactUsd(summed)}; the ledger’s figure counts.</span>}</td>
                <td className="max-sm:hidden" />
                <td><span className="inline-flex items-center gap-1"><data value={exactUsd(totalPico)} data-testid="total-cost">{exactUsd(totalPico)}</data><CopyButton text={exactUsd(totalPico)} label="Copy the exact cost" /></span></td>
              </tr>
            </tfoot>
          </table>
        </TableScroll>
      )}
    </Card>
  );
}

function Facts({ call }: { call: CallDetail }) {
  return (
    <Card title="Who and where">
      <dl className="space-y-2.5">
        <Fact name="Key"><Link to="/calls" search={{ keyId: call.key.id }} className="drill">{call.key.name}</Link></Fact>
        {call.member && <Fact name="Member"><Link to="/calls" search={{ memberId: call.member.id }} className="drill">{call.member.name}</Link></Fact>}
        {call.provider && <Fact name="Served by"><Link to="/calls" search={{ provider: call.provider }} className="drill">{call.provider}</Link>{call.targetModel && call.targetModel !== call.requestedModel && `: ${call.targetModel}`}</Fact>}
        {call.route && call.route !== call.requestedModel && <Fact name="Route">{call.route}</Fact>}
        <Fact name="Protocol">{call.dialect === "anthropic" ? "Anthropic" : "OpenAI"}, {call.operation}</Fact>
        <Fact name="Status">{call.status ?? "–"}</Fact>
        {call.sessionId && <Fact name="Session"><Link to="/sessions/tree" search={{ sessionId: call.sessionId }} className="drill font-mono text-[0.8125rem]">{call.sessionId}</Link></Fact>}
        {call.agentId && <Fact name="Agent"><Id value={call.agentId} label="the agent's id" /></Fact>}
        {call.parentAgentId && <Fact name="Below agent"><Id value={call.parentAgentId} label="the parent agent's id" /></Fact>}
        {call.userAgent && <Fact name="Client">{call.userAgent}</Fact>}
        <Fact name="Call id"><Id value={call.id} label="the call's id" /></Fact>
        {call.clientRequestId && <Fact name="Client’s id"><Id value={call.clientRequestId} label="the client's request id" /></Fact>}
        <Fact name="Node">{call.node}</Fact>
      </dl>
    </Card>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid grid-cols-[6.5rem_minmax(0,1fr)] gap-3">
      <dt className="text-faint">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </div>
  );
}

function Id({ value, label }: { value: string; label: string }) {
  return (
    <span className="inline-flex max-w-full items-center gap-1">
      <code className="min-w-0 font-mono text-[0.8125rem] break-all">{value}</code>
      <CopyButton text={value} label={`Copy ${label}`} />
    </span>
  );
}
