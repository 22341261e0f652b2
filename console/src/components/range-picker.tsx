import { useEffect, useRef } from "react";
import { browserZone } from "../lib/time";
import { customDays, RANGES, type RangeSearch } from "../lib/range";
import { Segments, Select } from "./ui/field";

/** A named range, or any two days. */
export function RangePicker({ search, zone, now, onChange }: { search: RangeSearch; zone: string; now: number; onChange: (search: RangeSearch) => void }) {
  const range = search.range ?? "7d";
  const days = customDays(search, zone, now);
  const day = (name: "from" | "to") => (
    <Day label={name === "from" ? "First day" : "Last day"} value={days[name]} onChange={(next) => onChange({ range: "custom", ...days, [name]: next })} />
  );
  return (
    <div className="flex max-w-full flex-wrap items-center gap-2">
      <Segments
        label="Range of time" value={range} choices={[...RANGES]}
        onChange={(next) => onChange(next === "custom" ? { range: next, ...days } : { range: next, from: undefined, to: undefined })}
      />
      {range === "custom" && <div className="flex items-center gap-1.5">{day("from")}<span className="text-faint">to</span>{day("to")}</div>}
    </div>
  );
}

const EARLIEST = "2000-01-01";

/** A day that is chosen counts at once; one that is typed when it is whole, since half of it is another day. */
function Day({ label, value, onChange }: { label: string; value: string; onChange: (day: string) => void }) {
  const typing = useRef(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (input.current && !typing.current) input.current.value = value;
  }, [value]);
  const commit = (field: HTMLInputElement) => {
    typing.current = false;
    if (field.value < EARLIEST) field.value = value;
    else if (field.value !== value) onChange(field.value);
  };
  return (
    <input
      ref={input} type="date" aria-label={label} defaultValue={value} min={EARLIEST} required
      onPointerDown={() => (typing.current = false)}
      onKeyDown={(event) => {
        typing.current = true;
        if (event.key === "Enter") commit(event.currentTarget);
      }}
      onChange={(event) => !typing.current && commit(event.currentTarget)}
      onBlur={(event) => commit(event.currentTarget)}
      className="h-9 w-36 rounded-lg border border-edge bg-surface px-2"
    />
  );
}

const zones = () => {
  const own = browserZone();
  const others = Intl.supportedValuesOf("timeZone").filter((zone) => zone !== own && zone !== "UTC");
  return { own, others };
};

export function ZonePicker({ zone, onChange }: { zone: string; onChange: (zone: string) => void }) {
  const { own, others } = zones();
  return (
    <Select label="Time zone" hideLabel value={zone} onChange={(event) => onChange(event.target.value)} className="w-44">
      <option value={own}>{own.replaceAll("_", " ")} (yours)</option>
      {own !== "UTC" && <option value="UTC">UTC</option>}
      {others.map((name) => <option key={name} value={name}>{name.replaceAll("_", " ")}</option>)}
    </Select>
  );
}
