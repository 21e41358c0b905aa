// Lines over an axis, drawn by @reprise/chart for the width there is.
import { lineChart, shortNumber } from "@reprise/chart";
import { ChartView } from "./chart-view.tsx";
import { useWidth } from "./use-width.ts";
import type { ViewOf } from "./views.ts";

/** In pixels; the style sheet keeps this much free while the code is loaded. */
const height = 230;

export function LineView({ x, y, lines, xDomain, yDomain, joined = true }: ViewOf<"line">) {
  const [box, width] = useWidth();
  const words = lines
    .map((line) => (joined ? inWords(line, x, y) : `${line.name}: ${line.points.length} points.`))
    .join(" ");
  const chart = lineChart(
    lines.map(({ name, points }) => ({
      name,
      joined,
      points: points.map(([px, py]) => ({ x: px, y: py, ...(joined ? {} : { mark: "disc" as const }) })),
    })),
    {
      title: words,
      x: { label: x, ...(xDomain ? { domain: xDomain } : {}) },
      y: { label: y, ...(yDomain ? { domain: yDomain } : {}) },
      legend: lines.length > 1 ? "top" : "none",
      width,
      height,
    },
  );
  return (
    <div ref={box}>
      <ChartView chart={chart} />
    </div>
  );
}

/** A line without looking at it. */
function inWords({ name, points }: ViewOf<"line">["lines"][number], x: string, y: string): string {
  const finite = points.filter(([a, b]) => Number.isFinite(a) && Number.isFinite(b));
  const [first, last] = [finite[0], finite.at(-1)];
  if (!first || !last) return `${name}: no points yet.`;
  const heights = finite.map(([, b]) => b);
  const at = ([a, b]: readonly [number, number]) => `${shortNumber(b)} at ${shortNumber(a)}`;
  return `${name}, ${y} over ${x}: ${at(first)}, ${at(last)}; lowest ${shortNumber(Math.min(...heights))}, highest ${shortNumber(Math.max(...heights))}.`;
}
