import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { clsx } from "clsx";
import { useMemo, useState } from "react";
import { Problem } from "../../api/client";
import { sessionTree } from "../../api/queries";
import type { AgentNode, SessionDetail } from "../../api/types";
import { BackToList } from "../../components/back-to-list";
import { ProblemView } from "../../components/problem";
import { Button } from "../../components/ui/button";
import { CopyButton } from "../../components/ui/copy";
import { Card, Empty, Loading, PageHeader, table, TableScroll } from "../../components/ui/surface";
import { Compact, Money, When } from "../../components/values";
import { pico, shortUsd } from "../../lib/money";
import { count, plural } from "../../lib/numbers";
import { duration } from "../../lib/time";
import { type FlatNode, flatten } from "../../lib/tree";
import { CallsLink, errorsOnly, Figure, TokenFigure } from "./sum-parts";

export default function SessionPage() {
  const { sessionId } = useSearch({ from: "/inside/sessions/tree" });
  const result = useQuery(sessionTree(sessionId));
  return (
    <>
      <BackToList to="/sessions">Sessions</BackToList>
      <PageHeader
        title="Session"
        lead={<span className="inline-flex max-w-full items-center gap-1"><code className="min-w-0 font-mono text-[0.8125rem] break-all">{sessionId}</code><CopyButton text={sessionId} label="Copy the session's id" /></span>}
      />
      {result.isPending ? (
        <Card flush><Loading what="the session" /></Card>
      ) : !result.data ? (
        <Card flush>
          {result.error instanceof Problem && result.error.status === 404 ? (
            <Empty title="There is no such session">
              <p>No call named it.</p>
              <Button onClick={() => void result.refetch()}>Try again</Button>
            </Empty>
          ) : <ProblemView problem={result.error} retry={() => void result.refetch()} what="The session" />}
        </Card>
      ) : (
        <Whole session={result.data} />
      )}
    </>
  );
}

function Whole({ session }: { session: SessionDetail }) {
  const { totals, root, sessionId } = session;
  const rows = useMemo(() => flatten(root), [root]);
  const below = pico(root.totalCostPico) - pico(root.costPico);
  const all = { sessionId };
  return (
    <div className="space-y-5">
      <div className="grid grid-cols-1 gap-3 min-[26rem]:grid-cols-2 sm:gap-5 xl:grid-cols-4">
        <Figure label="Cost" value={<CallsLink search={all}><Money pico={totals.costPico} /></CallsLink>}>
          <CallsLink search={{ ...all, agentId: "main" }}><Money pico={root.costPico} /></CallsLink> by the main agent{rows.length > 1 && <>, <Money pico={below.toString()} /> by {plural(rows.length - 1, "sub-agent")}</>}
        </Figure>
        <Figure label="Calls" value={<CallsLink search={all}>{count(totals.calls)}</CallsLink>}>
          <CallsLink search={{ ...all, outcome: errorsOnly }} className={totals.errors ? "text-bad" : undefined}>{plural(totals.errors, "error")}</CallsLink>
        </Figure>
        <Figure label="Time to first byte" value={duration(totals.ttfbP50Millis)}>half of the calls are faster; 95 % within {duration(totals.ttfbP95Millis)} (± 13 %)</Figure>
        <TokenFigure totals={totals} search={all} />
      </div>
      <Tree sessionId={sessionId} rows={rows} />
    </div>
  );
}

const hue = (depth: number) => `var(--color-chart-${(depth % 6) + 1})`;
const name = (node: AgentNode) => (node.agentId === null ? "Main agent" : node.label);

function Tree({ sessionId, rows }: { sessionId: string; rows: FlatNode[] }) {
  const [lit, setLit] = useState<string | null>(null);
  const depth = Math.max(...rows.map((row) => row.depth)) + 1;
  const key = (row: FlatNode) => row.node.agentId ?? "main";
  return (
    <Card title="Where the cost went" note="Each bar is as wide as what an agent and all below it cost; what stays free under a bar is its own." flush>
      <div className="px-4 pb-4 sm:px-5">
        <div aria-hidden="true" className="relative overflow-hidden rounded-lg" style={{ height: depth * 38 }} onPointerLeave={() => setLit(null)}>
          {rows.filter((row) => row.width > 0.0005).map((row) => (
            <div
              key={key(row)} title={`${name(row.node)}: ${shortUsd(row.node.totalCostPico)} with children, ${shortUsd(row.node.costPico)} own`}
              onPointerEnter={() => setLit(key(row))}
              className={clsx("absolute h-9 truncate rounded-md border-2 border-surface px-2 py-1.5 text-[0.8125rem] font-medium whitespace-nowrap text-ink", lit && lit !== key(row) && "opacity-60")}
              style={{ left: `${row.left * 100}%`, width: `${row.width * 100}%`, top: row.depth * 38, background: `color-mix(in srgb, ${hue(row.depth)} 45%, var(--color-surface))` }}
            >
              {row.width > 0.05 && <>{name(row.node)} <span className="num font-normal">{shortUsd(row.node.totalCostPico)}</span></>}
            </div>
          ))}
        </div>
      </div>
      <TableScroll label="Agents of the session">
        <table className={clsx(table, "[&_td:nth-child(n+2)]:text-right [&_th:nth-child(n+2)]:text-right")}>
          <thead><tr><th scope="col">Agent</th><th scope="col">With children</th><th scope="col">Own</th><th scope="col">Calls</th><th scope="col">Input</th><th scope="col">Cache read</th><th scope="col">Output</th><th scope="col">First call</th><th scope="col">Active for</th></tr></thead>
          <tbody>
            {rows.map((row) => {
              const { node } = row;
              const own = { sessionId, agentId: key(row) };
              return (
                <tr key={key(row)} onPointerEnter={() => setLit(key(row))} onPointerLeave={() => setLit(null)} className={lit === key(row) ? "bg-sunken" : undefined}>
                  <td className="sm:min-w-44">
                    <span className="flex items-center gap-2" style={{ paddingLeft: `${row.depth * 1.25}rem` }}>
                      <span aria-hidden="true" className="size-2.5 shrink-0 rounded-sm" style={{ background: hue(row.depth) }} />
                      {row.depth > 0 && <span className="sr-only">Level {row.depth}: </span>}
                      <CallsLink search={own} title={name(node)} className={clsx("max-w-28 truncate sm:max-w-72", row.depth === 0 ? "font-medium" : "font-mono text-[0.8125rem]")}>{name(node)}</CallsLink>
                    </span>
                  </td>
                  <td className="font-medium"><Money pico={node.totalCostPico} /></td>
                  <td><CallsLink search={own}><Money pico={node.costPico} /></CallsLink></td>
                  <td><CallsLink search={own}>{count(node.calls)}</CallsLink></td>
                  <td><Compact value={node.inputTokens} /></td>
                  <td><Compact value={node.cacheReadTokens} /></td>
                  <td><Compact value={node.outputTokens} /></td>
                  <td className="whitespace-nowrap">{node.firstCallAt ? <When at={node.firstCallAt} /> : "–"}</td>
                  <td className="whitespace-nowrap">{node.firstCallAt && node.lastCallAt ? duration(Date.parse(node.lastCallAt) - Date.parse(node.firstCallAt)) : "–"}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </TableScroll>
    </Card>
  );
}
