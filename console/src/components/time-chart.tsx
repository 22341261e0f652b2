import { clsx } from "clsx";
import { type MouseEvent, type PointerEvent, useLayoutEffect, useRef, useState } from "react";
import { Curve, getNiceTickValues, Rectangle, Surface } from "recharts";

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

const HEIGHT = 208;
const TICKS = 5;
const BAR_PIXELS_MAX = 36;
/** Wide enough for any digit of the axes' font at 12 pixels. */
const CHARACTER_PIXELS = 7;
const LABEL_GAP_PIXELS = 24;
const frame = { top: 8, right: 4, bottom: 24 };

/**
 * Values over time. Loaded when first shown. Drawn with Recharts' shapes and ticks rather than its charts: those bring a
 * store and every kind of chart there is, five times as many bytes, and would not fit into what the first page may weigh.
 */
export default function TimeChart({ kind, rows, series, axis, whole = false, onPick }: TimeChartProps) {
  const [width, box] = useWidth();
  const [hovered, setHovered] = useState<number | null>(null);
  const sums = rows.flatMap(({ values }) => {
    const drawn = series.map(({ key }) => values[key] ?? 0);
    return kind === "bars" ? [drawn.reduce((sum, value) => sum + value, 0)] : drawn;
  });
  const ticks = getNiceTickValues([0, Math.max(0, ...sums)], TICKS, !whole);
  const top = ticks.at(-1) || 1;
  const left = 8 + CHARACTER_PIXELS * Math.max(...ticks.map((tick) => axis(tick).length));
  const band = Math.max(0, width - left - frame.right) / Math.max(1, rows.length);
  const centre = (at: number) => left + band * (at + 0.5);
  const floor = HEIGHT - frame.bottom;
  const y = (value: number) => floor - (value / top) * (floor - frame.top);
  const under = (event: PointerEvent | MouseEvent) => {
    const at = Math.floor((event.clientX - event.currentTarget.getBoundingClientRect().left - left) / band);
    return at >= 0 && at < rows.length ? at : null;
  };
  const active = hovered === null ? undefined : rows[hovered];
  return (
    // The table below the chart says the same to the keyboard and to screen readers.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions, jsx-a11y/click-events-have-key-events
    <div
      ref={box} className="relative h-full cursor-pointer text-xs"
      onPointerMove={(event) => setHovered(under(event))} onPointerLeave={() => setHovered(null)}
      onClick={(event) => {
        const row = rows[under(event) ?? -1];
        if (row) onPick(row);
      }}
    >
      {width > 0 && (
        <Surface width={width} height={HEIGHT} className="absolute inset-0 overflow-visible">
          {active && kind === "bars" && <rect x={centre(hovered!) - band / 2} y={frame.top} width={band} height={floor - frame.top} className="fill-sunken" />}
          {ticks.map((tick) => (
            <g key={tick}>
              <line x1={left} x2={width - frame.right} y1={y(tick)} y2={y(tick)} className="stroke-line" />
              <text x={left - 8} y={y(tick)} dy="0.355em" textAnchor="end" className="num fill-faint">{axis(tick)}</text>
            </g>
          ))}
          <TimeLabels labels={rows.map(({ label }) => label)} centre={centre} band={band} right={width} />
          {active && kind === "lines" && <line x1={centre(hovered!)} x2={centre(hovered!)} y1={frame.top} y2={floor} className="stroke-edge" />}
          {kind === "bars" ? <Bars rows={rows} series={series} y={y} centre={centre} width={Math.min(BAR_PIXELS_MAX, band * 0.82)} /> : <Lines rows={rows} series={series} y={y} centre={centre} />}
        </Surface>
      )}
      {active && (
        <div className={clsx("pointer-events-none absolute top-2 z-10", centre(hovered!) > width / 2 ? "-translate-x-full" : "")} style={{ left: centre(hovered!) + (centre(hovered!) > width / 2 ? -12 : 12) }}>
          <Tip row={active} series={series} />
        </div>
      )}
    </div>
  );
}

/** As many labels as fit, the same distance apart; the last is kept inside. */
function TimeLabels({ labels, centre, band, right }: { labels: string[]; centre: (at: number) => number; band: number; right: number }) {
  const longest = CHARACTER_PIXELS * Math.max(0, ...labels.map((label) => label.length));
  const step = Math.max(1, Math.ceil((longest + LABEL_GAP_PIXELS) / (band || 1)));
  return labels.map((label, at) =>
    at % step === 0 && (
      <text key={at} x={Math.min(centre(at), right - (CHARACTER_PIXELS * label.length) / 2)} y={HEIGHT - 6} textAnchor="middle" className="num fill-faint">{label}</text>
    ),
  );
}

interface Drawing {
  rows: ChartRow[];
  series: ChartSeries[];
  centre: (at: number) => number;
  y: (value: number) => number;
}

function Bars({ rows, series, centre, y, width }: Drawing & { width: number }) {
  return rows.map((row, at) => {
    let below = 0;
    return series.map(({ key, color }) => {
      const value = row.values[key] ?? 0;
      const bottom = y(below);
      below += value;
      return value > 0 && <Rectangle key={`${row.start} ${key}`} x={centre(at) - width / 2} y={y(below)} width={width} height={bottom - y(below)} fill={color} />;
    });
  });
}

function Lines({ rows, series, centre, y }: Drawing) {
  return series.map(({ key, color }) => {
    const points = rows.map((row, at) => ({ x: centre(at), y: row.values[key] === null || row.values[key] === undefined ? null : y(row.values[key]) }));
    return (
      <g key={key}>
        <Curve points={points} fill="none" stroke={color} strokeWidth={2} />
        {points.map((point) => point.y !== null && <circle key={point.x} cx={point.x} cy={point.y} r={2} fill={color} />)}
      </g>
    );
  });
}

function useWidth() {
  const [width, setWidth] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current!;
    const measure = () => setWidth(element.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [width, box] as const;
}

function Tip({ row, series }: { row: ChartRow; series: ChartSeries[] }) {
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
