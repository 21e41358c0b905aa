import { describe, expect, it } from "vitest";
import type { Attack } from "../../src/attacks/attack.ts";
import { carliniWagner } from "../../src/attacks/carlini-wagner.ts";
import { ddn } from "../../src/attacks/ddn.ts";
import { deepFool } from "../../src/attacks/deepfool.ts";
import { targeted, untargeted } from "../../src/attacks/goal.ts";
import { hopSkipJump } from "../../src/attacks/hop-skip-jump.ts";
import { normOf } from "../../src/attacks/norm.ts";
import { runAttack } from "../../src/attacks/run-attack.ts";
import {
  type Dense,
  denseClassifier,
  digitImages,
  digitLabels,
  digitsClassifier,
  pixels,
} from "../analytic-classifier.ts";
import { exactPerturbation } from "../oracle.ts";
import { exactBudget } from "./linear.ts";

const { classifier, layers } = digitsClassifier("FC10");
const imageOf = (row: number) => digitImages.subarray(row * pixels, (row + 1) * pixels);
const rows = 4;
const images = digitImages.slice(0, rows * pixels);
const labels = digitLabels.slice(0, rows);
const exact = Array.from({ length: rows }, (_, row) => exactBudget(layers[0]!, imageOf(row), labels[row]!, "l2"));

describe("attacks without a budget, against the exact minimum of softmax regression", () => {
  const attacks: [Attack, above: number][] = [
    // The margin has a rival for each row of W: one of the images ends at the second nearest boundary.
    [carliniWagner({ steps: 150, binarySteps: 8, learningRate: 0.1 }), 1.15],
    [ddn(), 1.1],
    [deepFool(), 1.05],
  ];
  for (const [attack, above] of attacks)
    it(`${attack.name}, untargeted: exact ≤ ours ≤ ${above} × exact`, async () => {
      const [result] = await runAttack(attack, classifier, images, untargeted(labels));
      for (const { row, status, l2 } of result!.rows) {
        expect(status).toBe("success");
        expect(l2).toBeGreaterThan(exact[row]! * (1 - 1e-5));
        expect(l2).toBeLessThan(exact[row]! * above);
      }
    });

  it("targeted, against the quadratic programme", async () => {
    const targets = [3, 7];
    const exactTargeted = targets.map((target, row) => exactPerturbation(layers[0]!, imageOf(row), target).norm);
    for (const [attack, above] of [
      [carliniWagner({ steps: 150, binarySteps: 8, learningRate: 0.1 }), 1.06],
      [ddn(), 1.2],
    ] as const) {
      const two = images.slice(0, 2 * pixels);
      const [result] = await runAttack(attack, classifier, two, targeted(targets));
      for (const { row, status, l2, predictedAfter } of result!.rows) {
        expect([status, predictedAfter]).toEqual(["success", targets[row]]);
        expect(l2).toBeGreaterThan(exactTargeted[row]! * (1 - 1e-5));
        expect(l2).toBeLessThan(exactTargeted[row]! * above);
      }
    }
  });

  it("DeepFool crosses the one boundary of two labels by its overshoot", async () => {
    const [full] = layers as [Dense];
    const { weight, bias } = full;
    const pair: Dense = { weight: weight.slice(0, 2 * pixels), bias: bias.slice(0, 2), inputs: pixels, outputs: 2 };
    const two = denseClassifier([pair]);
    const grey = imageOf(0).map((v) => 0.45 + 0.1 * v); // away from the box
    const [z0, z1] = await two.logits(grey, 1);
    const label = z0! > z1! ? 0 : 1;
    const [result] = await runAttack(deepFool({ overshoot: 0.02 }), two, grey, untargeted([label]));
    expect(result!.rows[0]!.l2 / exactBudget(pair, grey, label, "l2")).toBeCloseTo(1.02, 3);
    expect(result!.rows[0]!.gradients).toBe(1);
  });

  it("HopSkipJump needs decisions only, comes nearer with every step, and not below the exact minimum", async () => {
    const { lossAndGradient: _, scoreGradient: __, ...scoresOnly } = classifier;
    // A model of 16 pixels: the estimate of a direction in 784 dimensions takes more than a second's worth of images.
    const small: Dense = {
      inputs: 16,
      outputs: 3,
      weight: Float64Array.from({ length: 48 }, (_, i) => Math.sin(1 + 7 * i)),
      bias: Float64Array.of(0, 0.1, -0.1),
    };
    const model = denseClassifier([small]);
    const { lossAndGradient: _l, scoreGradient: _s, ...decisions } = model;
    const x = Float32Array.from({ length: 16 }, (_, i) => 0.5 + 0.2 * Math.cos(i));
    const logits = await model.logits(x, 1);
    const label = logits.indexOf(Math.max(...logits));
    const least = exactBudget(small, x, label, "l2");
    const distances: number[] = [];
    for (const steps of [1, 5, 30]) {
      const [result] = await runAttack(hopSkipJump({ steps }), decisions, x, untargeted([label]));
      expect(result!.rows[0]).toMatchObject({ status: "success", gradients: 0 });
      distances.push(result!.rows[0]!.l2);
    }
    expect(distances[1]).toBeLessThan(distances[0]!);
    expect(distances[2]).toBeLessThanOrEqual(distances[1]!);
    expect(distances[2]! / least).toBeGreaterThan(1 - 1e-5);
    expect(distances[2]! / least).toBeLessThan(1.05);
    // On a digit, from another digit of the target.
    const starts = digitImages.slice(4 * pixels, 12 * pixels);
    const target = digitLabels.slice(4, 12).find((other) => other !== labels[0])!;
    const [far] = await runAttack(
      hopSkipJump({ steps: 2, firstEvaluations: 20, starts, startTries: 0 }),
      scoresOnly,
      images.slice(0, pixels),
      targeted([target]),
    );
    expect(far!.rows[0]!.predictedAfter).toBe(target);
    const nearest = Math.min(
      ...Array.from({ length: 8 }, (_, i) => i)
        .filter((i) => digitLabels[4 + i] === target)
        .map((i) => normOf("l2", imageOf(0), imageOf(4 + i))),
    );
    expect(far!.rows[0]!.l2).toBeLessThan(nearest);
  });

  it("at an ε: the result is scaled into the ball and verified there", async () => {
    const epsilons = [0.5 * exact[0]!, 1.2 * exact[0]!];
    const results = await runAttack(ddn(), classifier, images.slice(0, pixels), untargeted([labels[0]!]), { epsilons });
    expect(results.map(({ epsilon }) => epsilon)).toEqual([null, ...epsilons]);
    expect(results.map(({ success }) => success[0])).toEqual([true, false, true]);
    expect(results[1]!.rows[0]!.l2).toBeLessThanOrEqual(epsilons[0]!);
  });
});
