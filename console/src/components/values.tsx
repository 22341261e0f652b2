import { type ClipboardEvent, useEffect, useState } from "react";
import { exactUsd, shortUsd } from "../lib/money";
import { compact, count } from "../lib/numbers";
import { usePreferences } from "../lib/preferences";
import { dateTime, relative } from "../lib/time";

/** Rounded to read, exact to hover over and to copy. */
export function Money({ pico, className }: { pico: string | null; className?: string }) {
  if (pico === null) return <span className={className}>–</span>;
  const exact = exactUsd(pico);
  const copy = (event: ClipboardEvent<HTMLElement>) => {
    // Only when nothing but this amount is selected: a copied table stays as it looks.
    if (window.getSelection()?.toString().trim() === event.currentTarget.textContent) {
      event.clipboardData.setData("text/plain", exact);
      event.preventDefault();
    }
  };
  return (
    <data value={exact} title={`${exact} USD exactly`} onCopy={copy} className={className}>
      {shortUsd(pico)}
    </data>
  );
}

const ID_CHARACTERS_MAX = 13;

/** An id as somebody tells it from others; whole in a title or on its own page. */
export const briefly = (id: string): string => (id.length > ID_CHARACTERS_MAX ? `${id.slice(0, ID_CHARACTERS_MAX)}…` : id);

/** `12.3K`, with `12,345` on hover. */
export function Compact({ value, className }: { value: number; className?: string }) {
  return (
    <data value={value} title={count(value)} className={className}>
      {compact(value)}
    </data>
  );
}

export function When({ at, className }: { at: string; className?: string }) {
  const { zone } = usePreferences();
  return (
    <time dateTime={at} title={at} className={className}>
      {dateTime(at, zone)}
    </time>
  );
}

/** `5 min ago`, kept true. */
export function Ago({ at, never = "never" }: { at: string | null; never?: string }) {
  const { zone } = usePreferences();
  const now = useNow(10_000);
  if (!at) return <span className="text-faint">{never}</span>;
  return (
    <time dateTime={at} title={dateTime(at, zone)} className="whitespace-nowrap">
      {relative(at, now)}
    </time>
  );
}

/** The time, anew every so many milliseconds while the page is seen. */
export function useNow(everyMillis: number, running = true): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => {
      if (!document.hidden) setNow(Date.now());
    }, everyMillis);
    return () => clearInterval(timer);
  }, [everyMillis, running]);
  return now;
}
