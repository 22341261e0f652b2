import { type InfiniteData, infiniteQueryOptions, keepPreviousData, QueryClient, type QueryKey, queryOptions } from "@tanstack/react-query";
import { type CallFilter, merge } from "./calls";
import { get, Problem, query } from "./client";
import { LiveConnection } from "./live";
import type { ServerSentEvent } from "./sse";
import type * as T from "./types";

export const queryClient = new QueryClient({
  defaultOptions: {
    // The server may be on this machine: that the browser is offline says nothing of it.
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always",
      refetchOnReconnect: true,
      staleTime: 15_000,
      // What the server says no to will not change by asking again; a lost connection may.
      retry: (failures, error) => failures < 2 && !(error instanceof Problem && error.status >= 400 && error.status < 500),
      refetchOnWindowFocus: true,
    },
  },
});

queryClient.getQueryCache().subscribe((event) => {
  const error = event.type === "updated" && event.action.type === "error" ? event.action.error : null;
  if (error instanceof Problem && error.status === 401) void sessionEnded();
});

/** The session ended, here or elsewhere. The page's guard then shows the sign-in. */
export async function sessionEnded() {
  live.stop();
  const known = queryClient.getQueryData(session.queryKey);
  if (known?.signedIn) queryClient.setQueryData(session.queryKey, { ...known, signedIn: false, member: null });
}

export const session = queryOptions({
  queryKey: ["session"],
  queryFn: ({ signal }) => get<T.Session>("/session", signal),
  staleTime: 300_000,
});

export interface OverviewWish {
  from: string;
  to: string;
  zone: string;
  bucket: string;
  groupBy: T.GroupBy;
}

export const overview = (wish: OverviewWish) =>
  queryOptions({
    queryKey: ["overview", wish],
    queryFn: ({ signal }) => read<T.Overview>(`/overview${query({ ...wish })}`, signal),
    placeholderData: keepPreviousData,
  });

const CALLS_A_PAGE = 100;

export const calls = (filter: CallFilter) =>
  infiniteQueryOptions({
    queryKey: ["calls", filter],
    queryFn: ({ pageParam, signal }) =>
      withWhatHappens(filter, pageParam, () => read<T.Page<T.Call>>(`/calls${query({ ...filter, limit: CALLS_A_PAGE, cursor: pageParam })}`, signal)),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    // The stream of events keeps the list true; fetching many pages again would only cost.
    staleTime: Infinity,
  });

export const call = (id: string) =>
  queryOptions({ queryKey: ["call", id], queryFn: ({ signal }) => read<T.CallDetail>(`/calls/${encodeURIComponent(id)}`, signal) });

