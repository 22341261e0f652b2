import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { clsx } from "clsx";
import { lazy, type ReactNode, Suspense, useMemo, useState } from "react";
import type { CallFilter } from "../../api/calls";
import { overview as overviewQuery } from "../../api/queries";
import type { GroupBy, Overview, OverviewGroup, OverviewPoint } from "../../api/types";
import { ProblemView } from "../../components/problem";
import { RangePicker, ZonePicker } from "../../components/range-picker";
import type { ChartRow, ChartSeries, TimeChartProps } from "../../components/time-chart";
import { buttonClass } from "../../components/ui/button";
import { Segments, Select } from "../../components/ui/field";
import { BellMark } from "../../components/ui/icon";
import { Card, Empty, PageHeader, Skeleton, table, TableScroll } from "../../components/ui/surface";
import { Compact, Money, useNow } from "../../components/values";
import { pico, plottableUsd, shortUsd } from "../../lib/money";
import { compact, count, plural } from "../../lib/numbers";
import { setZone, usePreferences } from "../../lib/preferences";
import { resolveRange } from "../../lib/range";
import { bucketLabel, duration, isZone, shortDateTime } from "../../lib/time";
import { classes } from "../../lib/tokens";
import { CallsLink, errorsOnly, Figure, SumCells, SumHeads, TokenFigure } from "./sum-parts";

const TimeChart = lazy(() => import("../../components/time-chart"));

const groupNames: Record<GroupBy, { one: string; label: string; filter: "model" | "keyId" | "memberId" }> = {
  model: { one: "Model", label: "By model", filter: "model" },
  key: { one: "Key", label: "By key", filter: "keyId" },
  member: { one: "Member", label: "By member", filter: "memberId" },
};

export default function OverviewPage() {
  const search = useSearch({ from: "/inside/" });
  const navigate = useNavigate({ from: "/" });
  const preferences = usePreferences();
  const now = useNow(60_000);
  const zone = search.zone && isZone(search.zone) ? search.zone : preferences.zone;
  const groupBy = search.by ?? "model";
  const range = resolveRange(search, zone, now);
  const result = useQuery(overviewQuery({ ...range, zone, bucket: search.bucket ?? "auto", groupBy }));
  const data = result.data;

  const set = (change: Partial<typeof search>) => void navigate({ search: (old) => ({ ...old, ...change }), replace: true, resetScroll: false });

  return (
    <>
      <PageHeader title="Overview" lead={data ? `${shortDateTime(data.from, zone)} to ${shortDateTime(data.to, zone)}` : "\u00a0"}>
        <RangePicker search={search} zone={zone} now={now} onChange={set} />
        <Select label="One bar for each" hideLabel value={search.bucket ?? ""} onChange={(event) => set({ bucket: (event.target.value || undefined) as typeof search.bucket })} className="w-32">
          <option value="">Auto</option>
          <option value="hour">By hour</option>
          <option value="day">By day</option>
          <option value="week">By week</option>
          <option value="month">By month</option>
        </Select>
        <ZonePicker zone={zone} onChange={(next) => { setZone(next); set({ zone: search.zone ? next : undefined }); }} />
      </PageHeader>
      {result.isError && !data ? (
        <Card flush><ProblemView problem={result.error} retry={() => void result.refetch()} what="The overview" /></Card>
      ) : !data ? (
        <Shape />
      ) : (
        <div className={clsx("space-y-5 transition-opacity", result.isPlaceholderData && "opacity-60")} aria-busy={result.isPlaceholderData}>
          {/* Nothing is not drawn, and the drawing library not fetched for it. */}
          {data.totals.calls === 0 ? <Nothing range={search.range} /> : (
            <>
              <Figures data={data} />
              <Charts data={data} zone={zone} groupBy={groupBy} />
              <Groups data={data} groupBy={groupBy} onGroupBy={(by) => set({ by: by === "model" ? undefined : by })} />
              <Buckets data={data} zone={zone} />
            </>
          )}
        </div>
      )}
    </>
  );
}

