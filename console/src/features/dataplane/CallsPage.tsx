import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { clsx } from "clsx";
import { memo, useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { CallFilter } from "../../api/calls";
import { calls as callsQuery, keys as keysQuery, providers as providersQuery, routes as routesQuery } from "../../api/queries";
import type { Call, Outcome } from "../../api/types";
import { ProblemView } from "../../components/problem";
import { Button, buttonClass } from "../../components/ui/button";
import { Select } from "../../components/ui/field";
import { BellMark, Icon } from "../../components/ui/icon";
import { Card, Empty, Loading, PageHeader } from "../../components/ui/surface";
import { briefly, Compact, Money } from "../../components/values";
import { plural } from "../../lib/numbers";
import { outcomes } from "../../lib/outcome";
import { usePreferences } from "../../lib/preferences";
import { dateTime, duration, shortDateTime, timeOfDay } from "../../lib/time";
import { classes } from "../../lib/tokens";
import { Elapsed, Flags, OutcomeBadge } from "./call-parts";
import { errorsOnly } from "./sum-parts";

const NARROW = "(max-width: 47.99rem)";
const ROW_PIXELS = { wide: 45, narrow: 93 };

export default function CallsPage() {
  const filter = useSearch({ from: "/inside/calls" });
  const navigate = useNavigate({ from: "/calls" });
  const list = useInfiniteQuery(callsQuery(filter));
  const arrived = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const { shown, waiting, show } = useHeld(arrived, filter);
  const filtered = Object.values(filter).some((value) => value !== undefined);
  const set = (change: Partial<CallFilter>) => void navigate({ search: (old) => ({ ...old, ...change }) });

  return (
    <>
      <PageHeader title="Calls" lead="Newest first, as they happen." />
      <Filters filter={filter} calls={arrived} set={set} clear={() => void navigate({ search: {} })} />
      {waiting > 0 && (
        <div className="sticky top-16 z-10 mb-2 flex justify-center lg:top-3">
          <Button look="primary" size="small" onClick={show} className="shadow-pop"><Icon name="up" /> {plural(waiting, "new call")}</Button>
        </div>
      )}
      <Card flush>
        {list.isPending ? (
          <Loading what="calls" rows={10} />
        ) : list.isError && arrived.length === 0 ? (
          <ProblemView problem={list.error} retry={() => void list.refetch()} what="The calls" />
        ) : shown.length === 0 ? (
          filtered ? (
            <Empty title="No call matches these filters" art={<Icon name="filter" className="size-10" />}>
              <Button onClick={() => void navigate({ search: {} })}>Show all calls</Button>
            </Empty>
          ) : (
            <Empty title="No calls yet" art={<BellMark className="size-12" />}>
              <p>The first one appears here the moment it begins.</p>
              <Link to="/connect" className={buttonClass("primary")}>Connect Claude Code or an SDK</Link>
            </Empty>
          )
        ) : (
          <Rows
            calls={shown} filter={filter} more={list.hasNextPage} busy={list.isFetchingNextPage} failed={list.isFetchNextPageError}
            fetchMore={() => void list.fetchNextPage()}
          />
        )}
      </Card>
    </>
  );
}

/** While somebody reads further down, new calls are held back, so that the rows do not move under the eyes. */
function useHeld(calls: Call[], filter: CallFilter) {
  const [anchor, setAnchor] = useState<string | null>(null);
  useEffect(() => {
    const onScroll = () => {
      const top = window.scrollY < 160;
      setAnchor((now) => (top ? null : (now ?? calls[0]?.id ?? null)));
    };
    onScroll();
    window.addEventListener("scroll", onScroll, { passive: true });
    return () => window.removeEventListener("scroll", onScroll);
  }, [calls]);
  const held = anchor ? calls.findIndex((call) => call.id === anchor) : 0;
  const name = JSON.stringify(filter);
  useEffect(() => setAnchor(null), [name]);
  return {
    shown: held > 0 ? calls.slice(held) : calls,
    waiting: Math.max(0, held),
    show: () => {
      setAnchor(null);
      window.scrollTo({ top: 0 });
    },
  };
}

function useMedia(media: string): boolean {
  return useSyncExternalStore(
    (changed) => {
      const list = matchMedia(media);
      list.addEventListener("change", changed);
      return () => list.removeEventListener("change", changed);
    },
    () => matchMedia(media).matches,
  );
}

/** Where there is no room for the tokens, the model's name needs what there is. */
const columns = "md:grid-cols-[5.5rem_minmax(8.25rem,1.6fr)_minmax(3.5rem,0.8fr)_6.5rem_4.5rem_4rem_5.5rem] xl:grid-cols-[5.5rem_minmax(6rem,1.6fr)_minmax(4rem,1.1fr)_7rem_minmax(0,1.5fr)_4.5rem_4.5rem_6.75rem]";

function Rows({ calls, filter, more, busy, failed, fetchMore }: { calls: Call[]; filter: CallFilter; more: boolean; busy: boolean; failed: boolean; fetchMore: () => void }) {
  const narrow = useMedia(NARROW);
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const measure = () => body.current && setTop(body.current.getBoundingClientRect().top + window.scrollY);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);
  const size = narrow ? ROW_PIXELS.narrow : ROW_PIXELS.wide;
  const rows = useWindowVirtualizer({ count: calls.length, estimateSize: () => size, overscan: 12, scrollMargin: top, getItemKey: (at) => calls[at]!.id });
  useEffect(() => rows.measure(), [rows, size]);
  const seen = rows.getVirtualItems();
  const last = seen.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && !busy && !failed && last >= calls.length - 30) fetchMore();
  }, [more, busy, failed, last, calls.length, fetchMore]);

  // Rows there from the beginning do not light up; those that arrive do.
  const newest = useRef(calls[0]?.openedAt ?? "");

  return (
    <div role="table" aria-label="Calls" aria-rowcount={more ? -1 : calls.length + 1} className="text-left max-md:-mt-3">
      <div role="rowgroup" className="max-md:sr-only">
        <div role="row" aria-rowindex={1} className={clsx("grid gap-3 px-5 pb-2 text-xs font-medium text-faint", columns)}>
          <span role="columnheader">Opened</span>
          <span role="columnheader">Model</span>
          <span role="columnheader">Key</span>
          <span role="columnheader">Outcome</span>
          <span role="columnheader" className="max-xl:hidden">Tokens</span>
          <span role="columnheader" className="text-right">First byte</span>
          <span role="columnheader" className="text-right">Took</span>
          <span role="columnheader" className="text-right">Cost</span>
        </div>
      </div>
      <div role="rowgroup" ref={body} className="relative" style={{ height: rows.getTotalSize() }}>
        {seen.map((item) => {
          const call = calls[item.index]!;
          return (
            <div
              key={item.key} role="row" aria-rowindex={item.index + 2} style={{ height: size, transform: `translateY(${item.start - rows.options.scrollMargin}px)` }}
              className={clsx("absolute inset-x-0 top-0 border-t border-line hover:bg-sunken", call.openedAt > newest.current && "animate-arrive")}
            >
              <Row call={call} filter={filter} />
            </div>
          );
        })}
      </div>
      {(busy || failed) && (
        <div role="row" className="border-t border-line">
          <div role="cell" className="p-3 text-center text-soft">
            {busy ? <span role="status">Loading older calls…</span> : <>Older calls could not be loaded. <Button size="small" onClick={fetchMore}>Try again</Button></>}
          </div>
        </div>
      )}
    </div>
  );
}

