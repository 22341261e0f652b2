import { clsx } from "clsx";
import { type ReactNode, useId } from "react";

export function Card({ title, note, actions, children, className, flush }: {
  title?: ReactNode;
  note?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
  /** Content reaches the edges, as a table does. */
  flush?: boolean;
}) {
  const id = useId();
  return (
    <section aria-labelledby={title ? id : undefined} className={clsx("min-w-0 rounded-card border border-line bg-surface shadow-card", className)}>
      {(title || actions) && (
        <header className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 pt-4 sm:px-5">
          <div className="min-w-0">
            <h2 id={id} className="font-semibold">{title}</h2>
            {note && <p className="text-[0.8125rem] text-faint">{note}</p>}
          </div>
          {actions}
        </header>
      )}
      <div className={flush ? "pt-3" : "p-4 sm:p-5"}>{children}</div>
    </section>
  );
}

export function PageHeader({ title, children, lead }: { title: ReactNode; children?: ReactNode; lead?: ReactNode }) {
  return (
    <header className="mb-5 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        <h1 tabIndex={-1} className="text-xl font-semibold tracking-tight [overflow-wrap:anywhere] sm:text-2xl">{title}</h1>
        {lead && <p className="mt-0.5 text-soft">{lead}</p>}
      </div>
      {children && <div className="flex max-w-full min-w-0 flex-wrap items-center gap-2">{children}</div>}
    </header>
  );
}

const tones = {
  neutral: "bg-sunken text-soft",
  good: "bg-good-wash text-good",
  bad: "bg-bad-wash text-bad",
  warn: "bg-warn-wash text-warn",
  bronze: "bg-bronze-wash text-bronze",
};

export type Tone = keyof typeof tones;

export function Badge({ tone = "neutral", children, title, dot }: { tone?: Tone; children: ReactNode; title?: string; dot?: "still" | "pulsing" }) {
  return (
    <span title={title} className={clsx("inline-flex items-center gap-1.5 rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap", tones[tone])}>
      {dot && <span aria-hidden="true" className={clsx("size-1.5 rounded-full bg-current", dot === "pulsing" && "animate-pulse-soft")} />}
      {children}
    </span>
  );
}

export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden="true" data-skeleton className={clsx("animate-pulse-soft rounded-md bg-sunken", className)} />;
}

/** Placeholders of a page's shape while it loads; the words are for screen readers. */
export function Loading({ what, rows = 6 }: { what: string; rows?: number }) {
  return (
    <div role="status" className="space-y-2.5 p-4 sm:p-5">
      <span className="sr-only">Loading {what}…</span>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} className="h-8" />
      ))}
    </div>
  );
}

export function Empty({ title, children, art }: { title: string; children?: ReactNode; art?: ReactNode }) {
  return (
    <div className="flex flex-col items-center px-6 py-12 text-center">
      {art && <div className="mb-3 text-faint">{art}</div>}
      <p className="text-base font-semibold">{title}</p>
      <div className="mt-1 max-w-prose space-y-3 text-soft">{children}</div>
    </div>
  );
}

/** A wide table scrolls inside its own region, which the keyboard can reach. */
export function TableScroll({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div role="region" aria-label={label} tabIndex={0} className="relative overflow-x-auto rounded-b-card focus-visible:-outline-offset-2">
      {children}
    </div>
  );
}

export const table = "w-full border-collapse text-left [&_td]:border-t [&_td]:border-line [&_td]:px-3 [&_td]:py-2.5 [&_td:first-child]:pl-4 [&_td:last-child]:pr-4 [&_th]:px-3 [&_th]:py-2 [&_th]:text-xs [&_th]:font-medium [&_th]:whitespace-nowrap [&_th]:text-faint [&_th:first-child]:pl-4 [&_th:last-child]:pr-4 sm:[&_td:first-child]:pl-5 sm:[&_td:last-child]:pr-5 sm:[&_th:first-child]:pl-5 sm:[&_th:last-child]:pr-5";
