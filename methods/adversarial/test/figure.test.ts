import { describe, expect, it } from "vitest";
import { figure } from "../src/figure.ts";
import { perturb } from "../src/perturb.ts";
import { digitImages, digitLabels, digitsClassifier } from "./analytic-classifier.ts";

describe("figure", () => {
  it("shows every row's three images, labels, probabilities, distortion and the scale", async () => {
    const { classifier } = digitsClassifier("FC10");
    const results = await perturb(classifier, digitImages.subarray(0, 1568), digitLabels.subarray(0, 2), { target: 3 });
    const svg = figure(digitImages, results, [1, 28, 28], { labelNames: [..."0123<56789"] });
    expect(svg.match(/<image /g)!.length).toBe(6);
    const scale = Number(/perturbation × (\d+)</.exec(svg)![1]);
    const mean = (results[0]!.distortion + results[1]!.distortion) / 2;
    expect(2 * scale * mean).toBeLessThanOrEqual(1);
    expect(2 * 2.5 * scale * mean).toBeGreaterThan(1);
    for (const { distortion, predictedBefore, probabilitiesBefore } of results) {
      expect(svg).toContain(`distortion ${distortion.toFixed(4)}`);
      expect(svg).toContain(`${predictedBefore}, ${(100 * probabilitiesBefore[predictedBefore]!).toFixed(1)} %`);
    }
    expect(svg).not.toMatch(/<(?!\/?(svg|rect|text|image|title)\b)/);
  });

  it("refuses images it cannot draw", () => {
    expect(() => figure(new Float32Array(10), [], [10])).toThrow("images of [10], expected [H, W]");
    expect(() => figure(new Float32Array(8), [], [2, 2, 2])).toThrow("images of [2, 2, 2]");
  });
});
