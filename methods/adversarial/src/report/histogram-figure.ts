import { median } from "@reprise/data";
import { niceStep, short } from "./axis.ts";
import { svgDocument } from "./svg.ts";

export interface HistogramOptions {
  /** What the values are, for the axis. */
  readonly label?: string;
  readonly bins?: number;
}

/** Values as a histogram in SVG, their median as a dashed line. @throws RangeError for values that are not finite */
export function histogramFigure(
  values: readonly number[],
  { label = "distortion, RMS per pixel", bins = 20 }: HistogramOptions = {},
): string {
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new RangeError(`histogramFigure: value ${bad} is ${values[bad]}, expected finite numbers.`);
  const [left, top, width, height] = [56, 32, 380, 240];
  const bottom = top + height;
  const { step, edges } = niceEdges(Math.min(0, ...values), Math.max(0, ...values), bins);
  const counts = new Array<number>(edges.length - 1).fill(0);
  for (const value of values) {
    const bin = Math.min(counts.length - 1, Math.max(0, Math.floor((value - edges[0]!) / step)));
    counts[bin]!++;
  }
  const most = Math.max(1, ...counts);
  const x = (value: number) => left + (width * (value - edges[0]!)) / (edges.at(-1)! - edges[0]!);
  const y = (count: number) => bottom - (height * count) / most;
  const text = (px: number, py: number, anchor: string, words: string) =>
    `<text x="${px.toFixed(1)}" y="${py.toFixed(1)}" text-anchor="${anchor}">${words}</text>`;
  const body = counts.map((count, i) => {
    const [from, to] = [edges[i]!, edges[i + 1]!];
    return (
      `<rect x="${x(from).toFixed(1)}" y="${y(count).toFixed(1)}" width="${(x(to) - x(from) - 1).toFixed(1)}" ` +
      `height="${(bottom - y(count)).toFixed(1)}" fill="#1b5e9e">` +
      `<title>${short(from)} to ${short(to)}: ${count}</title></rect>`
    );
  });
  body.push(`<line x1="${left}" x2="${left + width}" y1="${bottom}" y2="${bottom}" stroke="#555"/>`);
  for (let i = 0; i < edges.length; i += Math.ceil((edges.length - 1) / 5))
    body.push(text(x(edges[i]!), bottom + 18, "middle", short(edges[i]!)));
  body.push(text(left - 6, top + 8, "end", String(most)), text(left - 6, bottom, "end", "0"));
  body.push(text(left + width / 2, bottom + 36, "middle", `${label}; ${values.length} images`));
  if (values.length > 0) {
    const middle = median(values);
    body.push(
      `<line x1="${x(middle).toFixed(1)}" x2="${x(middle).toFixed(1)}" y1="${top - 6}" y2="${bottom}" stroke="#b3400f" ` +
        `stroke-width="2" stroke-dasharray="6 3"/>`,
      text(x(middle), top - 12, "middle", `median ${short(middle)}`),
    );
  }
  return svgDocument(left + width + 40, bottom + 48, `Histogram: ${label}`, body);
}

/** At most `bins` bins of a width 1, 2 or 5 times a power of ten, from a multiple of it at or below `low`. */
function niceEdges(low: number, high: number, bins: number): { step: number; edges: number[] } {
  const range = high > low ? high - low : 1;
  const step = niceStep(range, bins - 1);
  const first = Math.floor(low / step);
  const last = Math.max(first + 1, Math.floor(high / step) + 1);
  return { step, edges: Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step) };
}
