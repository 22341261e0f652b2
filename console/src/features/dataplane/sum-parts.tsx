import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import type { ReactNode } from "react";
import type { CallFilter } from "../../api/calls";
import type { Totals } from "../../api/types";
import { Compact, Money } from "../../components/values";
import { count } from "../../lib/numbers";
import { ERRORS } from "../../lib/outcome";
import { duration } from "../../lib/time";
import { classes } from "../../lib/tokens";

export const errorsOnly = ERRORS.join(",");

/** From a number to the calls it is made of. */
export function CallsLink({ search, children, className, title }: { search: CallFilter; children: ReactNode; className?: string; title?: string }) {
  return <Link to="/calls" search={search} preload={false} title={title} className={clsx("drill", className)}>{children}</Link>;
}

export function Figure({ label, value, children }: { label: string; value?: ReactNode; children: ReactNode }) {
  return (
    <div className="min-w-0 rounded-card border border-line bg-surface p-4 shadow-card">
      <h2 className="label-caps">{label}</h2>
      {value && <p className="num mt-1 text-2xl font-semibold tracking-tight">{value}</p>}
      <div className="mt-1 text-[0.8125rem] text-soft">{children}</div>
    </div>
  );
}

export function TokenFigure({ totals, search }: { totals: Totals; search: CallFilter }) {
  return (
    <Figure label="Tokens">
      <dl className="grid grid-cols-[1fr_auto] gap-x-3 leading-[1.35rem]">
        {classes.map(({ key, label, total, color }) => (
          <div key={key} className="contents">
            <dt className="flex items-center gap-1.5 truncate"><span className="size-2 shrink-0 rounded-sm" style={{ background: color }} />{label}</dt>
            <dd className="text-right font-medium text-ink"><CallsLink search={search}><Compact value={totals[total] as number} /></CallsLink></dd>
          </div>
        ))}
      </dl>
    </Figure>
  );
}

/** The heads of what {@link SumCells} shows. */
export function SumHeads() {
  return (
    <>
      <th scope="col">Cost</th><th scope="col">For caching</th><th scope="col">Calls</th><th scope="col">Errors</th>
      {classes.map(({ key, label, column }) => <th key={key} scope="col" title={label}>{column}</th>)}
      <th scope="col" title="Half of the calls began to answer within this, ± 13 %">p50</th><th scope="col" title="95 % of the calls began to answer within this, ± 13 %">p95</th>
    </>
  );
}

/** A row's sums, each opening its calls. */
export function SumCells({ totals, search }: { totals: Totals; search: CallFilter }) {
  const link = (value: ReactNode) => <CallsLink search={search}>{value}</CallsLink>;
  return (
    <>
      <td className="font-medium">{link(<Money pico={totals.costPico} />)}</td>
      <td>{link(<Money pico={totals.cacheCostPico} />)}</td>
      <td>{link(count(totals.calls))}</td>
      <td><CallsLink search={{ ...search, outcome: errorsOnly }} className={totals.errors ? "text-bad" : "text-faint"}>{count(totals.errors)}</CallsLink></td>
      {classes.map(({ key, total }) => <td key={key}>{link(<Compact value={totals[total] as number} />)}</td>)}
      <td className="whitespace-nowrap">{link(duration(totals.ttfbP50Millis))}</td>
      <td className="whitespace-nowrap">{link(duration(totals.ttfbP95Millis))}</td>
    </>
  );
}
