import { rateOf } from "@reprise/data";
import { describe, expect, it } from "vitest";
import { bim } from "../../src/attacks/bim.ts";
import { ddn } from "../../src/attacks/ddn.ts";
import { untargeted } from "../../src/attacks/goal.ts";
import { runAttack } from "../../src/attacks/run-attack.ts";
import { attackSummary, summaryCells, summaryHints } from "../../src/report/attack-report.ts";
import { curveFigure } from "../../src/report/curve-figure.ts";
import { gradientMaskingChecks } from "../../src/report/gradient-masking.ts";
import { histogramFigure } from "../../src/report/histogram-figure.ts";
import { distanceCurve, securityCurve } from "../../src/report/robustness.ts";
import { transferCsv, transferFigure, transferMarkdown } from "../../src/report/transfer-report.ts";
import {
  type Dense,
  denseClassifier,
  digitImages,
  digitLabels,
  digitsClassifier,
  pixels,
} from "../analytic-classifier.ts";
import { exactBudget } from "../attacks/linear.ts";

const { classifier, layers } = digitsClassifier("FC10");
const count = 5;
const images = digitImages.slice(0, count * pixels);
const labels = digitLabels.slice(0, count);

describe("security curve", () => {
  it("follows the exact distances of softmax regression", async () => {
    const exact = Array.from({ length: count }, (_, row) =>
      exactBudget(layers[0]!, images.subarray(row * pixels, (row + 1) * pixels), labels[row]!, "l2"),
    ).sort((a, b) => a - b);
    // Between the exact distances, where a few percent more do not matter.
    const epsilons = [0.9 * exact[0]!, 1.2 * exact[4]!];
    const curve = securityCurve(await runAttack(ddn(), classifier, images, untargeted(labels), { epsilons }), images);
    expect(curve.points.map(({ epsilon, robust }) => [epsilon, robust.count])).toEqual([
      [0, 5],
      [epsilons[0], 5],
      [epsilons[1], 0],
    ]);
    expect(curve.meanDistance! / (exact.reduce((a, b) => a + b) / 5)).toBeCloseTo(1.02, 1);
    expect(curve.medianDistance! / exact[2]!).toBeCloseTo(1.02, 1);
    const svg = curveFigure([curve]);
    expect(svg).toContain("<title>DDN L2, ε = 0: 100.0 % of 5</title>");
    expect(svg.match(/<polyline/g)).toHaveLength(1);
    const other = securityCurve(
      await runAttack(bim(), classifier, images, untargeted(labels), { epsilons: [0.1] }),
      images,
    );
    expect(other.meanDistance).toBeNull();
    expect(() => curveFigure([curve, other])).toThrow("curves in 2 norms (l2, linf); draw one norm at a time");
    expect(() => securityCurve([], images)).toThrow("no results");
  });
});

describe("distance curve", () => {
  it("counts the images that are left at each of 24 ε, the last the largest distance itself", () => {
    const distances = [0, 0.1, 0.25, 0.7, Infinity];
    const curve = distanceCurve("any", "l2", distances);
    expect(curve.points).toHaveLength(25);
    const left = new Map(curve.points.map(({ epsilon, robust }) => [Number(epsilon.toPrecision(6)), robust.count]));
    // 0.7/24 = 0.0291667: 0.1 lies between its third and fourth multiple, 0.25 between the eighth and ninth.
    expect([0, 0.0875, 0.116667, 0.233333, 0.2625, 0.670833, 0.7].map((epsilon) => left.get(epsilon))).toEqual([
      4, 4, 3, 3, 2, 2, 1,
    ]);
    expect(curve.points.at(-1)!.epsilon).toBe(0.7);
    expect([curve.meanDistance, curve.medianDistance]).toEqual([(0.1 + 0.25 + 0.7) / 3, 0.25]);
  });
  it("nothing moved: one point, no mean", () => {
    expect(distanceCurve("any", "l2", [0, Infinity])).toMatchObject({
      points: [{ epsilon: 0, robust: { count: 1, of: 2 } }],
      meanDistance: null,
      medianDistance: null,
    });
    const none = curveFigure([distanceCurve("any", "l2", [])]);
    expect(none).toContain("any: no image");
    expect(none).not.toMatch(/NaN|Infinity/);
  });
});

describe("histogram", () => {
  const bars = (svg: string) =>
    [...svg.matchAll(/<title>(\S+) to (\S+): (\d+)<\/title>/g)].map(([, from, to, count]) =>
      [from, to, count].map((text) => Number(text!.replaceAll("−", "-"))),
    );
  it("every value in the bin whose edges hold it, edges round, heights in proportion, the median marked", () => {
    const values = [0.011, 0.0199, 0.02, 0.034, 0.0341, 0.0349, 0.081];
    const svg = histogramFigure(values, { label: "distance", bins: 10 });
    expect(bars(svg)).toEqual([
      [0, 0.01, 0],
      [0.01, 0.02, 2],
      [0.02, 0.03, 1],
      [0.03, 0.04, 3],
      [0.04, 0.05, 0],
      [0.05, 0.06, 0],
      [0.06, 0.07, 0],
      [0.07, 0.08, 0],
      [0.08, 0.09, 1],
    ]);
    expect(svg).toContain("median 0.034<");
    expect(svg).toContain("distance; 7 images");
    const heights = [...svg.matchAll(/height="([\d.]+)" fill="#1b5e9e"/g)].map(([, height]) => Number(height));
    expect(heights).toEqual([0, 160, 80, 240, 0, 0, 0, 0, 80]);
  });
  it("few, equal, negative or no values; what is not finite is named", () => {
    for (const values of [[], [0], [0.5, 0.5], [-3, 4], [1e-9, 2e-9], [1e6]]) {
      const counted = bars(histogramFigure(values));
      expect(counted.reduce((sum, [, , count]) => sum + count!, 0)).toBe(values.length);
      expect(counted.length).toBeLessThanOrEqual(20);
      for (const value of values)
        expect(counted.some(([from, to, count]) => from! <= value && value <= to! && count! > 0)).toBe(true);
    }
    expect(() => histogramFigure([1, Number.NaN])).toThrow("histogram: value 1 is NaN, expected finite numbers");
  });
});

