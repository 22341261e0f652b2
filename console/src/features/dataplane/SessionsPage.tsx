import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { sessions as sessionsQuery } from "../../api/queries";
import { ProblemView } from "../../components/problem";
import { RangePicker } from "../../components/range-picker";
import { Button, buttonClass } from "../../components/ui/button";
import { BellMark } from "../../components/ui/icon";
import { Card, Empty, Loading, PageHeader, table, TableScroll } from "../../components/ui/surface";
import { Ago, briefly, Compact, Money, useNow } from "../../components/values";
import { count } from "../../lib/numbers";
import { usePreferences } from "../../lib/preferences";
import { resolveRange } from "../../lib/range";
import { duration } from "../../lib/time";
import { errorsOnly } from "./sum-parts";

export default function SessionsPage() {
  const search = useSearch({ from: "/inside/sessions" });
  const navigate = useNavigate({ from: "/sessions" });
  const { zone } = usePreferences();
  const now = useNow(60_000);
  const list = useInfiniteQuery(sessionsQuery(resolveRange(search, zone, now)));
  const sessions = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <PageHeader title="Sessions" lead="What one sitting with Claude Code cost, with its sub-agents.">
        <RangePicker search={search} zone={zone} now={now} onChange={(change) => void navigate({ search: change, replace: true })} />
      </PageHeader>
      <Card flush>
        {list.isPending ? (
          <Loading what="sessions" />
        ) : list.isError && sessions.length === 0 ? (
          <ProblemView problem={list.error} retry={() => void list.refetch()} what="The sessions" />
        ) : sessions.length === 0 ? (
          <Empty title="No sessions in this range" art={<BellMark className="size-12" />}>
            <p>Claude Code names its session with every call; other clients may, with the header <code className="font-mono">x-claude-code-session-id</code>.</p>
            <Link to="/connect" className={buttonClass("primary")}>Connect Claude Code</Link>
          </Empty>
        ) : (
          <>
            <TableScroll label="Sessions">
              <table className={table}>
                <thead>
                  <tr>
                    <th scope="col">Session</th>
                    <th scope="col" className="max-sm:hidden">Last call</th>
                    <th scope="col" className="text-right">Cost</th>
                    <th scope="col" className="text-right">Calls</th>
                    <th scope="col" className="text-right max-sm:hidden">Agents</th>
                    <th scope="col" className="text-right max-sm:hidden">Input</th>
                    <th scope="col" className="text-right max-sm:hidden">Cache read</th>
                    <th scope="col" className="text-right max-sm:hidden">Output</th>
                    <th scope="col" className="max-sm:hidden">Models</th>
                  </tr>
                </thead>
                <tbody>
                  {sessions.map((session) => (
                    <tr key={session.sessionId}>
                      <td className="min-w-24 sm:min-w-36">
                        <Link to="/sessions/tree" search={{ sessionId: session.sessionId }} state={{ list: search }} title={session.sessionId} className="drill font-mono text-[0.8125rem]">{briefly(session.sessionId)}</Link>
                        <span className="block text-xs [overflow-wrap:anywhere] text-faint">{session.key.name}</span>
                        <span className="block text-xs text-faint sm:hidden"><Ago at={session.lastCallAt} /></span>
                        <span className="block text-xs [overflow-wrap:anywhere] text-faint sm:hidden">{session.models.join(", ")}</span>
                      </td>
                      <td className="whitespace-nowrap max-sm:hidden"><Ago at={session.lastCallAt} />{session.calls > 1 && <span className="block text-xs text-faint">over {duration(Date.parse(session.lastCallAt) - Date.parse(session.firstCallAt))}</span>}</td>
                      <td className="text-right font-medium"><Link to="/sessions/tree" search={{ sessionId: session.sessionId }} state={{ list: search }} className="drill"><Money pico={session.costPico} /></Link></td>
                      <td className="text-right whitespace-nowrap">
                        <Link to="/calls" search={{ sessionId: session.sessionId }} preload={false} className="drill">{count(session.calls)}</Link>
                        {session.errors > 0 && <Link to="/calls" search={{ sessionId: session.sessionId, outcome: errorsOnly }} preload={false} className="drill block text-[0.8125rem] text-bad">{count(session.errors)} failed</Link>}
                      </td>
                      <td className="text-right max-sm:hidden">{count(session.agents)}</td>
                      <td className="text-right max-sm:hidden"><Compact value={session.inputTokens} /></td>
                      <td className="text-right max-sm:hidden"><Compact value={session.cacheReadTokens} /></td>
                      <td className="text-right max-sm:hidden"><Compact value={session.outputTokens} /></td>
                      <td className="max-w-60 min-w-36 max-sm:hidden text-[0.8125rem] text-soft">{session.models.join(", ")}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </TableScroll>
            {list.hasNextPage && (
              <div className="border-t border-line p-3 text-center"><Button onClick={() => void list.fetchNextPage()} disabled={list.isFetchingNextPage}>Older sessions</Button></div>
            )}
          </>
        )}
      </Card>
    </>
  );
}
