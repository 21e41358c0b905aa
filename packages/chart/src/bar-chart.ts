// One value for each of some names, as horizontal bars, with intervals where there are any.
import { scaleBand } from "d3-scale";
import { type Axis, drawHorizontal, scaleOf, shortNumber, text } from "./axis.ts";
import { cut, ink, strokes, textWidth } from "./style.ts";
import { type Chart, element } from "./svg.ts";

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** Ends of an interval. */
  readonly low?: number;
  readonly high?: number;
  /** Shown where the pointer rests. */
  readonly title?: string;
  readonly colour?: string;
  readonly class?: string;
}

export interface BarChartOptions {
  readonly title: string;
  readonly axis?: Axis;
  readonly width?: number;
  /** Of one bar with what is between it and the next. */
  readonly line?: number;
}

/** Bars from 0, one below the other; the value stands behind each. A bar that is not finite is a name without one. */
export function barChart(bars: readonly Bar[], { title, axis = {}, width = 480, line = 26 }: BarChartOptions): Chart {
  const names = Math.min(0.4 * width, 20 + Math.max(0, ...bars.map(({ name }) => textWidth(name))));
  const frame = { left: names, top: 8, width: width - names - 64, height: line * bars.length };
  const values = bars.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value]);
  const x = scaleOf(axis, values, [frame.left, frame.left + frame.width]);
  // By place, not by name: two bars may have one name.
  const band = scaleBand<number>()
    .domain(bars.keys())
    .range([frame.top, frame.top + frame.height])
    .padding(0.2);
  const write = axis.format ?? shortNumber;
  return {
    width,
    height: frame.top + frame.height + (axis.label ? 48 : 28),
    title,
    children: [
      ...bars.flatMap(({ name, value, low, high, title: told, colour, class: own }, i) => {
        const y = band(i)!;
        const middle = y + band.bandwidth() / 2;
        const label = text(names - 8, middle + 4, cut(name, Math.floor((names - 20) / 7)), { "text-anchor": "end" });
        if (!Number.isFinite(value)) return [label];
        const [from, to] = [Math.min(x(0), x(value)), Math.max(x(0), x(value))];
        const place = { x: from, y, width: to - from, height: band.bandwidth() };
        return [
          label,
          element(
            "rect",
            { class: own ?? "bar", ...place, fill: colour ?? strokes[0].stroke },
            ...(told ? [element("title", {}, told)] : []),
          ),
          ...(low !== undefined && high !== undefined
            ? [element("line", { class: "interval", x1: x(low), x2: x(high), y1: middle, y2: middle, stroke: ink })]
            : []),
          text(x(Math.max(value, high ?? value)) + 6, middle + 4, write(value)),
        ];
      }),
      ...drawHorizontal(axis, x, frame),
    ],
  };
}
