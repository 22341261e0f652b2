/** Dates and times in a chosen time zone. */

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = zone + JSON.stringify(options);
  let known = formats.get(name);
  if (!known) {
    known = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...options });
    formats.set(name, known);
  }
  return known;
}

export const browserZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** `21 Nov, 05:12:33`; with the year where it is not this one. */
export function dateTime(at: string | number | Date, zone: string, now = Date.now()): string {
  return format(zone, { ...dayAndYear(new Date(at), zone, now), hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(at));
}

/** As {@link dateTime}, without seconds. */
export function shortDateTime(at: string | number | Date, zone: string, now = Date.now()): string {
  return format(zone, { ...dayAndYear(new Date(at), zone, now), hour: "2-digit", minute: "2-digit" }).format(new Date(at));
}

function dayAndYear(date: Date, zone: string, now: number): Intl.DateTimeFormatOptions {
  const year = (value: number | Date) => format(zone, { year: "numeric" }).format(value);
  return { day: "numeric", month: "short", year: year(date) === year(now) ? undefined : "numeric" };
}

export function timeOfDay(at: string | number | Date, zone: string): string {
  return format(zone, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(at));
}

export function date(at: string | number | Date, zone: string): string {
  return format(zone, { day: "numeric", month: "short", year: "numeric" }).format(new Date(at));
}

/** A long one names the year where it is not this one; a short one stands on an axis, below a range that does. */
export function bucketLabel(at: string, zone: string, bucket: string, long = false, now = Date.now()): string {
  const when = new Date(at);
  const day = long ? dayAndYear(when, zone, now) : ({ day: "numeric", month: "short" } as const);
  switch (bucket) {
    case "hour":
      return format(zone, { ...(long ? { weekday: "short", ...day } : {}), hour: "2-digit", minute: "2-digit" }).format(when);
    case "month":
      return format(zone, { month: long ? "long" : "short", year: long ? "numeric" : "2-digit" }).format(when);
    case "week":
      return (long ? "Week of " : "") + format(zone, day).format(when);
    default:
      return format(zone, long ? { weekday: "short", ...day } : day).format(when);
  }
}

/** `2026-11-21` in the zone. */
export function isoDate(at: string | number | Date, zone: string): string {
  const parts = format(zone, { year: "numeric", month: "2-digit", day: "2-digit" }).formatToParts(new Date(at));
  const part = (type: string) => parts.find((p) => p.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")}`;
}

export function isIsoDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
}

export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** The instant at which a date begins in a zone; where midnight does not exist, the first moment after it. */
export function startOfDate(day: string, zone: string): Date {
  const utc = Date.parse(`${day}T00:00:00Z`);
  // Two rounds: the offset is that of the instant sought, not of the guess.
  let instant = utc - offsetMillis(utc, zone);
  instant = utc - offsetMillis(instant, zone);
  if (isoDate(instant, zone) < day) instant += 3_600_000;
  return new Date(instant);
}

function offsetMillis(at: number, zone: string): number {
  const parts = format(zone, {
    year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  }).formatToParts(new Date(at));
  const part = (type: string) => Number(parts.find((p) => p.type === type)?.value);
  const local = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return local - Math.floor(at / 1000) * 1000;
}

/** `just now`, `5 min ago`, `3 h ago`, `2 days ago`; the same words for what is to come. */
export function relative(at: string | number | Date, now: number): string {
  const seconds = Math.round((new Date(at).getTime() - now) / 1000);
  const size = Math.abs(seconds);
  if (size < 10) return "just now";
  const [amount, unit] =
    size < 60 ? [size, "s"]
    : size < 3600 ? [Math.round(size / 60), "min"]
    : size < 86_400 ? [Math.round(size / 3600), "h"]
    : [Math.round(size / 86_400), Math.round(size / 86_400) === 1 ? "day" : "days"];
  return seconds < 0 ? `${amount} ${unit} ago` : `in ${amount} ${unit}`;
}

/** `840 ms`, `3.2 s`, `2 m 05 s`, `1 h 03 m`. */
export function duration(millis: number | null | undefined): string {
  if (millis === null || millis === undefined) return "–";
  if (millis < 1000) return `${Math.round(millis)} ms`;
  if (millis < 59_950) return `${(millis / 1000).toFixed(millis < 9_950 ? 2 : 1)} s`;
  const seconds = Math.round(millis / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, "0")} s`;
  return `${Math.floor(seconds / 3600)} h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, "0")} m`;
}
