import { normNames } from "../attacks/attack.ts";
import { niceStep, short } from "./axis.ts";
import type { SecurityCurve } from "./robustness.ts";
import { escapeXml, svgDocument } from "./svg.ts";

/** Told apart without colour too: each line has its own dashes. */
const strokes = [
  ["#1b5e9e", ""],
  ["#b3400f", "6 3"],
  ["#2f7d32", "2 3"],
  ["#6a3d9a", "8 3 2 3"],
  ["#555", "1 2"],
] as const;

/** Security curves of one norm in one SVG: robust accuracy against ε, with 95 % intervals as bars. */
export function curveFigure(curves: readonly SecurityCurve[]): string {
  const norms = new Set(curves.map(({ norm }) => norm));
  if (norms.size !== 1)
    throw new RangeError(
      `curveFigure: curves in ${norms.size} norms (${[...norms].join(", ")}); draw one norm at a time.`,
    );
  const [left, top, width, height] = [56, 36, 380, 240];
  const most = Math.max(...curves.flatMap(({ points }) => points.map(({ epsilon }) => epsilon))) || 1;
  const x = (epsilon: number) => (left + (width * epsilon) / most).toFixed(1);
  const y = (rate: number) => (top + height * (1 - rate)).toFixed(1);
  const body: string[] = [];
  for (let i = 0; i <= 4; i++) {
    const rate = i / 4;
    body.push(
      `<line x1="${left}" x2="${left + width}" y1="${y(rate)}" y2="${y(rate)}" stroke="#ddd"/>`,
      `<text x="${left - 6}" y="${Number(y(rate)) + 4}" text-anchor="end">${100 * rate} %</text>`,
    );
  }
  const step = niceStep(most, 5);
  for (let i = 0; i <= Math.floor(most / step + 1e-9); i++)
    body.push(`<text x="${x(i * step)}" y="${top + height + 18}" text-anchor="middle">${short(i * step)}</text>`);
  body.push(
    `<text x="12" y="${top - 18}">robust accuracy</text>`,
    `<text x="${left + width / 2}" y="${top + height + 36}" text-anchor="middle">ε in ${normNames[[...norms][0]!]}</text>`,
  );
  for (const [i, { attack, points: all }] of curves.entries()) {
    const [colour, dash] = strokes[i % strokes.length]!;
    const points = all.filter(({ robust }) => robust.of > 0);
    const path = points.map(({ epsilon, robust }) => `${x(epsilon)},${y(robust.rate)}`).join(" ");
    body.push(
      `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"/>`,
      ...points.map(
        ({ epsilon, robust }) =>
          `<line x1="${x(epsilon)}" x2="${x(epsilon)}" y1="${y(robust.low)}" y2="${y(robust.high)}" stroke="${colour}">` +
          `<title>${escapeXml(attack)}, ε = ${epsilon}: ${(100 * robust.rate).toFixed(1)} % of ${robust.of}</title></line>`,
      ),
      `<line x1="${left + width + 16}" x2="${left + width + 44}" y1="${top + 10 + 18 * i}" y2="${top + 10 + 18 * i}" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"/>`,
      `<text x="${left + width + 50}" y="${top + 14 + 18 * i}">${escapeXml(attack)}${points.length > 0 ? "" : ": no image"}</text>`,
    );
  }
  return svgDocument(left + width + 220, top + height + 48, "Robust accuracy by ε", body);
}