function Shape() {
  return (
    <div role="status">
      <span className="sr-only">Loading the overview…</span>
      <div className="grid grid-cols-2 gap-3 sm:gap-5 lg:grid-cols-4">{[0, 1, 2, 3].map((n) => <Skeleton key={n} className="h-28 rounded-card" />)}</div>
      <div className="mt-5 grid gap-5 xl:grid-cols-2">{[0, 1, 2, 3].map((n) => <Skeleton key={n} className="h-72 rounded-card" />)}</div>
    </div>
  );
}

function Nothing({ range }: { range: string | undefined }) {
  return (
    <Card>
      <Empty title="No calls in this range" art={<BellMark className="size-12" />}>
        <p>{range === undefined ? "As soon as Claude Code or an SDK calls through Bellfounder, it is counted here, priced to the last digit." : "Choose a longer range, or connect something that calls models."}</p>
        <Link to="/connect" className={buttonClass("primary")}>Connect Claude Code or an SDK</Link>
      </Empty>
    </Card>
  );
}

function Figures({ data }: { data: Overview }) {
  const { totals } = data;
  const range = { from: data.from, to: data.to };
  const share = totals.calls ? (totals.errors / totals.calls) * 100 : 0;
  return (
    <section aria-label="Totals" className="grid grid-cols-1 gap-3 min-[26rem]:grid-cols-2 sm:gap-5 xl:grid-cols-4">
      <Figure label="Cost" value={<CallsLink search={range}><Money pico={totals.costPico} /></CallsLink>}>
        <CallsLink search={range}><Money pico={totals.cacheCostPico} /></CallsLink> of it for caching
        {totals.estimatedCalls > 0 && <>, <CallsLink search={{ ...range, estimated: "true" }}>{count(totals.estimatedCalls)} estimated</CallsLink></>}
        {totals.unpricedCalls > 0 && <>, <CallsLink search={{ ...range, unpriced: "true" }} className="text-warn">{count(totals.unpricedCalls)} at the default price</CallsLink></>}
      </Figure>
      <Figure label="Calls" value={<CallsLink search={range}><Compact value={totals.calls} /></CallsLink>}>
        <CallsLink search={{ ...range, outcome: errorsOnly }} className={totals.errors ? "text-bad" : undefined}>{plural(totals.errors, "error")}</CallsLink>
        {totals.calls > 0 && ` (${share > 0 && share < 0.1 ? "< 0.1" : share.toFixed(1)} %)`}; {perHour(totals.calls, range)} an hour on average
      </Figure>
      <Figure label="Time to first byte" value={<CallsLink search={range}>{duration(totals.ttfbP50Millis)}</CallsLink>}>
        half of the calls are faster; 95 % within <CallsLink search={range}>{duration(totals.ttfbP95Millis)}</CallsLink> (± 13 %)
      </Figure>
      <TokenFigure totals={totals} search={range} />
    </section>
  );
}

function perHour(calls: number, range: { from: string; to: string }): string {
  const rate = calls / Math.max(1, (Date.parse(range.to) - Date.parse(range.from)) / 3_600_000);
  return rate >= 10 ? count(Math.round(rate)) : rate >= 0.1 || rate === 0 ? rate.toFixed(1) : "< 0.1";
}

/** Colours for groups; what is not among the first six is drawn together. */
const GROUPS_DRAWN = 6;