const Row = memo(function Row({ call, filter }: { call: Call; filter: CallFilter }) {
  const { zone } = usePreferences();
  const today = Date.now() - Date.parse(call.openedAt) < 20 * 3_600_000;
  return (
    <div role="presentation" className={clsx("relative grid h-full items-center gap-x-3 px-4 max-md:grid-cols-[minmax(0,1fr)_auto] max-md:content-center max-md:gap-y-0.5 md:px-5", columns)}>
      <div role="cell" className="num text-soft max-md:order-3 max-md:text-[0.8125rem]">
        <Link to="/calls/$callId" params={{ callId: call.id }} state={{ list: filter }} preload={false} title={dateTime(call.openedAt, zone)} className="after:absolute after:inset-0 focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-bronze focus-visible:outline-none">
          {today ? timeOfDay(call.openedAt, zone) : shortDateTime(call.openedAt, zone).replace(", ", " ")}
        </Link>
      </div>
      <div role="cell" className="truncate font-medium max-md:order-1" title={call.requestedModel}>{call.requestedModel}</div>
      <div role="cell" className="truncate text-soft max-md:order-5 max-md:text-[0.8125rem]" title={call.key.name}>{call.key.name}</div>
      <div role="cell" className="flex items-center max-md:order-2 max-md:justify-end"><OutcomeBadge call={call} /></div>
      <div role="cell" className="num min-w-0 truncate text-[0.8125rem] text-soft max-xl:hidden"><TokenLine call={call} /></div>
      <div role="cell" className="num text-right text-soft max-md:hidden">{duration(call.ttfbMillis)}</div>
      <div role="cell" className="text-right text-soft max-md:order-6 max-md:text-[0.8125rem]"><Elapsed call={call} /></div>
      <div role="cell" className="text-right font-medium max-md:order-4">
        {call.estimated && call.costPico !== null && <span title="estimated" className="text-warn">≈ </span>}
        <Money pico={call.costPico} />
      </div>
    </div>
  );
});

/** What tells most comes first: the rest may be cut off. */
const tellingFirst = ["input", "output", "cacheRead", "cacheWrite5m", "cacheWrite1h"].map((usage) => classes.find((one) => one.usage === usage)!);

