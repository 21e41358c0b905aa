import { describe, expect, it } from "vitest";
import { ddn } from "../../src/attacks/ddn.ts";
import { targeted, untargeted } from "../../src/attacks/goal.ts";
import { given, quantised } from "../../src/attacks/lattice.ts";
import { normOf } from "../../src/attacks/norm.ts";
import { pgd } from "../../src/attacks/pgd.ts";
import { runAttack } from "../../src/attacks/run-attack.ts";
import { perturb } from "../../src/perturb.ts";
import { digitImages, digitLabels, digitsClassifier, pixels } from "../analytic-classifier.ts";
import { exactBudget } from "./linear.ts";

const { classifier, layers } = digitsClassifier("FC10");
const count = 6;
const images = digitImages.slice(0, count * pixels);
const labels = digitLabels.slice(0, count);
const onLattice = (values: Float32Array, top: number) =>
  values.every((v) => v === Math.fround(Math.round(v * top) / top));
const bytes = (values: Float32Array) => Float32Array.from(values, (v) => Math.round(255 * v) / 255);

describe("quantised", () => {
  it("every result is an 8-bit image, meets the goal, and is hardly further than the exact minimum", async () => {
    const [result] = await runAttack(quantised(ddn()), classifier, images, untargeted(labels));
    expect(onLattice(result!.clipped, 255)).toBe(true);
    expect(bytes(result!.clipped)).toEqual(result!.clipped);
    for (const { row, status, l2 } of result!.rows) {
      expect(status).toBe("success");
      const exact = exactBudget(layers[0]!, images.subarray(row * pixels, (row + 1) * pixels), labels[row]!, "l2");
      expect(l2 / exact).toBeGreaterThan(1 - 1e-5);
      expect(l2 / exact).toBeLessThan(1.1);
    }
  });

  it("repairs what rounding loses of the paper's attack", async () => {
    const found = await perturb(classifier, images, labels, { target: "leastLikely" });
    const adversarial = new Float32Array(images.length);
    for (const { row, image } of found) adversarial.set(image, row * pixels);
    const criterion = targeted(found.map(({ target }) => target));
    // Five levels only, so that rounding does harm.
    const rounded = adversarial.map((v) => Math.round(4 * v) / 4);
    const [before] = await runAttack(given(rounded), classifier, images, criterion);
    const [after] = await runAttack(quantised(given(adversarial), 5), classifier, images, criterion);
    expect(before!.success.every(Boolean)).toBe(false);
    expect(after!.success.every(Boolean)).toBe(true);
    expect(onLattice(after!.clipped, 4)).toBe(true);
    const [fine] = await runAttack(quantised(given(adversarial)), classifier, images, criterion);
    for (const { row, status, l2 } of fine!.rows) {
      expect(status).toBe("success");
      expect(l2 / found[row]!.l2).toBeLessThan(1.02);
    }
  });

  it("keeps to the ball of a budget attack", async () => {
    const epsilon = 20 / 255 + 1e-6;
    const [result] = await runAttack(
      quantised(pgd({ steps: 20, relativeStep: 0.1 })),
      classifier,
      images,
      untargeted(labels),
      {
        epsilons: [epsilon],
      },
    );
    expect(onLattice(result!.clipped, 255)).toBe(true);
    expect(normOf("linf", images, result!.clipped)).toBeLessThanOrEqual(epsilon);
    expect(result!.success.filter(Boolean).length).toBeGreaterThan(0);
  });

  it("bad input", () => {
    expect(() => quantised(ddn(), 1)).toThrow("quantised: 1 levels, expected a whole number ≥ 2");
  });
});
