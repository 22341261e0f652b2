import { describe, expect, it } from "vitest";
import { accepts, merge } from "./calls";
import type { Call } from "./types";

const call = (id: string, second: number, change: Partial<Call> = {}): Call => ({
  id, openedAt: `2026-11-21T05:00:${String(second).padStart(2, "0")}.000Z`, settledAt: null, state: "open", outcome: null,
  key: { id: "k1", name: "laptop" }, member: null, dialect: "anthropic", operation: "messages", requestedModel: "claude-opus-5-5",
  route: null, provider: "anthropic", targetModel: null, streaming: true, status: null, errorType: null,
  usage: { input: null, cacheWrite5m: null, cacheWrite1h: null, cacheRead: null, output: null },
  estimated: false, unpriced: false, costPico: null, ttfbMillis: null, durationMillis: null, requestBytes: 1, responseBytes: null,
  attemptCount: 0, sessionId: null, agentId: null, parentAgentId: null, userAgent: null, node: "n", ...change,
});

const pages = (...items: Call[][]) => ({
  pages: items.map((page, number) => ({ items: page, nextCursor: number < items.length - 1 ? `c${number}` : null })),
  pageParams: items.map((_, number) => (number ? `c${number - 1}` : null)),
});

const ids = (data: ReturnType<typeof merge>) => data.pages.map((page) => page.items.map((item) => item.id).join(""));

describe("calls that arrive live", () => {
  it("come first when they are the newest", () => {
    expect(ids(merge(pages([call("b", 2), call("a", 1)]), {}, call("c", 3)))).toEqual(["cba"]);
  });

  it("keep the order when they are late", () => {
    expect(ids(merge(pages([call("c", 3), call("a", 1)]), {}, call("b", 2)))).toEqual(["cba"]);
  });

  it("take their own place when they settle, also on a later page", () => {
    const settled = call("a", 1, { state: "settled", outcome: "completed" });
    const merged = merge(pages([call("b", 2)], [call("a", 1)]), {}, settled);
    expect(ids(merged)).toEqual(["b", "a"]);
    expect(merged.pages[1]!.items[0]!.state).toBe("settled");
  });

  it("do not open again when the events come in the wrong order", () => {
    const before = pages([call("a", 1, { state: "settled", outcome: "completed" })]);
    expect(merge(before, {}, call("a", 1))).toBe(before);
  });

  it("stay out when the filter does not mean them", () => {
    expect(ids(merge(pages([]), { keyId: "k2" }, call("a", 1)))).toEqual([""]);
    expect(ids(merge(pages([]), { outcome: "failed,cut" }, call("a", 1, { state: "settled", outcome: "cut" })))).toEqual(["a"]);
  });

  it("leave a list older than themselves alone", () => {
    expect(ids(merge(pages([call("c", 3)], [call("a", 1)]), {}, call("b", 2)))).toEqual(["c", "a"]);
  });

  it("are accepted as the server would", () => {
    expect(accepts({ memberId: "none", agentId: "main" }, call("a", 1))).toBe(true);
    expect(accepts({ from: "2026-11-21T05:00:01Z", to: "2026-11-21T05:00:02Z" }, call("a", 1))).toBe(true);
    expect(accepts({ to: "2026-11-21T05:00:01Z" }, call("a", 1))).toBe(false);
  });
});
