import type { Target } from "../api/types";
import type { Tone } from "../components/ui/surface";
import { plural } from "./numbers";

/** What a target is worth at this moment, and what a person can do about it. */
export interface Standing {
  label: string;
  tone: Tone;
  /** Nothing where all is well. */
  advice: string | null;
}

const ELSEWHERE = "Calls go to the route's next target meanwhile, if it has one.";

const advices: Record<string, string> = {
  credential_refused: "The provider refuses the credential. Put a valid one into the configuration: it is used as soon as that is saved.",
  rate_limited: "Your limit at the provider is reached. A higher one there, or one more target on the route, helps.",
  overloaded: "The provider has too much to do. Nothing is wrong here.",
  provider_error: "Something failed at the provider. Its status page may say what.",
  connect_failed: "The address cannot be reached from here. Check baseUrl and the network.",
  timed_out: "It did not answer in time. Its status page, or the network, may say why.",
  cut: "Its last answer broke off on the way.",
};

export function standing(target: Target, now: number): Standing {
  const { breaker, lastError, lastSuccessAt } = target;
  const unsolved = lastError && (!lastSuccessAt || lastSuccessAt < lastError.at) ? lastError.outcome : null;
  const advice = unsolved ? (advices[unsolved] ?? null) : null;
  const seconds = (until: string | null) => (until ? Math.ceil((Date.parse(until) - now) / 1000) : 0);

  if (unsolved === "credential_refused") return { label: "Credential refused", tone: "bad", advice };
  const pause = seconds(target.waitUntil);
  if (pause > 0) return { label: `Waits ${pause} s`, tone: "warn", advice: `The provider asked for a pause. ${ELSEWHERE} ${advice ?? ""}`.trim() };
  const failed = `Paused after ${plural(breaker.failures, "failure")} in a row.`;
  const open = seconds(breaker.openUntil);
  if (breaker.state === "open" && open > 0) return { label: `Paused for ${open} s`, tone: "bad", advice: `${failed} ${ELSEWHERE} ${advice ?? ""}`.trim() };
  if (breaker.state !== "closed") return { label: "On trial", tone: "warn", advice: `${failed} The next call tries it again. ${advice ?? ""}`.trim() };
  if (unsolved) return { label: "In use", tone: "warn", advice };
  return lastSuccessAt ? { label: "In use", tone: "good", advice: null } : { label: "Not used yet", tone: "neutral", advice: null };
}