function TokenLine({ call }: { call: Call }) {
  const known = tellingFirst.filter(({ usage }) => call.usage[usage]);
  if (known.length === 0) return <>–</>;
  return (
    <>
      {known.map(({ key, short, usage, label }) => (
        <span key={key} title={`${label}: ${call.usage[usage]}`} className="mr-1.5 text-xs"><Compact value={call.usage[usage]!} /> <span className="text-faint">{short}</span></span>
      ))}
      <span className="sr-only"><Flags call={call} /></span>
    </>
  );
}

function Filters({ filter, calls, set, clear }: { filter: CallFilter; calls: Call[]; set: (change: Partial<CallFilter>) => void; clear: () => void }) {
  const { zone } = usePreferences();
  const keys = useInfiniteQuery(keysQuery);
  const routes = useQuery(routesQuery);
  const providers = useQuery(providersQuery);
  const models = useMemo(() => {
    const names = new Set([...(routes.data ?? []).map((route) => route.name).filter((name) => !name.includes("*")), ...calls.map((call) => call.requestedModel)]);
    if (filter.model) names.add(filter.model);
    return [...names].sort();
  }, [routes.data, calls, filter.model]);
  const keyItems = keys.data?.pages.flatMap((page) => page.items) ?? [];
  const member = filter.memberId && (filter.memberId === "none" ? "no member" : (calls.find((call) => call.member?.id === filter.memberId)?.member?.name ?? briefly(filter.memberId)));

  const chips: { name: string; text: string; remove: Partial<CallFilter> }[] = [];
  if (filter.from || filter.to) {
    chips.push({
      name: "time",
      text: filter.from && filter.to ? `${shortDateTime(filter.from, zone)} to ${shortDateTime(filter.to, zone)}` : filter.from ? `from ${shortDateTime(filter.from, zone)}` : `before ${shortDateTime(filter.to!, zone)}`,
      remove: { from: undefined, to: undefined },
    });
  }
  if (member) chips.push({ name: "member", text: `Member: ${member}`, remove: { memberId: undefined } });
  if (filter.sessionId) chips.push({ name: "session", text: `Session ${briefly(filter.sessionId)}`, remove: { sessionId: undefined, agentId: undefined } });
  if (filter.agentId) chips.push({ name: "agent", text: `Agent: ${filter.agentId}`, remove: { agentId: undefined } });
  if (filter.estimated) chips.push({ name: "estimated", text: "Estimated only", remove: { estimated: undefined } });
  if (filter.unpriced) chips.push({ name: "unpriced", text: "At the default price only", remove: { unpriced: undefined } });
  const any = Object.values(filter).some((value) => value !== undefined);

  return (
    <section aria-label="Filters" className="mb-4 space-y-2.5">
      <div className="grid grid-cols-2 gap-2 sm:flex sm:flex-wrap">
        <Select label="Model" hideLabel data-shortcut="filter" value={filter.model ?? ""} onChange={(event) => set({ model: event.target.value || undefined })} className="sm:w-52">
          <option value="">All models</option>
          {models.map((name) => <option key={name} value={name}>{name}</option>)}
        </Select>
        <Select label="Key" hideLabel value={filter.keyId ?? ""} onChange={(event) => set({ keyId: event.target.value || undefined })} className="sm:w-44">
          <option value="">All keys</option>
          {filter.keyId && !keyItems.some(({ id }) => id === filter.keyId) && <option value={filter.keyId}>{briefly(filter.keyId)}</option>}
          {keyItems.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
        </Select>
        <Select label="Outcome" hideLabel value={filter.outcome ?? ""} onChange={(event) => set({ outcome: event.target.value || undefined })} className="sm:w-44">
          <option value="">All outcomes</option>
          <option value={errorsOnly}>All errors</option>
          {(Object.keys(outcomes) as Outcome[]).map((name) => <option key={name} value={name}>{outcomes[name].label}</option>)}
          {filter.outcome && filter.outcome !== errorsOnly && !(filter.outcome in outcomes) && <option value={filter.outcome}>{filter.outcome.replaceAll(",", ", ")}</option>}
        </Select>
        <Select label="Provider" hideLabel value={filter.provider ?? ""} onChange={(event) => set({ provider: event.target.value || undefined })} className="sm:w-44">
          <option value="">All providers</option>
          {filter.provider && !providers.data?.some(({ name }) => name === filter.provider) && <option value={filter.provider}>{filter.provider}</option>}
          {providers.data?.map(({ name }) => <option key={name} value={name}>{name}</option>)}
        </Select>
        {any && <Button look="quiet" onClick={clear} className="max-sm:col-span-2"><Icon name="close" /> Clear</Button>}
      </div>
      {chips.length > 0 && (
        <ul className="flex flex-wrap gap-2">
          {chips.map((chip) => (
            <li key={chip.name} className="flex items-center gap-1 rounded-full bg-bronze-wash py-0.5 pr-1 pl-3 text-[0.8125rem] text-bronze">
              {chip.text}
              <button type="button" onClick={() => set(chip.remove)} aria-label={`Remove the filter ${chip.text}`} className="rounded-full p-1 hover:bg-surface"><Icon name="close" className="size-3.5" /></button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
