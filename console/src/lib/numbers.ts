const whole = new Intl.NumberFormat("en-US");

/** `1,234,567`; a dash where nothing is known. */
export const count = (value: number | null | undefined): string =>
  value === null || value === undefined ? "–" : whole.format(value);

/** `1.2K`, `34.5M`: for cards and axes, where the exact number is one hover away. */
export function compact(value: number): string {
  for (const [size, letter] of [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "K"]] as const) {
    // 999,950 and up would round to 1000.0K.
    if (value >= size * 0.99995) {
      const scaled = value / size;
      return `${scaled >= 99.95 ? scaled.toFixed(0) : scaled.toFixed(1).replace(/\.0$/, "")}${letter}`;
    }
  }
  return whole.format(value);
}

/** `912 B`, `1.4 KiB`, `3.0 MiB`. */
export function bytes(value: number | null): string {
  if (value === null) return "–";
  if (value < 1024) return `${value} B`;
  return value < 1024 * 1024 ? `${(value / 1024).toFixed(1)} KiB` : `${(value / 1024 / 1024).toFixed(1)} MiB`;
}

export const plural = (number: number, one: string, many = `${one}s`): string => `${count(number)} ${number === 1 ? one : many}`;
