import { describe, expect, it } from "vitest";
import { readRange, resolveRange } from "./range";

const now = Date.parse("2026-11-21T06:07:00Z");

describe("a range of time", () => {
  it("begins at midnight of the zone and ends at the next quarter hour", () => {
    expect(resolveRange({ range: "today" }, "Europe/Vienna", now)).toEqual({ from: "2026-11-20T23:00:00.000Z", to: "2026-11-21T06:15:00.000Z" });
    expect(resolveRange({}, "UTC", now)).toEqual({ from: "2026-11-15T00:00:00.000Z", to: "2026-11-21T06:15:00.000Z" });
  });

  it("stays the same within a quarter hour, so that nothing is fetched twice", () => {
    expect(resolveRange({ range: "24h" }, "UTC", now)).toEqual(resolveRange({ range: "24h" }, "UTC", now + 60_000));
  });

  it("holds both of its days, in either order", () => {
    const days = { from: "2026-11-01T00:00:00.000Z", to: "2026-11-03T00:00:00.000Z" };
    expect(resolveRange({ range: "custom", from: "2026-11-01", to: "2026-11-02" }, "UTC", now)).toEqual(days);
    expect(resolveRange({ range: "custom", from: "2026-11-02", to: "2026-11-01" }, "UTC", now)).toEqual(days);
  });

  it("takes from an address only what is valid", () => {
    expect(readRange({ range: "custom", from: "2026-02-31x", to: "2026-11-01" })).toEqual({ range: "custom", from: undefined, to: "2026-11-01" });
    expect(readRange({ range: "ever" })).toEqual({ range: undefined });
  });
});
