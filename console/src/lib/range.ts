import { addDays, isIsoDate, isoDate, startOfDate } from "./time";

/** A range of time as the address has it: a name, or two days, both inclusive. */
export interface RangeSearch {
  range?: RangeName;
  from?: string;
  to?: string;
}

export type RangeName = (typeof RANGES)[number]["value"];

export const RANGES = [
  { value: "today", label: "Today" },
  { value: "24h", label: "24 hours" },
  { value: "7d", label: "7 days" },
  { value: "30d", label: "30 days" },
  { value: "custom", label: "Other…" },
] as const;

export function readRange(raw: Record<string, unknown>): RangeSearch {
  const range = RANGES.find(({ value }) => value === raw.range)?.value;
  const day = (value: unknown) => (typeof value === "string" && isIsoDate(value) ? value : undefined);
  return range === "custom" ? { range, from: day(raw.from), to: day(raw.to) } : { range };
}

/** The server keeps sums by the quarter hour, so the end is the next full one; it moves four times an hour. */
const SLOT_MILLIS = 900_000;

export function resolveRange(search: RangeSearch, zone: string, now: number): { from: string; to: string } {
  const end = Math.ceil((now + 1) / SLOT_MILLIS) * SLOT_MILLIS;
  const today = isoDate(now, zone);
  const span = (from: number | Date, to: number | Date) => ({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
  switch (search.range) {
    case "today":
      return span(startOfDate(today, zone), end);
    case "24h":
      return span(end - 86_400_000, end);
    case "30d":
      return span(startOfDate(addDays(today, -29), zone), end);
    case "custom": {
      const { from, to } = customDays(search, zone, now);
      return span(startOfDate(from, zone), startOfDate(addDays(to, 1), zone));
    }
    default:
      return span(startOfDate(addDays(today, -6), zone), end);
  }
}

/** The two days of a custom range, in order. */
export function customDays(search: RangeSearch, zone: string, now: number): { from: string; to: string } {
  const today = isoDate(now, zone);
  const to = search.to ?? today;
  const from = search.from ?? addDays(to, -6);
  return from <= to ? { from, to } : { from: to, to: from };
}
