import { describe, expect, it } from "vitest";
import type { Target } from "../api/types";
import { standing } from "./standing";

const now = Date.parse("2026-11-21T05:00:00Z");
const target = (change: Partial<Target>): Target => ({
  route: "claude-opus-5-5", model: "claude-opus-5-5", breaker: { state: "closed", failures: 0, openUntil: null },
  waitUntil: null, lastError: null, lastSuccessAt: null, callsLastHour: 0, errorsLastHour: 0, ...change,
});
const error = (outcome: string) => ({ at: "2026-11-21T04:59:00Z", outcome, status: null, detail: null, callId: null });

describe("a target", () => {
  it("is in use as soon as a call was served, whatever failed before", () => {
    expect(standing(target({}), now).label).toBe("Not used yet");
    expect(standing(target({ lastError: error("overloaded"), lastSuccessAt: "2026-11-21T04:59:30Z" }), now)).toEqual({ label: "In use", tone: "good", advice: null });
  });

  it("says what to do when its credential is refused, though its breaker is closed", () => {
    const { label, advice } = standing(target({ lastError: error("credential_refused") }), now);
    expect(label).toBe("Credential refused");
    expect(advice).toContain("configuration");
  });

  it("counts the seconds of a pause down, and then stands on trial", () => {
    const open = (until: string) => target({ breaker: { state: "open", failures: 3, openUntil: until }, lastError: error("overloaded") });
    expect(standing(open("2026-11-21T05:00:12.500Z"), now)).toMatchObject({ label: "Paused for 13 s" });
    expect(standing(open("2026-11-21T05:00:12.500Z"), now).advice).toContain("Paused after 3 failures in a row.");
    expect(standing(open("2026-11-21T04:59:59Z"), now)).toMatchObject({ label: "On trial" });
    expect(standing(target({ waitUntil: "2026-11-21T05:00:02Z", lastError: error("rate_limited") }), now)).toMatchObject({ label: "Waits 2 s", tone: "warn" });
  });
});
