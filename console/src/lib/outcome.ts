import type { Call, Outcome } from "../api/types";
import type { Tone } from "../components/ui/surface";

/** What the overview counts as errors: all but whole answers and clients that left. */
export const ERRORS: readonly Outcome[] = ["failed", "refused", "cut", "interrupted"];

export const outcomes: Record<Outcome, { label: string; tone: Tone; meaning: string }> = {
  completed: { label: "Completed", tone: "good", meaning: "The provider's answer arrived whole." },
  failed: { label: "Failed", tone: "bad", meaning: "A provider's error was passed on, or no target could serve." },
  refused: { label: "Refused", tone: "bad", meaning: "The gateway itself said no: unknown model, body too large, or shutting down." },
  aborted: { label: "Aborted", tone: "warn", meaning: "The client left before the end. It is charged for what was used until then." },
  cut: { label: "Cut", tone: "bad", meaning: "The provider's answer broke off after it had begun." },
  interrupted: { label: "Interrupted", tone: "bad", meaning: "The server stopped while the call was under way; settled at the next start." },
};

export const isError = (call: Call): boolean => call.outcome !== null && ERRORS.includes(call.outcome);
