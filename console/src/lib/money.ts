/**
 * Money is whole pico-dollars (10^-12 USD) in a string and never a floating-point number here: sums are exact, and only
 * what is shown is rounded.
 */
const DIGITS = 12;
const DOLLAR = 10n ** 12n;

export function pico(value: string | null | undefined): bigint {
  return value ? BigInt(value) : 0n;
}

/** All digits: `0.000000000001`, `1.5`. */
export function exactUsd(value: string | bigint): string {
  const amount = BigInt(value);
  const magnitude = amount < 0n ? -amount : amount;
  const fraction = (magnitude % DOLLAR).toString().padStart(DIGITS, "0").replace(/0+$/, "");
  return `${amount < 0n ? "-" : ""}${magnitude / DOLLAR}${fraction ? `.${fraction}` : ""}`;
}

/** Two decimals from a dollar up; below it three significant digits, so that a call of a fraction of a cent is not $0.00. */
export function shortUsd(value: string | bigint): string {
  const amount = BigInt(value);
  if (amount === 0n) return "$0";
  const magnitude = amount < 0n ? -amount : amount;
  const leadingZeros = magnitude >= DOLLAR ? 0 : DIGITS - magnitude.toString().length;
  const decimals = magnitude >= DOLLAR ? 2 : Math.min(DIGITS, Math.max(2, leadingZeros + 3));
  // What rounds up to a dollar is shown as one.
  const round = fixed(magnitude, decimals);
  return `${amount < 0n ? "-" : ""}$${round.startsWith("1.") && magnitude < DOLLAR ? "1.00" : round}`;
}

/** A price per token as vendors print it: dollars a million tokens, exact. */
export function usdPerMillion(pricePico: string): string {
  return `$${exactUsd(BigInt(pricePico) * 1_000_000n)}`;
}

/** For the length of a bar, never for a sum. */
export function plottableUsd(value: string | null): number {
  return Number(pico(value)) / 1e12;
}

function fixed(magnitude: bigint, decimals: number): string {
  const unit = 10n ** BigInt(DIGITS - decimals);
  const rounded = (magnitude + unit / 2n) / unit;
  const scale = 10n ** BigInt(decimals);
  const whole = (rounded / scale).toString().replace(/\B(?=(\d{3})+$)/g, ",");
  return `${whole}.${(rounded % scale).toString().padStart(decimals, "0")}`;
}
