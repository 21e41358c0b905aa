// Values over an axis as lines or points: losses, security curves, precision and recall, a search.
import { type Axis, drawHorizontal, drawVertical, type Frame, type Scale, scaleOf, shortNumber, text } from "./axis.ts";
import { type Reference, referenceLine } from "./reference.ts";
import { ink, strokes, textWidth } from "./style.ts";
import { type Chart, element, type SvgElement } from "./svg.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
  /** Ends of an interval, drawn as a bar. */
  readonly low?: number;
  readonly high?: number;
  /** Shown where the pointer rests. */
  readonly title?: string;
  /** Instead of the series' mark. */
  readonly mark?: "disc" | "cross";
}

export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
  /** Joined by a line (the default), or not. */
  readonly joined?: boolean;
  /** Drawn at each point; nothing by default. */
  readonly mark?: "disc" | "cross";
  readonly colour?: string;
  /** SVG dashes; each series has its own where left out. */
  readonly dash?: string;
  readonly class?: string;
  /** What happens above the axis: a number beside an arrow, or drawn at its upper end (the default). */
  readonly above?: "noted" | "clamped";
}

export interface LineChartOptions {
  readonly title: string;
  readonly x?: Axis;
  readonly y?: Axis;
  /** Vertical lines with a word at their top, as for a median. */
  readonly references?: readonly Reference[];
  /** Names of the series to the right, above, or not at all. */
  readonly legend?: "right" | "top" | "none";
  /** Written above the chart. */
  readonly heading?: string;
  readonly width?: number;
  readonly height?: number;
}

/** Points whose numbers are not finite, or not above 0 on a logarithmic axis, are left out. */
export function lineChart(
  series: readonly Series[],
  { title, x = {}, y = {}, references = [], legend = "right", heading, width = 640, height = 300 }: LineChartOptions,
): Chart {
  const drawn = series.map((one) => ({
    ...one,
    points: one.points.filter((p) => onAxis(x, p.x) && onAxis(y, p.y)),
  }));
  const names = Math.max(0, ...series.map(({ name }) => textWidth(name)));
  const right = legend === "right" && series.length > 0 ? Math.min(0.4 * width, names + 66) : 20;
  const top = 24 + (heading ? 24 : 0) + (legend === "top" ? 20 : 0) + (y.label ? 12 : 0);
  const frame = { left: 56, top, width: width - 56 - right, height: height - top - (x.label ? 48 : 28) };
  const points = drawn.flatMap((one) => one.points);
  const xs = scaleOf(
    x,
    [...points.map((p) => p.x), ...references.map((r) => r.x)],
    [frame.left, frame.left + frame.width],
  );
  const ys = scaleOf(
    y,
    points.flatMap((p) => [p.y, p.low ?? p.y, p.high ?? p.y]),
    [frame.top + frame.height, frame.top],
  );
  return {
    width,
    height,
    title,
    children: [
      ...(heading ? [text(width / 2, 20, heading, { "text-anchor": "middle", "font-size": 14 })] : []),
      ...drawVertical(y, ys, frame),
      ...drawHorizontal(x, xs, frame),
      ...references.flatMap((reference) => referenceLine(reference, xs, frame)),
      ...drawn.flatMap((one, i) => drawSeries(one, i, xs, ys, frame)),
      ...(legend === "none" ? [] : drawLegend(drawn, legend, frame, y.label ? 16 : 0)),
    ],
  };
}

const onAxis = ({ scale }: Axis, value: number): boolean => Number.isFinite(value) && (scale !== "log" || value > 0);

type Pen = Readonly<Record<"class" | "stroke" | "stroke-dasharray", string | undefined>>;

function penOf({ colour, dash, class: own }: Series, place: number): Pen {
  const pen: { readonly stroke: string; readonly "stroke-dasharray"?: string } = strokes[place % strokes.length]!;
  return {
    class: `series ${own ?? `series-${place}`}`,
    stroke: colour ?? pen.stroke,
    "stroke-dasharray": dash ?? (colour ? undefined : pen["stroke-dasharray"]),
  };
}

function drawSeries(series: Series, place: number, x: Scale, y: Scale, frame: Frame): SvgElement[] {
  const pen = penOf(series, place);
  const ceiling = Math.max(...y.domain());
  const inside = series.points.filter((p) => p.y <= ceiling || series.above !== "noted");
  const over = series.above === "noted" ? series.points.filter((p) => p.y > ceiling) : [];
  const at = (p: Point) => y(Math.min(p.y, ceiling));
  const path = series.joined === false ? "" : inside.map((p) => `${x(p.x).toFixed(1)},${at(p).toFixed(1)}`).join(" ");
  return [
    ...(path ? [element("polyline", { ...pen, points: path, fill: "none", "stroke-width": 2 })] : []),
    ...inside.flatMap((p) => [
      ...(p.low !== undefined && p.high !== undefined
        ? [
            titled(
              "line",
              { ...pen, "stroke-dasharray": undefined, x1: x(p.x), x2: x(p.x), y1: y(p.low), y2: y(p.high) },
              p,
            ),
          ]
        : []),
      ...mark(p.mark ?? series.mark, x(p.x), at(p), pen, p),
    ]),
    ...over.map((p) =>
      text(x(p.x), frame.top + 12, `↑ ${shortNumber(p.y)}`, { "text-anchor": "middle", fill: pen.stroke }),
    ),
  ];
}

function mark(kind: Series["mark"], x: number, y: number, pen: Pen, point: Point): SvgElement[] {
  if (!kind) return [];
  const classes = `${pen.class} mark ${kind}`;
  if (kind === "disc") return [titled("circle", { class: classes, cx: x, cy: y, r: 3.5, fill: pen.stroke }, point)];
  const place = { class: classes, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` };
  return [titled("path", { ...place, d: "M-3.5-3.5l7 7m0-7l-7 7", stroke: pen.stroke, "stroke-width": 1.5 }, point)];
}

function titled(tag: string, attributes: Parameters<typeof element>[1], { title }: Point): SvgElement {
  return element(tag, attributes, ...(title ? [element("title", {}, title)] : []));
}

/** @param lifted  height of the vertical axis's label, above which a legend at the top stands */
function drawLegend(
  series: readonly Series[],
  place: "right" | "top",
  { left, top, width }: Frame,
  lifted: number,
): SvgElement[] {
  let across = left;
  return series.flatMap(({ name, ...one }, i) => {
    const pen = penOf({ name, ...one }, i);
    const [x, y] = place === "right" ? [left + width + 16, top + 10 + 18 * i] : [across, top - 20 - lifted];
    across += textWidth(name) + 50;
    const sample =
      one.joined === false
        ? mark(one.mark ?? "disc", x + 14, y, pen, { x: 0, y: 0 })
        : [element("line", { ...pen, x1: x, x2: x + 28, y1: y, y2: y, "stroke-width": 2 })];
    return [...sample, text(x + 34, y + 4, name, { fill: ink })];
  });
}
