import { Bar, BarChart, CartesianGrid, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";

export interface ChartSeries {
  key: string;
  label: string;
  color: string;
}

export interface ChartRow {
  start: string;
  end: string;
  label: string;
  title: string;
  /** Heights by series; only for drawing. */
  values: Record<string, number | null>;
  /** What the numbers are, in words, by series. */
  words: Record<string, string>;
}

export interface TimeChartProps {
  kind: "bars" | "lines";
  rows: ChartRow[];
  series: ChartSeries[];
  axis: (value: number) => string;
  /** The values are counts: half a call is not worth a tick. */
  whole?: boolean;
  onPick: (row: ChartRow) => void;
}

const tick = { fill: "var(--color-faint)", fontSize: 12 };

/** Values over time. Loaded when first shown: the drawing library weighs more than the rest of the page. */
export default function TimeChart({ kind, rows, series, axis, whole = false, onPick }: TimeChartProps) {
  const common = {
    data: rows,
    margin: { top: 8, right: 4, bottom: 0, left: 0 },
    // The table below the chart says the same to the keyboard and to screen readers.
    accessibilityLayer: false,
    onClick: (state: { activeTooltipIndex?: number | string | null } | null) => {
      const row = rows[Number(state?.activeTooltipIndex ?? Number.NaN)];
      if (row) onPick(row);
    },
    style: { cursor: "pointer" },
  };
  const frame = (
    <>
      <CartesianGrid vertical={false} stroke="var(--color-line)" />
      <XAxis dataKey="label" tick={tick} tickLine={false} axisLine={{ stroke: "var(--color-line)" }} minTickGap={24} interval="equidistantPreserveStart" height={24} />
      <YAxis tick={tick} tickLine={false} axisLine={false} tickFormatter={axis} width="auto" domain={[0, "auto"]} allowDecimals={!whole} />
      <Tooltip isAnimationActive={false} cursor={kind === "bars" ? { fill: "var(--color-sunken)" } : { stroke: "var(--color-edge)" }} content={({ active, payload }) => <Tip row={active ? (payload?.[0]?.payload as ChartRow | undefined) : undefined} series={series} />} />
    </>
  );
  return (
    <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 480, height: 200 }}>
      {kind === "bars" ? (
        <BarChart {...common} barCategoryGap="18%">
          {frame}
          {series.map(({ key, color }) => (
            <Bar key={key} dataKey={(row: ChartRow) => row.values[key] ?? 0} stackId="all" fill={color} maxBarSize={36} isAnimationActive={false} />
          ))}
        </BarChart>
      ) : (
        <LineChart {...common}>
          {frame}
          {series.map(({ key, color }) => (
            <Line key={key} dataKey={(row: ChartRow) => row.values[key] ?? null} stroke={color} strokeWidth={2} dot={{ r: 2, fill: color, strokeWidth: 0 }} isAnimationActive={false} />
          ))}
        </LineChart>
      )}
    </ResponsiveContainer>
  );
}

function Tip({ row, series }: { row: ChartRow | undefined; series: ChartSeries[] }) {
  if (!row) return null;
  return (
    <div className="rounded-lg border border-line bg-surface px-3 py-2 text-[0.8125rem] shadow-pop">
      <p className="mb-1 font-medium">{row.title}</p>
      {series.filter(({ key }) => row.words[key]).map(({ key, label, color }) => (
        <p key={key} className="flex items-center gap-2">
          <span className="size-2 rounded-sm" style={{ background: color }} />
          <span className="max-w-52 grow truncate pr-3 text-soft">{label}</span>
          <span className="num font-medium">{row.words[key]}</span>
        </p>
      ))}
    </div>
  );
}
