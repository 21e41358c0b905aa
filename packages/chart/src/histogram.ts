// How often values lie where.

import { scaleLinear } from "d3-scale";
import { drawHorizontal, drawVertical, scaleOf, shortNumber } from "./axis.ts";
import { referenceLine } from "./reference.ts";
import { strokes } from "./style.ts";
import { type Chart, element } from "./svg.ts";

export interface HistogramOptions {
  readonly title: string;
  /** What the values are, under the axis. */
  readonly label?: string;
  /** Most bins; their width is 1, 2 or 5 times a power of ten. */
  readonly bins?: number;
  /** A dashed line with a word at its top, as for the median. */
  readonly reference?: { readonly x: number; readonly label: string };
  readonly width?: number;
  readonly height?: number;
}

/** Of values from 0, or from the least where it is below. @throws RangeError for values that are not finite */
export function histogram(
  values: readonly number[],
  { title, label, bins = 20, reference, width = 476, height = 320 }: HistogramOptions,
): Chart {
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new RangeError(`histogram: value ${bad} is ${values[bad]}, expected finite numbers.`);
  const frame = { left: 56, top: 32, width: width - 96, height: height - 80 };
  const bottom = frame.top + frame.height;
  const edges = roundEdges(values, bins);
  const counts = countsBetween(values, edges);
  const x = scaleOf({ domain: [edges[0]!, edges.at(-1)!] }, [], [frame.left, frame.left + frame.width]);
  const vertical = { domain: [0, Math.max(1, ...counts)] as const, ticks: Math.min(5, Math.max(1, ...counts)) };
  const y = scaleOf(vertical, [], [bottom, frame.top]);
  return {
    width,
    height,
    title,
    children: [
      ...drawVertical(vertical, y, frame),
      ...counts.map((count, i) => {
        const [from, to] = [edges[i]!, edges[i + 1]!];
        return element(
          "rect",
          {
            class: "bar",
            x: x(from),
            y: y(count),
            width: Math.max(0.5, x(to) - x(from) - 1),
            height: bottom - y(count),
            fill: strokes[0].stroke,
          },
          element("title", {}, `${shortNumber(from)} to ${shortNumber(to)}: ${count}`),
        );
      }),
      ...drawHorizontal(label ? { label } : {}, x, frame),
      ...(reference ? referenceLine(reference, x, frame) : []),
    ],
  };
}

/** Round edges around all values and 0, at most `bins` intervals, each [edge, next): the greatest value is below the last. */
function roundEdges(values: readonly number[], bins: number): number[] {
  const low = values.reduce((a, b) => Math.min(a, b), 0);
  const high = values.reduce((a, b) => Math.max(a, b), 0);
  const above = high > low ? high + 1e-9 * (high - low) : low + 1;
  for (let count = bins; count > 1; count--) {
    const edges = scaleLinear().domain([low, above]).nice(count).ticks(count);
    if (edges.length - 1 <= bins) return edges;
  }
  return [low, above];
}

/** How many values are in [edge, next edge). */
function countsBetween(values: readonly number[], edges: readonly number[]): number[] {
  const counts = new Array<number>(edges.length - 1).fill(0);
  for (const value of values) {
    let bin = counts.length - 1;
    while (bin > 0 && value < edges[bin]!) bin--;
    counts[bin]!++;
  }
  return counts;
}
