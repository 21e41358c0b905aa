import { lineChart, svgDocument } from "@reprise/chart";
import { percentText } from "@reprise/data";
import { normNames } from "../attacks/attack.ts";
import type { SecurityCurve } from "./robustness.ts";

/** Security curves of one norm in one SVG: robust accuracy against ε, with 95 % intervals as bars. */
export function curveFigure(curves: readonly SecurityCurve[]): string {
  const norms = new Set(curves.map(({ norm }) => norm));
  if (norms.size !== 1)
    throw new RangeError(
      `curveFigure: curves in ${norms.size} norms (${[...norms].join(", ")}); draw one norm at a time.`,
    );
  const series = curves.map(({ attack, points }) => {
    const known = points.filter(({ robust }) => robust.of > 0);
    return {
      name: known.length > 0 ? attack : `${attack}: no image`,
      points: known.map(({ epsilon, robust: { rate, low, high, of } }) => ({
        x: epsilon,
        y: rate,
        low,
        high,
        title: `${attack}, ε = ${epsilon}: ${percentText(rate)} of ${of}`,
      })),
    };
  });
  return svgDocument(
    lineChart(series, {
      title: "Robust accuracy by ε",
      x: { label: `ε in ${normNames[[...norms][0]!]}` },
      y: { label: "robust accuracy", domain: [0, 1], ticks: 4, format: (rate) => `${100 * rate} %` },
    }),
  );
}
