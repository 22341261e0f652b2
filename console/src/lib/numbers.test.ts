import { describe, expect, it } from "vitest";
import { bytes, compact, count, plural } from "./numbers";

describe("numbers", () => {
  it("keeps missing apart from zero", () => {
    expect(count(null)).toBe("–");
    expect(count(0)).toBe("0");
  });

  it("shortens without reaching a thousand of a unit", () => {
    expect(compact(999)).toBe("999");
    expect(compact(1000)).toBe("1K");
    expect(compact(12_345)).toBe("12.3K");
    expect(compact(999_960)).toBe("1M");
    expect(compact(345_600_000)).toBe("346M");
  });

  it("says sizes and plurals", () => {
    expect(bytes(912)).toBe("912 B");
    expect(bytes(3 * 1024 * 1024)).toBe("3.0 MiB");
    expect(plural(1, "call")).toBe("1 call");
    expect(plural(2, "call")).toBe("2 calls");
  });
});