function Charts({ data, zone, groupBy }: { data: Overview; zone: string; groupBy: GroupBy }) {
  const navigate = useNavigate();
  const [summed, setSummed] = useState<"each" | "summed">("each");
  const frames = useMemo(
    () =>
      data.series.map((point, at) => ({
        point,
        frame: {
          start: at === 0 ? data.from : point.start,
          end: data.series[at + 1]?.start ?? data.to,
          label: bucketLabel(point.start, zone, data.bucket),
          title: bucketLabel(point.start, zone, data.bucket, true),
        },
      })),
    [data, zone],
  );
  const open = (search: CallFilter) => (row: ChartRow) => void navigate({ to: "/calls", search: { ...search, from: row.start, to: row.end } });
  const rows = (values: (point: OverviewPoint) => Record<string, number | null>, words: (point: OverviewPoint) => Record<string, string>): ChartRow[] =>
    frames.map(({ point, frame }) => ({ ...frame, values: values(point), words: words(point) }));

  const sumUntil = new Map<string, Map<string, number>>();
  const sums = new Map<string, number>();
  for (const point of data.series) {
    for (const { key, total } of classes) sums.set(key, (sums.get(key) ?? 0) + (point[total] as number));
    sumUntil.set(point.start, new Map(sums));
  }
  const tokens = (point: OverviewPoint) => classes.map(({ key, total }) => [key, summed === "summed" ? sumUntil.get(point.start)!.get(key)! : (point[total] as number)] as const);

  const drawn = (data.groups ?? []).slice(0, GROUPS_DRAWN);
  const byGroup = new Map<string, Map<string, string>>();
  for (const { start, groupId, costPico } of data.groupSeries ?? []) {
    const at = byGroup.get(start) ?? new Map<string, string>();
    at.set(groupId ?? "", costPico);
    byGroup.set(start, at);
  }
  const costOf = (point: OverviewPoint) => {
    const known = byGroup.get(point.start);
    const parts = drawn.map((group) => [`g${group.id ?? ""}`, pico(known?.get(group.id ?? ""))] as const);
    const rest = pico(point.costPico) - parts.reduce((sum, [, cost]) => sum + cost, 0n);
    return [...parts, ["rest", rest] as const].filter(([, cost]) => cost > 0n);
  };
  const groupSeries: ChartSeries[] = drawn.map((group, at) => ({ key: `g${group.id ?? ""}`, label: group.name, color: `var(--color-chart-${at + 1})` }));
  if ((data.groups?.length ?? 0) > GROUPS_DRAWN) groupSeries.push({ key: "rest", label: "Others", color: "var(--color-chart-7)" });

  return (
    <div className="grid gap-5 xl:grid-cols-2">
      <ChartCard
        title="Cost" note={`${groupNames[groupBy].label.toLowerCase()}`} kind="bars" series={groupSeries} axis={(value) => shortUsd(BigInt(Math.round(value * 1e9)) * 1_000n)} onPick={open({})}
        rows={rows((point) => Object.fromEntries(costOf(point).map(([key, cost]) => [key, plottableUsd(cost.toString())])), (point) => Object.fromEntries(costOf(point).map(([key, cost]) => [key, shortUsd(cost)])))}
      />
      <ChartCard
        title="Calls" kind="bars" whole axis={compact} onPick={open({})}
        series={[{ key: "good", label: "Without error", color: "var(--color-chart-2)" }, { key: "errors", label: "Errors", color: "var(--color-bad-fill)" }]}
        rows={rows((point) => ({ good: point.calls - point.errors, errors: point.errors }), (point) => ({ good: count(point.calls - point.errors), errors: count(point.errors) }))}
      />
      <ChartCard
        title="Tokens" kind="bars" whole axis={compact} onPick={open({})} series={classes}
        actions={<Segments label="Tokens shown" value={summed} onChange={setSummed} choices={[{ value: "each", label: "Each" }, { value: "summed", label: "Summed up" }]} />}
        rows={rows((point) => Object.fromEntries(tokens(point)), (point) => Object.fromEntries(tokens(point).map(([key, value]) => [key, count(value)])))}
      />
      <ChartCard
        title="Time to first byte" kind="lines" axis={(value) => duration(value).replace(".00", "")} onPick={open({})}
        series={[{ key: "p50", label: "Half within (p50)", color: "var(--color-chart-2)" }, { key: "p95", label: "95 % within (p95)", color: "var(--color-chart-1)" }]}
        rows={rows((point) => ({ p50: point.ttfbP50Millis, p95: point.ttfbP95Millis }), (point): Record<string, string> => (point.ttfbP50Millis === null ? {} : { p50: duration(point.ttfbP50Millis), p95: duration(point.ttfbP95Millis) }))}
      />
    </div>
  );
}

