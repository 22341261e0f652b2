import { browserZone } from "../lib/time";
import { customDays, RANGES, type RangeSearch } from "../lib/range";
import { Segments, Select } from "./ui/field";

/** A named range, or any two days. */
export function RangePicker({ search, zone, now, onChange }: { search: RangeSearch; zone: string; now: number; onChange: (search: RangeSearch) => void }) {
  const range = search.range ?? "7d";
  const days = customDays(search, zone, now);
  const day = (name: "from" | "to") => (
    <input
      type="date" aria-label={name === "from" ? "First day" : "Last day"} value={days[name]} required
      onChange={(event) => event.target.value && onChange({ range: "custom", ...days, [name]: event.target.value })}
      className="h-9 w-36 rounded-lg border border-edge bg-surface px-2"
    />
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
