// An attack as pictures: the accuracy flip by flip beside random flips, and which layers and bits were flipped.
import { type Chart, heatMap, lineChart } from "@reprise/chart";
import type { AttackDocument, FlipRow } from "./document.ts";

/** Accuracy over flips, with random flips and their interval where there are any. */
export function accuracyCurve({ model, bits, before, flips, random = [] }: AttackDocument): Chart {
  const after = (row: FlipRow, i: number) => ({
    x: i + 1,
    y: row.accuracy ?? Number.NaN,
    title: `${row.layer}[${row.index}] bit ${row.bit}: ${row.before} → ${row.after}`,
  });
  const start = { x: 0, y: before.accuracy ?? Number.NaN };
  const guessed = random.map(({ flips: x, mean: y, low, high }) => ({
    ...{ x, y },
    ...(low === null || high === null ? {} : { low: Math.max(0, low), high: Math.min(1, high) }),
  }));
  return lineChart(
    [
      { name: "searched flips", points: [start, ...flips.map(after)], mark: "disc" },
      ...(guessed.length > 0 ? [{ name: "random flips", points: [start, ...guessed], mark: "cross" as const }] : []),
    ],
    {
      title: `Accuracy of ${model}, ${bits} bits, over flipped bits`,
      x: { label: "flipped bits" },
      y: { label: "accuracy", domain: [0, 1] },
    },
  );
}

/** How many bits of each layer were flipped, by position. */
export function flipMap(layers: readonly string[], { model, bits, flips }: AttackDocument): Chart {
  const counts = new Map<string, number>();
  for (const { layer, bit } of flips) counts.set(`${layer}/${bit}`, (counts.get(`${layer}/${bit}`) ?? 0) + 1);
  const most = Math.max(1, ...counts.values());
  return heatMap({
    title: `Flipped bits of ${model} by layer and position`,
    rows: layers,
    columns: Array.from({ length: bits }, (_, i) => `${bits - 1 - i}`),
    cell(row, column) {
      const count = counts.get(`${layers[row]}/${bits - 1 - column}`);
      if (!count) return null;
      return { fill: "#b3261e", opacity: 0.3 + (0.7 * count) / most, text: `${count}`, title: `${count} flips` };
    },
    cellWidth: 28,
    cellHeight: 16,
    heading: "flipped bits by layer and bit position",
    grid: true,
  });
}