function ChartCard({ title, note, actions, ...chart }: { title: string; note?: string; actions?: ReactNode } & TimeChartProps) {
  return (
    <Card title={title} note={note} actions={actions}>
      {/* A picture: the table "In numbers" says the same, with links. */}
      <figure aria-label={`${title} over time. The table “In numbers” below says the same.`}>
        <div className="h-52" aria-hidden="true">
          <Suspense fallback={<Skeleton className="h-full" />}><TimeChart {...chart} /></Suspense>
        </div>
        <figcaption className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-[0.8125rem] text-soft">
          {chart.series.map(({ key, label, color }) => (
            <span key={key} className="flex min-w-0 items-center gap-1.5"><span className="size-2 shrink-0 rounded-sm" style={{ background: color }} /><span className="truncate">{label}</span></span>
          ))}
        </figcaption>
      </figure>
    </Card>
  );
}

function Groups({ data, groupBy, onGroupBy }: { data: Overview; groupBy: GroupBy; onGroupBy: (by: GroupBy) => void }) {
  const { one, filter } = groupNames[groupBy];
  const groups = data.groups ?? [];
  const most = groups.reduce((max, group) => (pico(group.costPico) > max ? pico(group.costPico) : max), 1n);
  const filterOf = (group: OverviewGroup): CallFilter => ({ from: data.from, to: data.to, [filter]: group.id ?? (groupBy === "member" ? "none" : undefined) });
  return (
    <Card
      flush title="What it was for"
      actions={<Segments label="Group by" value={groupBy} onChange={onGroupBy} choices={(["model", "key", "member"] as const).map((value) => ({ value, label: groupNames[value].label }))} />}
    >
      {groups.length === 0 ? <p className="px-5 pb-5 text-soft">Nothing in this range.</p> : (
        <TableScroll label={`Cost ${groupNames[groupBy].label.toLowerCase()}`}>
          <table className={clsx(table, "[&_td:not(:first-child)]:!pl-2 [&_td:not(:last-child)]:!pr-2 [&_th:not(:first-child)]:!pl-2 [&_th:not(:last-child)]:!pr-2 [&_td:nth-child(n+3)]:text-right [&_th:nth-child(n+3)]:text-right")}>
            <thead>
              <tr><th scope="col">{one}</th><th scope="col" className="w-14"><span className="sr-only">Share of the cost</span></th><SumHeads /></tr>
            </thead>
            <tbody>
              {groups.map((group) => {
                const search = filterOf(group);
                return (
                  <tr key={group.id ?? ""}>
                    <th scope="row" className="border-t border-line !py-2.5 !text-sm !font-medium !text-ink"><CallsLink search={search} className="inline-block max-w-44 truncate align-bottom 2xl:max-w-64" title={group.name}>{group.name}</CallsLink></th>
                    <td aria-hidden="true"><div className="h-2 min-w-8 rounded-full bg-sunken"><div className="h-2 rounded-full bg-chart-1" style={{ width: `${Math.max(1, Number((pico(group.costPico) * 1000n) / most) / 10)}%` }} /></div></td>
                    <SumCells totals={group} search={search} />
                  </tr>
                );
              })}
            </tbody>
          </table>
        </TableScroll>
      )}
    </Card>
  );
}

function Buckets({ data, zone }: { data: Overview; zone: string }) {
  return (
    <details className="group rounded-card border border-line bg-surface shadow-card">
      <summary className="rounded-card px-5 py-3.5 font-semibold">In numbers <span className="font-normal text-faint">by {data.bucket}, each opens its calls</span></summary>
      <TableScroll label="The charts in numbers">
        <table className={clsx(table, "[&_td:nth-child(n+2)]:text-right [&_th:nth-child(n+2)]:text-right")}>
          <thead>
            <tr><th scope="col">From</th><SumHeads /></tr>
          </thead>
          <tbody>
            {data.series.map((point, at) => {
              const search = { from: at === 0 ? data.from : point.start, to: data.series[at + 1]?.start ?? data.to };
              return (
                <tr key={point.start} className={point.calls ? undefined : "text-faint"}>
                  <th scope="row" className="border-t border-line !py-2.5 !text-sm !text-ink">{bucketLabel(point.start, zone, data.bucket, true)}</th>
                  <SumCells totals={point} search={search} />
                </tr>
              );
            })}
          </tbody>
        </table>
      </TableScroll>
    </details>
  );
}
