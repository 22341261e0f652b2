import { describe, expect, it } from "vitest";
import { exactUsd, pico, shortUsd, usdPerMillion } from "./money";

describe("money", () => {
  it("shows every digit where it is exact", () => {
    expect(exactUsd("1")).toBe("0.000000000001");
    expect(exactUsd("1500000000000")).toBe("1.5");
    expect(exactUsd("123456789012345678901")).toBe("123456789.012345678901");
    expect(exactUsd(-2_000_000_000_000n)).toBe("-2");
  });

  it("rounds for display only, half up", () => {
    expect(shortUsd("0")).toBe("$0");
    expect(shortUsd("1234567890000000")).toBe("$1,234.57");
    expect(shortUsd("1005000000000")).toBe("$1.01");
    expect(shortUsd("42345678901")).toBe("$0.0423");
    expect(shortUsd("1")).toBe("$0.000000000001");
    expect(shortUsd("999999999999")).toBe("$1.00");
    expect(shortUsd("500000000000")).toBe("$0.500");
  });

  it("never shows something as nothing", () => {
    for (let digits = 0; digits < 12; digits++) expect(shortUsd(10n ** BigInt(digits))).toMatch(/[1-9]/);
  });

  it("says a price as vendors print it", () => {
    expect(usdPerMillion("5000000")).toBe("$5");
    expect(usdPerMillion("18750000")).toBe("$18.75");
    expect(usdPerMillion("1")).toBe("$0.000001");
  });

  it("sums without losing a digit", () => {
    const sum = ["9007199254740993", "1", "9007199254740993"].reduce((total, part) => total + pico(part), 0n);
    expect(sum.toString()).toBe("18014398509481987");
    expect(pico(null)).toBe(0n);
  });
});
