import type { Call } from "../../api/types";
import { Badge } from "../../components/ui/surface";
import { useNow } from "../../components/values";
import { outcomes } from "../../lib/outcome";
import { duration } from "../../lib/time";

export function OutcomeBadge({ call }: { call: Call }) {
  if (call.state === "open" || call.outcome === null) return <Badge tone="bronze" dot="pulsing" title="The call is under way.">Running</Badge>;
  const { label, tone, meaning } = outcomes[call.outcome];
  return <Badge tone={tone} title={call.errorType ? `${meaning} ${call.errorType}` : meaning}>{label}{call.outcome !== "completed" && call.status !== null && call.status !== 200 ? ` ${call.status}` : ""}</Badge>;
}

/** How long it took, or takes until now. */
export function Elapsed({ call }: { call: Call }) {
  const open = call.state === "open";
  const now = useNow(500, open);
  return <span className="num">{duration(open ? Math.max(0, now - Date.parse(call.openedAt)) : call.durationMillis)}</span>;
}

export function Flags({ call }: { call: Call }) {
  return (
    <>
      {call.estimated && <Badge tone="warn" title="The provider did not say what was used to the end; this is counted from its last word, or a floor.">estimated</Badge>}
      {call.unpriced && <Badge tone="warn" title="This model is in no price list: charged at the stated default, never free.">default price</Badge>}
    </>
  );
}