describe("summary", () => {
  it("of rows by status: robust are those that were attacked in vain, not those that could not be", () => {
    const row = (status: string, distortion = 0) => ({ status, distortion });
    const rows = [
      row("success", 0.2),
      row("success", 0.4),
      row("alreadyAdversarial"),
      row("failed", 1),
      row("nonFinite"),
    ];
    const summary = attackSummary(0.5, rows, 2);
    expect(summaryCells(summary)).toEqual(["0.5", "3 of 5", "25.0 %", "1", "1", "1", "2 of 3", "0.30000", "0.30000"]);
    expect(summaryHints(summary)).toEqual([
      "1 of 5 images were not brought where they should: what is reported of them is the best try.",
      "On 1 of 5 images the model or its gradient is NaN or infinite: they are returned as they were. Square and HopSkipJump need no gradient.",
    ]);
    expect(summaryCells(attackSummary(null, [row("nonFinite")], 0))[2]).toBe("–");
    expect(summaryHints(attackSummary(null, [row("success", 1)], 1))).toEqual([]);
  });
});

describe("gradient masking", () => {
  const options = { epsilon: 0.1, queries: 20 };
  it("an honest model passes", async () => {
    const checks = await gradientMaskingChecks(classifier, images, labels, options);
    expect(checks.map(({ verdict }) => verdict)).toEqual(Array(5).fill("passed"));
    expect(checks[0]!.finding).toBe("0 of 5 images have a gradient of zeros");
  });
  it("a model whose gradients are taken away, or point the wrong way, does not", async () => {
    const spoilt = (change: (gradient: Float32Array) => void): typeof classifier => ({
      ...classifier,
      async lossAndGradient(...args) {
        const answer = await classifier.lossAndGradient(...args);
        change(answer.gradient);
        return answer;
      },
    });
    const zero = await gradientMaskingChecks(
      spoilt((g) => g.fill(0)),
      images,
      labels,
      options,
    );
    expect(zero[0]).toMatchObject({ verdict: "warning", finding: "5 of 5 images have a gradient of zeros" });
    expect(zero[4]!.verdict).toBe("warning");
    // Two labels, and gradients reversed: noise beats them.
    const [{ weight }] = layers as [Dense];
    const pair = denseClassifier([
      { weight: weight.slice(0, 2 * pixels), bias: Float64Array.of(0, 0), inputs: pixels, outputs: 2 },
    ]);
    const logits = await pair.logits(images, count);
    const seen = Int32Array.from({ length: count }, (_, i) => (logits[2 * i]! > logits[2 * i + 1]! ? 0 : 1));
    const reversed = {
      ...pair,
      async lossAndGradient(...args: Parameters<typeof pair.lossAndGradient>) {
        const answer = await pair.lossAndGradient(...args);
        return { ...answer, gradient: answer.gradient.map((g) => -g) };
      },
    };
    const checks = await gradientMaskingChecks(reversed, images, seen, { epsilon: 0.5, queries: 300 });
    expect(checks[3]).toMatchObject({ name: "gradients do no worse than a search without", verdict: "warning" });
    expect(checks[4]!.verdict).toBe("warning");
  });
});

describe("transfer reports", () => {
  const table = {
    columns: ["a.onnx", "b|c"],
    rows: [
      { name: 'made for "a"', distortion: 0.05, errors: [rateOf(10, 10), rateOf(1, 10)] },
      { name: "noise, 0.1 <", distortion: 0.1, errors: [rateOf(0, 10), rateOf(2, 10)] },
    ],
  };
  it("Markdown, CSV and heat map say the same numbers", () => {
    const markdown = transferMarkdown(table).trimEnd().split("\n");
    expect(markdown).toHaveLength(4);
    expect(markdown[0]).toBe("| images | distortion | a.onnx | b\\|c |");
    expect(markdown[3]).toBe("| noise, 0.1 < | 0.1000 | 0.0 (0.0–27.8) | 20.0 (5.7–51.0) |");
    const csv = transferCsv(table).trimEnd().split("\n");
    expect(csv).toHaveLength(5);
    expect(csv[2]!.startsWith('"made for ""a""",0.05,b|c,1,10,0.1,')).toBe(true);
    const svg = transferFigure(table);
    expect(svg).toContain("noise, 0.1 &lt;");
    expect(svg).toContain(">100.0 %</text>");
    expect(svg.match(/<rect /g)).toHaveLength(5);
  });
});
