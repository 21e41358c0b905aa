import { rateOf } from "@reprise/data";
import { describe, expect, it } from "vitest";
import { claimed, published } from "../src/config.ts";
import { perturb } from "../src/perturb.ts";
import { amplify, gaussianControl, inducedError, meanDistortion, transferTable } from "../src/transfer.ts";
import { digitImages, digitLabels, digitsClassifier } from "./analytic-classifier.ts";

const linear = digitsClassifier("FC10");
const deep = digitsClassifier("FC16-16-10");
const rows = digitLabels.length;

describe("transferTable", () => {
  it("images made for a model fool it entirely, and the other by their own count", async () => {
    const results = await perturb(linear.classifier, digitImages, digitLabels, { target: "leastLikely" });
    const adversarial = new Float32Array(digitImages.length);
    for (const { row, image } of results) adversarial.set(image, row * 784);
    const cells: number[] = [];
    const table = await transferTable(
      { "for FC10": adversarial, clean: digitImages },
      { FC10: linear.classifier, "FC16-16-10": deep.classifier },
      digitImages,
      digitLabels,
      { batch: 7, onCell: (done, all) => cells.push(done / all) },
    );
    expect(table.columns).toEqual(["FC10", "FC16-16-10"]);
    expect(table.rows[0]!.errors[0]!.rate).toBe(1);
    expect(table.rows[0]!.distortion).toBeCloseTo(results.reduce((sum, r) => sum + r.distortion, 0) / rows, 10);
    expect(table.rows[1]!.distortion).toBe(0);
    const wrong = deep.stored.logits.filter((z, row) => z.indexOf(Math.max(...z)) !== digitLabels[row]).length;
    expect(table.rows[1]!.errors[1]!.count).toBe(wrong);
    expect(cells).toEqual([0.25, 0.5, 0.75, 1]);
  });

  it("names sizes that do not fit", async () => {
    await expect(inducedError(linear.classifier, digitImages, [1])).rejects.toThrow(
      "18816 pixel values for 1 labels; the model takes images of 784 values",
    );
    const classifiers = { FC10: linear.classifier };
    await expect(
      transferTable({ other: new Float32Array(784) }, classifiers, digitImages, digitLabels),
    ).rejects.toThrow('"other" has 784 pixel values, the clean images 18816');
  });
});

describe("gaussianControl", () => {
  it("has the standard deviation asked for, unclipped, and stays in the box, clipped", () => {
    const grey = new Float32Array(20_000).fill(0.5);
    const noisy = gaussianControl(grey, 2, 0.1, { clip: false });
    const mean = noisy.reduce((a, b) => a + b) / noisy.length;
    // 20 000 draws: the mean is within 4 σ/√n = 0.003, σ within 4 σ/√(2n) = 0.002.
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.003);
    expect(Math.abs(meanDistortion(grey, noisy, 2) - 0.1)).toBeLessThan(0.002);
    const clipped = gaussianControl(digitImages, rows, 0.3);
    expect(clipped.every((v) => v >= 0 && v <= 1)).toBe(true);
    expect(meanDistortion(digitImages, clipped, rows)).toBeLessThan(0.3);
  });

  it("draws by seed and row", () => {
    const all = gaussianControl(digitImages, rows, 0.1, { seed: 5 });
    expect(gaussianControl(digitImages.subarray(0, 784), 1, 0.1, { seed: 5 })).toEqual(all.subarray(0, 784));
    expect(gaussianControl(digitImages, rows, 0.1, { seed: 6 })).not.toEqual(all);
    expect(all.subarray(0, 784)).not.toEqual(all.subarray(784, 1568));
    expect(() => gaussianControl(digitImages, rows, -1)).toThrow("sigma is -1, expected a number ≥ 0");
  });
});

describe("amplify", () => {
  it("gives every moved row the RMS asked for, in its direction", () => {
    const clean = new Float32Array(8).fill(0.5);
    const moved = Float32Array.of(0.5, 0.52, 0.5, 0.48, 0.5, 0.5, 0.5, 0.5);
    const far = amplify(clean, moved, 2, 0.1);
    expect(far[1]! - 0.5).toBeCloseTo(0.1 * Math.SQRT2, 6);
    expect(far[3]! - 0.5).toBeCloseTo(-0.1 * Math.SQRT2, 6);
    expect([...far.subarray(4)]).toEqual([0.5, 0.5, 0.5, 0.5]);
    expect(Math.max(...amplify(clean, moved, 2, 5))).toBe(1);
    expect(() => amplify(clean, moved.subarray(1), 2, 1)).toThrow("7 adversarial pixel values for 8 clean ones");
  });
});

describe("rateOf", () => {
  it("gives Wilson's interval", () => {
    // scipy.stats.binomtest(8, 50).proportion_ci(method="wilson") = (0.08337421, 0.28514216), SciPy 1.10.1
    const { rate, low, high } = rateOf(8, 50);
    expect(rate).toBe(0.16);
    expect(low).toBeCloseTo(0.08337421, 7);
    expect(high).toBeCloseTo(0.28514216, 7);
    expect(rateOf(0, 50).low).toBe(0);
    expect(rateOf(50, 50).high).toBe(1);
  });
});

describe("claimed", () => {
  it("has a value for every column, and Table 1's distortions return in Table 2", () => {
    for (const { columns, rows: lines } of claimed)
      for (const { values } of lines) expect(values.length).toBe(columns.length);
    for (const [i, { name, values }] of claimed[0]!.rows.entries()) {
      expect(claimed[1]!.rows[i]!.name).toBe(name);
      expect(claimed[1]!.rows[i]!.values.at(-1)).toBe(values.at(-1));
      expect(published.networks[i]!.name).toBe(name);
    }
  });
});
