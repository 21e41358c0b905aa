// Scales, their ticks and how they are drawn: one way for every chart.
import { format } from "d3-format";
import { type ScaleContinuousNumeric, scaleLinear, scaleLog } from "d3-scale";
import { faint, ink } from "./style.ts";
import { element, type SvgElement } from "./svg.ts";

export interface Axis {
  readonly label?: string;
  readonly scale?: "linear" | "log";
  /** Ends of the axis; from the data, made round, where left out. Of a log axis both are above 0. */
  readonly domain?: readonly [number, number];
  /** About so many ticks. */
  readonly ticks?: number;
  /** How a tick is written. */
  readonly format?: (value: number) => string;
}

export type Scale = ScaleContinuousNumeric<number, number>;

/** Where a chart's data are drawn, in px. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const digits = format(".3~r");
const exponent = format(".2~e");

/** A number in at most three digits, with a minus sign that is one: 0.0342, 1,230,000 as 1230000, 1.2e−7. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-4 || size >= 1e7)
    ? exponent(value).replace("e+", "e").replace("e-", "e−")
    : digits(value);
}

/** The scale of an axis over its pixels. @param values  the data, for a domain that is not given; those not finite are ignored */
export function scaleOf(axis: Axis, values: readonly number[], range: readonly [number, number]): Scale {
  const log = axis.scale === "log";
  const finite = values.filter((value) => Number.isFinite(value) && (!log || value > 0));
  const scale = log ? scaleLog() : scaleLinear();
  if (axis.domain) return scale.domain(axis.domain).range(range);
  const low = finite.reduce((a, b) => Math.min(a, b), log ? Infinity : 0);
  const high = finite.reduce((a, b) => Math.max(a, b), log ? -Infinity : 0);
  if (finite.length === 0 || low === high) return scale.domain(single(log, finite[0])).range(range);
  return scale.domain([low, high]).range(range).nice();
}

/** A domain for one value, or none. */
function single(log: boolean, value: number | undefined): [number, number] {
  if (log) return value === undefined ? [1, 10] : [value / 10, value * 10];
  return value === undefined || value === 0 ? [0, 1] : [Math.min(0, 2 * value), Math.max(0, 2 * value)];
}

/** The values at which an axis is labelled: on a log axis powers of ten where there are three or more. */
export function ticksOf(axis: Axis, scale: Scale): number[] {
  const count = axis.ticks ?? 5;
  const ticks = scale.ticks(count);
  if (axis.scale !== "log") return ticks;
  const powers = ticks.filter((tick) => Number.isInteger(Math.round(1e9 * Math.log10(tick)) / 1e9));
  if (powers.length < 3) return ticks.length > 2 * count ? powers : ticks;
  const every = Math.ceil(powers.length / (count + 1));
  return powers.filter((_, i) => i % every === 0);
}

/** Grid lines, tick labels and the axis's own label, for the vertical axis. */
export function drawVertical(axis: Axis, scale: Scale, { left, top, width }: Frame): SvgElement[] {
  const write = axis.format ?? shortNumber;
  return [
    ...ticksOf(axis, scale).flatMap((tick) => [
      element("line", { class: "grid", x1: left, x2: left + width, y1: scale(tick), y2: scale(tick), stroke: faint }),
      text(left - 6, scale(tick) + 4, write(tick), { "text-anchor": "end" }),
    ]),
    ...(axis.label ? [text(12, top - 14, axis.label, { class: "axis" })] : []),
  ];
}

/** Tick labels and the axis's own label below the frame, for the horizontal axis. */
export function drawHorizontal(axis: Axis, scale: Scale, { left, top, width, height }: Frame): SvgElement[] {
  const write = axis.format ?? shortNumber;
  const bottom = top + height;
  return [
    element("line", { class: "base", x1: left, x2: left + width, y1: bottom, y2: bottom, stroke: "#555" }),
    ...ticksOf(axis, scale).map((tick) => text(scale(tick), bottom + 18, write(tick), { "text-anchor": "middle" })),
    ...(axis.label
      ? [text(left + width / 2, bottom + 36, axis.label, { class: "axis", "text-anchor": "middle" })]
      : []),
  ];
}

/** A text in ink. */
export function text(
  x: number,
  y: number,
  words: string,
  attributes: Readonly<Record<string, string | number | undefined>> = {},
): SvgElement {
  return element("text", { x, y, fill: ink, ...attributes }, words);
}
