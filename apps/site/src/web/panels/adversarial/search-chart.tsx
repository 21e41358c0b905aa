// The search over c as a chart: every solved problem at its c and the distortion of its minimiser.
import type { SearchPoint } from "../../../run/adversarial/outcome.ts";
import { useWidth } from "../../use-width.ts";

const height = 210;
const margin = { left: 46, right: 14, top: 14, bottom: 40 };

interface SearchChartProps {
  readonly points: readonly SearchPoint[];
  /** The label whose search is shown strongly; null while none is reached. */
  readonly target: number | null;
  /** The c of the result, once it is known. */
  readonly c: number | null;
}

/** c on a logarithmic axis, distortion upwards; a disc is a minimiser that has the label, a cross one that has not. */
export function SearchChart({ points, target, c }: SearchChartProps) {
  const [box, width] = useWidth();
  const [low, high] = decades(points);
  const top = niceTop(Math.max(0, ...points.filter((p) => p.reached).map((p) => p.distortion)));
  const x = (value: number) =>
    margin.left + ((width - margin.left - margin.right) * (Math.log10(value) - low)) / (high - low);
  const y = (value: number) =>
    height - margin.bottom - ((height - margin.top - margin.bottom) * Math.min(value, top)) / top;
  const shown = [...points].sort((a, b) => Number(a.target === target) - Number(b.target === target));
  return (
    <figure class="search-chart">
      <div ref={box}>
        <svg viewBox={`0 0 ${width} ${height}`} height={height} role="img" aria-label={inWords(points, target, c)}>
          {[0, top / 2, top].map((value) => (
            <g key={value}>
              <line class="grid" x1={margin.left} x2={width - margin.right} y1={y(value)} y2={y(value)} />
              <text x={margin.left - 8} y={y(value) + 4} text-anchor="end">
                {value === 0 ? "0" : Number(value.toPrecision(2))}
              </text>
            </g>
          ))}
          {Array.from({ length: high - low + 1 }, (_, i) => low + i)
            .filter((exponent) => high - low < 6 || (exponent - low) % 2 === 0)
            .map((exponent) => (
              <text key={exponent} x={x(10 ** exponent)} y={height - margin.bottom + 18} text-anchor="middle">
                10
                <tspan dy="-5" class="exponent">
                  {String(exponent).replace("-", "−")}
                </tspan>
              </text>
            ))}
          <text class="axis" x={width - margin.right} y={height - 6} text-anchor="end">
            weight c →
          </text>
          <text class="axis" x={margin.left} y={height - 6}>
            ↑ distortion
          </text>
          {c !== null && <line class="chosen" x1={x(c)} x2={x(c)} y1={margin.top} y2={height - margin.bottom} />}
          {shown.map((point, i) => (
            <Mark key={i} point={point} x={x(point.c)} y={y(point.distortion)} strong={point.target === target} />
          ))}
        </svg>
      </div>
      <figcaption>
        <Key reached /> has the label, <Key reached={false} /> has not.{" "}
        {c !== null && <>The line is the largest c found that reaches it, {short(c)}.</>}
      </figcaption>
    </figure>
  );
}

interface MarkProps {
  readonly point: SearchPoint;
  readonly x: number;
  readonly y: number;
  readonly strong: boolean;
}

function Mark({ point: { reached }, x, y, strong }: MarkProps) {
  const place = {
    class: `mark${reached ? " reached" : ""}${strong ? " strong" : ""}`,
    transform: `translate(${x} ${y})`,
  };
  return reached ? <circle r="4.5" {...place} /> : <path d="M-3.5-3.5l7 7m0-7l-7 7" {...place} />;
}

function Key({ reached }: { reached: boolean }) {
  return (
    <svg class="key" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
      <Mark point={{ reached } as SearchPoint} x={6} y={6} strong />
    </svg>
  );
}

/** The chart without looking at it. */
function inWords(points: readonly SearchPoint[], target: number | null, c: number | null): string {
  const own = points.filter((point) => point.target === target);
  const reached = own.filter((point) => point.reached);
  const parts = [`Search over c: ${points.length} problems solved.`];
  if (target !== null && reached.length > 0) {
    const least = Math.min(...reached.map((point) => point.distortion));
    parts.push(
      `Towards ${target}: ${reached.length} of ${own.length} reach the label, the least distortion is ${short(least)}.`,
    );
  }
  if (c !== null) parts.push(`The largest c that reaches it is ${short(c)}.`);
  return parts.join(" ");
}

/** Whole powers of ten around all c; at least two. */
function decades(points: readonly SearchPoint[]): [number, number] {
  const exponents = points.map((point) => Math.log10(point.c));
  const low = Math.floor(Math.min(-1, ...exponents));
  return [low, Math.max(low + 2, Math.ceil(Math.max(1, ...exponents)))];
}

/** A round number above the value, whose half is round as well. */
function niceTop(value: number): number {
  if (value <= 0) return 0.1;
  const unit = 10 ** Math.floor(Math.log10(value));
  return unit * ([1, 1.2, 1.6, 2, 3, 4, 6, 8, 10].find((step) => step * unit >= 1.05 * value) ?? 10);
}

const short = (value: number) => value.toLocaleString("en", { maximumSignificantDigits: 3 });
