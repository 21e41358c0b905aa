import { describe, expect, it } from "vitest";
import { apgd } from "../../src/attacks/apgd.ts";
import type { Attack } from "../../src/attacks/attack.ts";
import { bim } from "../../src/attacks/bim.ts";
import { fgsm } from "../../src/attacks/fgsm.ts";
import { untargeted } from "../../src/attacks/goal.ts";
import { miFgsm } from "../../src/attacks/mi-fgsm.ts";
import { gaussianNoise, saltAndPepper, uniformNoise } from "../../src/attacks/noise.ts";
import { normOf } from "../../src/attacks/norm.ts";
import { pgd } from "../../src/attacks/pgd.ts";
import { type AttackResult, runAttack } from "../../src/attacks/run-attack.ts";
import { square } from "../../src/attacks/square.ts";
import {
  type Dense,
  denseClassifier,
  digitImages,
  digitLabels,
  digitsClassifier,
  pixels,
} from "../analytic-classifier.ts";
import { exactBudget } from "./linear.ts";

const { classifier, layers } = digitsClassifier("FC10");
const count = 4;
const images = digitImages.slice(0, count * pixels);
const labels = digitLabels.slice(0, count);
const imageOf = (row: number) => images.subarray(row * pixels, (row + 1) * pixels);
const least = (norm: "l2" | "linf") =>
  Array.from({ length: count }, (_, row) => exactBudget(layers[0]!, imageOf(row), labels[row]!, norm));
const exact = { l2: least("l2"), linf: least("linf") };
/** One row alone, at a multiple of the exact ε of its own. */
async function atMultiple(attack: Attack, row: number, multiple: number): Promise<AttackResult> {
  const epsilons = [multiple * exact[attack.norm as "l2" | "linf"][row]!];
  const [result] = await runAttack(attack, classifier, imageOf(row).slice(), untargeted([labels[row]!]), { epsilons });
  return result!;
}

/** Softmax regression of the first two labels only: every gradient points the best way. */
const [full] = layers as [Dense];
const pair: Dense = {
  weight: full.weight.slice(0, 2 * pixels),
  bias: full.bias.slice(0, 2),
  inputs: pixels,
  outputs: 2,
};

describe("attacks with a budget, on softmax regression", () => {
  // A linear model gives way at the exact ε to a step against the right rival. Cross-entropy pulls on all labels, so that
  // steps up it need more; 0.99 × is below what any image can do.
  const attacks: [Attack, needed: number][] = [
    [bim(), 1.1],
    [bim({ norm: "l2" }), 1.15],
    [pgd(), 1.15],
    [pgd({ norm: "l2" }), 1.4],
    [miFgsm(), 1.3],
    [miFgsm({ norm: "l2" }), 2.1],
    [apgd({ steps: 40 }), 1.06],
    [apgd({ norm: "l2", steps: 40 }), 1.06],
    [apgd({ loss: "dlr", steps: 40 }), 1.2],
    [apgd({ loss: "dlr", norm: "l2", steps: 40 }), 1.3],
  ];
  for (const [attack, needed] of attacks)
    it(`${attack.name} succeeds at ${needed} × the exact ε and not at 0.99 ×`, async () => {
      for (let row = 0; row < count; row++) {
        const enough = await atMultiple(attack, row, needed);
        expect(enough.rows[0]!.status).toBe("success");
        expect(normOf(attack.norm, imageOf(row), enough.clipped)).toBeLessThanOrEqual(enough.epsilon!);
        expect((await atMultiple(attack, row, 0.99)).rows[0]!.status).toBe("failed");
      }
    });

  for (const norm of ["linf", "l2"] as const)
    it(`FGSM ${norm} is exact for two labels: succeeds at 1.001 × the exact ε, fails at 0.999 ×`, async () => {
      const two = denseClassifier([pair]);
      const rows = [0, 1, 2, 3];
      const logits = await two.logits(images, count);
      for (const row of rows) {
        const label = logits[2 * row]! > logits[2 * row + 1]! ? 0 : 1;
        // Grey pixels keep away from the box, which clips the step of L2 and would ask for a longer one.
        const grey = imageOf(row).map((v) => 0.45 + 0.1 * v);
        const [z0, z1] = await two.logits(grey, 1);
        const seen = z0! > z1! ? 0 : 1;
        const epsilon = exactBudget(pair, grey, seen, norm);
        expect([0, 1]).toContain(label);
        const results = await runAttack(fgsm({ norm }), two, grey, untargeted([seen]), {
          epsilons: [0.999 * epsilon, 1.001 * epsilon],
        });
        expect(results.map(({ success }) => success[0])).toEqual([false, true]);
      }
    });

  it("Square: succeeds without a gradient at twice the exact ε, and not at 0.99 ×", async () => {
    const { lossAndGradient: _, scoreGradient: __, ...scoresOnly } = classifier;
    const attack = square({ queries: 1500 });
    for (const row of [0, 1]) {
      const [no, yes] = await runAttack(attack, scoresOnly, imageOf(row).slice(), untargeted([labels[row]!]), {
        epsilons: [0.99 * exact.linf[row]!, 2 * exact.linf[row]!],
      });
      expect([no!.success[0], yes!.success[0]]).toEqual([false, true]);
      expect(yes!.rows[0]!.gradients).toBe(0);
    }
  });

  it("controls fail where gradients succeed, and keep to their ball", async () => {
    for (const [attack, epsilon] of [
      [gaussianNoise({ draws: 5 }), 1.5 * exact.l2[0]!],
      [uniformNoise({ draws: 5 }), 1.5 * exact.linf[0]!],
      [saltAndPepper(), 0.02],
    ] as const) {
      const [result] = await runAttack(attack, classifier, imageOf(0).slice(), untargeted([labels[0]!]), {
        epsilons: [epsilon],
      });
      const size = normOf(attack.norm, imageOf(0), result!.clipped);
      expect(result!.success).toEqual([false]);
      expect(size).toBeLessThanOrEqual(epsilon);
      expect(size).toBeGreaterThan(0.3 * epsilon);
    }
  });

  it("robust accuracy falls with ε, and images are in the box and the ball to the bit", async () => {
    const epsilons = [0.01, 0.03, 0.1, 0.3];
    const of = 12;
    const twelve = digitImages.slice(0, of * pixels);
    const seen = digitLabels.slice(0, of);
    for (const attack of [bim(), bim({ norm: "l2" })]) {
      const scaled = attack.norm === "l2" ? epsilons.map((e) => 10 * e) : epsilons;
      const results = await runAttack(attack, classifier, twelve, untargeted(seen), { epsilons: scaled });
      const broken = results.map(({ success }) => success.filter(Boolean).length);
      expect(broken).toEqual(broken.toSorted((a, b) => a - b));
      expect(broken[0]).toBeLessThan(broken[3]!);
      expect(broken[3]).toBe(of);
      for (const { clipped, epsilon } of results) {
        expect(clipped.every((v) => v >= 0 && v <= 1)).toBe(true);
        for (let row = 0; row < of; row++) {
          const [a, b] = [row * pixels, (row + 1) * pixels];
          const size = normOf(attack.norm, digitImages.subarray(a, b), clipped.subarray(a, b));
          expect(size).toBeLessThanOrEqual(epsilon!);
        }
      }
    }
  });
});
