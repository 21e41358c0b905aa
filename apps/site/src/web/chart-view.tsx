// A chart of @reprise/chart in the page: the same elements, coloured by the style sheet.
import type { Chart, SvgElement } from "@reprise/chart";
import { h, type VNode } from "preact";

export function ChartView({ chart: { width, height, title, children } }: { readonly chart: Chart }) {
  return (
    <svg class="chart" viewBox={`0 0 ${width} ${height}`} height={height} role="img" aria-label={title}>
      {children.map(drawn)}
    </svg>
  );
}

const drawn = ({ tag, attributes, children }: SvgElement): VNode =>
  h(tag, attributes, ...children.map((child) => (typeof child === "string" ? child : drawn(child))));
