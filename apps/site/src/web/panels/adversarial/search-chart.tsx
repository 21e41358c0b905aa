// The search over c as a chart: every solved problem at its c and the distortion of its minimiser.
import { lineChart, shortNumber } from "@reprise/chart";
import type { SearchPoint } from "../../../run/adversarial/outcome.ts";
import { ChartView } from "../../chart-view.tsx";
import { useWidth } from "../../use-width.ts";

const height = 240;

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
  const reached = points.filter((point) => point.reached).map((point) => point.distortion);
  const series = (name: string, own: boolean) => ({
    name,
    joined: false,
    class: own ? "strong" : "faint",
    points: points
      .filter((point) => (point.target === target) === own)
      .map((point) => ({
        x: point.c,
        y: point.distortion,
        mark: point.reached ? ("disc" as const) : ("cross" as const),
      })),
  });
  const chart = lineChart([series("other labels", false), series("this label", true)], {
    title: inWords(points, target, c),
    x: { label: "weight c", scale: "log" },
    // Minimisers that miss the label may lie anywhere; those that have it set the scale.
    y: { label: "distortion", domain: [0, 1.1 * Math.max(0.01, ...reached)], ticks: 4 },
    references: c === null ? [] : [{ x: c, label: "c" }],
    legend: "none",
    width,
    height,
  });
  return (
    <figure class="search-chart">
      <div ref={box} style={{ minHeight: `${height}px` }}>
        <ChartView chart={chart} />
      </div>
      <figcaption>
        A disc has the label, a cross has not.{" "}
        {c !== null && `The line is the largest c found that reaches it, ${shortNumber(c)}.`}
      </figcaption>
    </figure>
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
      `Towards ${target}: ${reached.length} of ${own.length} reach the label, the least distortion is ${shortNumber(least)}.`,
    );
  }
  if (c !== null) parts.push(`The largest c that reaches it is ${shortNumber(c)}.`);
  return parts.join(" ");
}
