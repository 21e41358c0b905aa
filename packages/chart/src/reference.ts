// A value of the horizontal axis, marked from top to bottom: a median, the result of a search.
import { type Frame, type Scale, text } from "./axis.ts";
import { strokes } from "./style.ts";
import { element, type SvgElement } from "./svg.ts";

export interface Reference {
  readonly x: number;
  /** Above the line. */
  readonly label?: string;
  readonly class?: string;
}

export function referenceLine({ x, label, class: own }: Reference, scale: Scale, { top, height }: Frame): SvgElement[] {
  const place = { x1: scale(x), x2: scale(x), y1: top - 6, y2: top + height };
  const pen = { stroke: strokes[1].stroke, "stroke-width": 2, "stroke-dasharray": "6 3" };
  return [
    element("line", { class: own ?? "reference", ...place, ...pen }),
    ...(label ? [text(scale(x), top - 12, label, { "text-anchor": "middle" })] : []),
  ];
}
