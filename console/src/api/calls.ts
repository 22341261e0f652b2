import type { InfiniteData } from "@tanstack/react-query";
import type { Call, Page } from "./types";

/** Which calls are meant; what is undefined does not matter. `outcome` may name several, separated by commas. */
export interface CallFilter {
  from?: string;
  to?: string;
  keyId?: string;
  memberId?: string;
  model?: string;
  provider?: string;
  outcome?: string;
  sessionId?: string;
  agentId?: string;
  estimated?: string;
  unpriced?: string;
}

export const FILTERS = ["from", "to", "keyId", "memberId", "model", "provider", "outcome", "sessionId", "agentId", "estimated", "unpriced"] as const satisfies (keyof CallFilter)[];

/** As the server decides it, for calls that arrive live. */
export function accepts(filter: CallFilter, call: Call): boolean {
  const at = Date.parse(call.openedAt);
  return (
    (!filter.from || at >= Date.parse(filter.from)) &&
    (!filter.to || at < Date.parse(filter.to)) &&
    (!filter.keyId || call.key.id === filter.keyId) &&
    (!filter.memberId || (call.member?.id ?? "none") === filter.memberId) &&
    (!filter.model || call.requestedModel === filter.model) &&
    (!filter.provider || call.provider === filter.provider) &&
    (!filter.outcome || (call.outcome !== null && filter.outcome.split(",").includes(call.outcome))) &&
    (!filter.sessionId || call.sessionId === filter.sessionId) &&
    (!filter.agentId || (call.agentId ?? "main") === filter.agentId) &&
    (!filter.estimated || call.estimated) &&
    (!filter.unpriced || call.unpriced)
  );
}

/** More than this many rows in memory, and the oldest pages are dropped; scrolling down fetches them again. */
const ROWS_MAX = 4000;

const older = (a: Call, b: Call) => a.openedAt < b.openedAt || (a.openedAt === b.openedAt && a.id < b.id);

/** Puts a call that arrived live where it belongs: in place of itself, or among the newest. */
export function merge(pages: InfiniteData<Page<Call>>, filter: CallFilter, call: Call): InfiniteData<Page<Call>> {
  const fits = accepts(filter, call);
  for (let number = 0; number < pages.pages.length; number++) {
    const page = pages.pages[number]!;
    const at = page.items.findIndex((item) => item.id === call.id);
    if (at < 0) continue;
    // An "opened" that was overtaken by its "settled" says nothing new.
    if (call.state === "open" && page.items[at]!.state === "settled") return pages;
    const items = fits ? page.items.with(at, call) : page.items.toSpliced(at, 1);
    return { ...pages, pages: pages.pages.with(number, { ...page, items }) };
  }
  const first = pages.pages[0];
  if (!fits || !first) return pages;
  const last = first.items.at(-1);
  // Older than the whole first page: it belongs to a page that is fetched when somebody scrolls there.
  if (last && first.nextCursor && older(call, last)) return pages;
  const at = first.items.findIndex((item) => older(item, call));
  const items = at < 0 ? [...first.items, call] : first.items.toSpliced(at, 0, call);
  return trim({ ...pages, pages: pages.pages.with(0, { ...first, items }) });
}

function trim(pages: InfiniteData<Page<Call>>): InfiniteData<Page<Call>> {
  let rows = 0;
  const keep = pages.pages.findIndex((page) => (rows += page.items.length) > ROWS_MAX);
  if (keep <= 0) return pages;
  return { pages: pages.pages.slice(0, keep), pageParams: pages.pageParams.slice(0, keep) };
}
