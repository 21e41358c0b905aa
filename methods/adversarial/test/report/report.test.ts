import { describe, expect, it } from "vitest";
import { bim } from "../../src/attacks/bim.ts";
import { ddn } from "../../src/attacks/ddn.ts";
import { untargeted } from "../../src/attacks/goal.ts";
import { runAttack } from "../../src/attacks/run-attack.ts";
import { curveFigure } from "../../src/report/curve-figure.ts";
import { gradientMaskingChecks } from "../../src/report/gradient-masking.ts";
import { securityCurve } from "../../src/report/robustness.ts";
import { transferCsv, transferFigure, transferMarkdown } from "../../src/report/transfer-report.ts";
import { rateOf } from "../../src/transfer.ts";
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