export const sessions = (range: { from?: string; to?: string }) =>
  infiniteQueryOptions({
    queryKey: ["sessions", range],
    queryFn: ({ pageParam, signal }) => read<T.Page<T.SessionSummary>>(`/sessions${query({ ...range, cursor: pageParam })}`, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
  });

export const sessionTree = (id: string) =>
  queryOptions({
    queryKey: ["session-tree", id],
    queryFn: ({ signal }) => read<T.SessionDetail>(`/sessions/tree${query({ sessionId: id })}`, signal),
  });

export const keys = infiniteQueryOptions({
  queryKey: ["keys"],
  queryFn: ({ pageParam, signal }) => read<T.Page<T.Key>>(`/keys${query({ limit: 100, cursor: pageParam })}`, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.nextCursor,
});

export const providers = queryOptions({
  queryKey: ["providers"],
  queryFn: async ({ signal }) => (await read<T.Page<T.Provider>>("/providers", signal)).items,
  refetchInterval: 30_000,
});

export const routes = queryOptions({
  queryKey: ["routes"],
  queryFn: async ({ signal }) => (await read<T.Page<T.Route>>("/routes", signal)).items,
});

export const connect = queryOptions({
  queryKey: ["connect"],
  queryFn: ({ signal }) => read<T.Connect>("/connect", signal),
});

// --- what happens ------------------------------------------------------------------------------------------------

/** Sums are fetched again, but not more often than this, however many calls settle. */
const SUMS_EVERY_MILLIS = 2_500;
const sums = new Set<string>();
let sumsTimer: ReturnType<typeof setTimeout> | undefined;

function changed(...names: string[]) {
  names.forEach((name) => sums.add(name));
  sumsTimer ??= setTimeout(() => {
    sumsTimer = undefined;
    for (const name of sums) void queryClient.invalidateQueries({ queryKey: [name] });
    sums.clear();
  }, SUMS_EVERY_MILLIS);
}

const HEARD_MAX = 2_000;

/** A page of calls that is on its way may be older than what the stream tells meanwhile. */
async function withWhatHappens(filter: CallFilter, cursor: string | null, fetched: () => Promise<T.Page<T.Call>>): Promise<T.Page<T.Call>> {
  const heard: T.Call[] = [];
  const stop = watchCalls((call) => heard.length < HEARD_MAX && heard.push(call));
  try {
    const page = await fetched();
    const concerns = cursor === null ? heard : heard.filter(({ id }) => page.items.some((item) => item.id === id));
    return concerns.reduce((pages, call) => merge(pages, filter, call), { pages: [page], pageParams: [cursor] } as InfiniteData<T.Page<T.Call>>).pages[0]!;
  } finally {
    stop();
  }
}

type CallWatcher = (call: T.Call) => void;
const callWatchers = new Set<CallWatcher>();

/** Tells of each call as it opens and settles. */
export function watchCalls(watcher: CallWatcher): () => void {
  callWatchers.add(watcher);
  return () => void callWatchers.delete(watcher);
}

function applyCall(arrived: T.Call) {
  for (const list of queryClient.getQueryCache().findAll({ queryKey: ["calls"] })) {
    const filter = list.queryKey[1] as CallFilter;
    queryClient.setQueryData<InfiniteData<T.Page<T.Call>>>(list.queryKey, (pages) => pages && merge(pages, filter, arrived));
  }
  if (queryClient.getQueryData(call(arrived.id).queryKey)) void queryClient.invalidateQueries({ queryKey: call(arrived.id).queryKey });
  callWatchers.forEach((watcher) => watcher(arrived));
  if (arrived.state === "settled") changed("overview", "sessions", "session-tree", "connect");
}

function applyKey(key: T.Key) {
  queryClient.setQueryData<InfiniteData<T.Page<T.Key>>>(keys.queryKey, (pages) => {
    if (!pages?.pages[0]) return pages;
    let found = false;
    const replaced = pages.pages.map((page) => ({
      ...page,
      items: page.items.map((item) => (item.id === key.id ? ((found = true), key) : item)),
    }));
    if (!found) replaced[0] = { ...replaced[0]!, items: [key, ...replaced[0]!.items] };
    return { ...pages, pages: replaced };
  });
}

function applyProvider(provider: T.Provider) {
  queryClient.setQueryData(providers.queryKey, (known) =>
    known?.some((item) => item.name === provider.name)
      ? known.map((item) => (item.name === provider.name ? provider : item))
      : known && [...known, provider],
  );
}

function apply({ event, data }: ServerSentEvent) {
  switch (event) {
    case "call.opened":
    case "call.settled":
      return applyCall(JSON.parse(data) as T.Call);
    case "key.changed":
      return applyKey(JSON.parse(data) as T.Key);
    case "provider.changed":
      return applyProvider(JSON.parse(data) as T.Provider);
    case "reset":
      // Too much was missed: everything on the page is fetched anew.
      return void queryClient.invalidateQueries();
  }
}

/** After the stream has begun: what was asked before it is asked again. */
async function read<V>(path: string, signal: AbortSignal): Promise<V> {
  await live.begun();
  return get<V>(path, signal);
}

/** What was asked before the stream began may lack what happened in between. What waits for it is not sent twice. */
async function begin() {
  const earlier = { predicate: ({ queryKey }: { queryKey: QueryKey }) => queryKey[0] !== session.queryKey[0] };
  await queryClient.cancelQueries(earlier);
  await queryClient.invalidateQueries(earlier);
}

export const live = new LiveConnection(apply, () => void begin(), () => void sessionEnded());

// What could not be asked while the server was away is asked once it is back.
live.subscribe(() => {
  if (live.snapshot() === "live") void queryClient.refetchQueries({ type: "active", predicate: ({ state }) => state.status === "error" });
});

