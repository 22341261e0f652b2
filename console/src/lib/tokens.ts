import type { TokenClass, Totals, Usage } from "../api/types";

/** The token classes in the order of a bill; never summed into one, as their prices differ up to fifty times. */
export const classes: { key: TokenClass; label: string; short: string; column: string; color: string; total: keyof Totals; usage: keyof Usage }[] = [
  { key: "input", label: "Input", short: "in", column: "Input", color: "var(--color-chart-3)", total: "inputTokens", usage: "input" },
  { key: "cache_write_5m", label: "Cache write, 5 min", short: "write 5m", column: "Write 5m", color: "var(--color-chart-1)", total: "cacheWrite5mTokens", usage: "cacheWrite5m" },
  { key: "cache_write_1h", label: "Cache write, 1 h", short: "write 1h", column: "Write 1h", color: "var(--color-chart-6)", total: "cacheWrite1hTokens", usage: "cacheWrite1h" },
  { key: "cache_read", label: "Cache read", short: "read", column: "Cache read", color: "var(--color-chart-2)", total: "cacheReadTokens", usage: "cacheRead" },
  { key: "output", label: "Output", short: "out", column: "Output", color: "var(--color-chart-4)", total: "outputTokens", usage: "output" },
];

export const className = (key: string): string => classes.find((known) => known.key === key)?.label ?? key;
