import { describe, expect, it } from "vitest";
import { dlr } from "../../src/attacks/apgd.ts";
import { carliniWagner } from "../../src/attacks/carlini-wagner.ts";
import { ddn } from "../../src/attacks/ddn.ts";
import { attackFacts, attackNames, factsOf } from "../../src/attacks/facts.ts";
import { targeted, untargeted } from "../../src/attacks/goal.ts";
import { normOf, project } from "../../src/attacks/norm.ts";
import { pgd } from "../../src/attacks/pgd.ts";
import { type KeptRow, type KeptRows, runAttack } from "../../src/attacks/run-attack.ts";
import { square } from "../../src/attacks/square.ts";
import { attackByName } from "../../src/attacks/table.ts";
import { perturb } from "../../src/perturb.ts";
import { criterionFor } from "../../src/targets.ts";
import { denseClassifier, digitImages, digitLabels, digitsClassifier, pixels } from "../analytic-classifier.ts";

const { classifier } = digitsClassifier("FC16-16-10");
const rowsOf = (from: number, to: number) =>
  [digitImages.slice(from * pixels, to * pixels), digitLabels.slice(from, to)] as const;
const [images, labels] = rowsOf(0, 3);

describe("runAttack", () => {
  it("every attack: seeded, the same again, and a row does not depend on the rows beside it or on the batch", async () => {
    for (const name of attackNames) {
      const steps = factsOf(name).steps === null ? {} : { steps: name === "hopskipjump" ? 1 : 6 };
      const attack = attackByName(name, steps);
      const epsilons = attack.kind === "budget" ? [attack.norm === "l0" ? 0.1 : 0.05] : [];
      const all = await runAttack(attack, classifier, images, untargeted(labels), { epsilons, seed: 5, batch: 2 });
      const one = await runAttack(attack, classifier, ...first(images, labels), { epsilons, seed: 5 });
      expect(all[0]!.clipped.subarray(0, pixels), name).toEqual(one[0]!.clipped);
      expect(all[0]!.clipped.every((v) => v >= 0 && v <= 1)).toBe(true);
    }
  });

  it("another seed draws other numbers", async () => {
    const run = async (seed: number) =>
      (await runAttack(pgd({ steps: 1 }), classifier, ...first(images, labels), { epsilons: [0.01], seed }))[0]!
        .clipped;
    expect(await run(1)).not.toEqual(await run(2));
  });

  it("confidence: the winner leads by κ logits; top 3: the label is not among the three highest", async () => {
    const kappa = 2;
    const cw = carliniWagner({ steps: 100, binarySteps: 7, learningRate: 0.1 });
    const [sure] = await runAttack(cw, classifier, images, untargeted(labels, { confidence: kappa }));
    const [bare] = await runAttack(cw, classifier, images, untargeted(labels));
    const [lowered] = await runAttack(cw, classifier, images, untargeted(labels, { topK: 3 }));
    const sureLogits = await classifier.logits(sure!.clipped, 3);
    const loweredLogits = await classifier.logits(lowered!.clipped, 3);
    for (let row = 0; row < 3; row++) {
      const z = [...sureLogits.subarray(row * 10, (row + 1) * 10)];
      const own = z[labels[row]!]!;
      expect(Math.max(...z.filter((_, k) => k !== labels[row])) - own).toBeGreaterThanOrEqual(kappa);
      expect(sure!.rows[row]!.l2).toBeGreaterThan(bare!.rows[row]!.l2);
      const t = [...loweredLogits.subarray(row * 10, (row + 1) * 10)];
      expect(t.filter((v) => v > t[labels[row]!]!).length).toBeGreaterThanOrEqual(3);
    }
  });

  it("statuses: already adversarial, failed with the best try, not finite", async () => {
    const wrong = Array.from(labels, (label) => (label + 1) % 10);
    const [already] = await runAttack(ddn(), classifier, images, untargeted(wrong));
    expect(already!.rows.map(({ status, l2 }) => [status, l2])).toEqual(wrong.map(() => ["alreadyAdversarial", 0]));
    expect(already!.success).toEqual([true, true, true]);
    // A model whose answer does not depend on the image: nothing can succeed.
    const constant = denseClassifier([
      { weight: new Float64Array(8), bias: Float64Array.of(1, 0), inputs: 4, outputs: 2 },
    ]);
    const grey = new Float32Array(4).fill(0.5);
    for (const attack of [ddn({ steps: 3 }), carliniWagner({ steps: 3, binarySteps: 2 }), attackByName("deepfool")])
      expect((await runAttack(attack, constant, grey, untargeted([0])))[0]!.rows[0]!.status).toBe("failed");
    const spoilt = denseClassifier([
      { weight: new Float64Array(8).fill(1), bias: Float64Array.of(1, 0), inputs: 4, outputs: 2 },
    ]);
    const nan = {
      ...spoilt,
      lossAndGradient: async (...args: Parameters<typeof spoilt.lossAndGradient>) => {
        const answer = await spoilt.lossAndGradient(...args);
        answer.gradient.fill(Number.NaN);
        return answer;
      },
    };
    const [result] = await runAttack(ddn(), nan, grey, untargeted([0]));
    expect(result!.rows[0]!.status).toBe("nonFinite");
    expect(result!.clipped).toEqual(grey);
  });

  it("stops when asked to", async () => {
    const stop = new AbortController();
    const reason = new Error("enough");
    const onProgress = () => stop.abort(reason);
    await expect(
      runAttack(ddn(), classifier, images, untargeted(labels), { batch: 1, onProgress, signal: stop.signal }),
    ).rejects.toBe(reason);
  });

  it("bad input", async () => {
    const run = (attack = pgd(), options = {}, criterion = untargeted(labels)) =>
      runAttack(attack, classifier, images, criterion, options);
    await expect(run()).rejects.toThrow("PGD L∞: it keeps to a budget; give epsilons");
    await expect(run(pgd(), { epsilons: [-1] })).rejects.toThrow("PGD L∞: epsilon -1, expected a number ≥ 0");
    await expect(run(ddn(), {}, targeted([1, 2, 10]))).rejects.toThrow(
      "the label or target of image 2 is 10; the model has 10 classes",
    );
    await expect(run(ddn(), {}, untargeted(labels, { topK: 10 }))).rejects.toThrow(
      "top 10 of 10 classes is not a goal",
    );
    const { scoreGradient: _, lossAndGradient: __, ...bare } = classifier;
    await expect(runAttack(ddn(), bare, images, untargeted(labels))).rejects.toThrow(
      "DDN L2: it needs gradients and the model gives none. Square and HopSkipJump need scores only.",
    );
    const two = denseClassifier([{ weight: new Float64Array(8), bias: new Float64Array(2), inputs: 4, outputs: 2 }]);
    const dlrAttack = attackByName("apgd-dlr");
    await expect(runAttack(dlrAttack, two, new Float32Array(4), untargeted([0]), { epsilons: [1] })).rejects.toThrow(
      "APGD-DLR L∞: the model has 2 classes; this attack needs at least 4",
    );
    expect(() => attackByName("lbgfs")).toThrow(/attack "lbgfs" is not known; choose one of lbfgs, deepfool/);
    expect(() => untargeted(labels, { confidence: -1 })).toThrow("confidence is -1");
    await expect(run(square(), { epsilons: [0.1], batch: 0 })).rejects.toThrow("batch is 0");
  });
});

describe("what is known of the attacks before they are loaded", () => {
  it("is what they are", () => {
    for (const { name, kind, norms, needs, leastClasses } of attackFacts)
      for (const norm of norms) {
        const attack = attackByName(name, norms.length > 1 && norm !== "l0" ? { norm } : {});
        expect(
          { kind: attack.kind, norm: attack.norm, needs: attack.needs, least: attack.leastClasses ?? 2 },
          name,
        ).toEqual({ kind, norm, needs, least: leastClasses });
      }
  });

  it("an option that an attack does not have is refused by name", () => {
    for (const { name, steps } of attackFacts)
      if (steps === null)
        expect(() => attackByName(name, { steps: 3 })).toThrow(
          `attack "${name}" has no number of steps; leave it out.`,
        );
      else attackByName(name, { steps: 3 });
    expect(() => attackByName("pgd", { starts: images })).toThrow('attack "pgd" has no images to start from');
    expect(() => attackByName("pgd", { lbfgs: { bisections: 1 } })).toThrow('attack "pgd" has no settings of L-BFGS');
    expect(() => attackByName("ddn", { norm: "linf" })).toThrow(
      'attack "ddn" comes in L2 only, L∞ was asked for; leave out the norm.',
    );
  });
});

describe("the paper's attack among the others", () => {
  it("is what perturb runs; a row that is kept is not searched again", async () => {
    const kept = new Map<number, KeptRow>();
    const rows: KeptRows = { get: (_, row) => kept.get(row), put: (_, row, value) => void kept.set(row, value) };
    const options = { kept: rows };
    const [result] = await runAttack(attackByName("lbfgs"), classifier, images, untargeted(labels), options);
    const found = await perturb(classifier, images, labels, { target: "untargeted" });
    for (const row of result!.rows) {
      const { image, ...same } = found[row.row]!;
      expect(row).toEqual(same);
      expect(result!.clipped.subarray(row.row * pixels, (row.row + 1) * pixels)).toEqual(image);
      expect(row.trace!.length).toBeGreaterThan(8);
      expect(row.c).toBeGreaterThan(0);
    }
    expect(kept.size).toBe(3);
    let asked = 0;
    const counting: typeof classifier = {
      ...classifier,
      lossAndGradient: (...args) => {
        asked++;
        return classifier.lossAndGradient(...args);
      },
    };
    const [again] = await runAttack(attackByName("lbfgs"), counting, images, untargeted(labels), options);
    expect(asked).toBe(0);
    expect(again!.rows).toEqual(result!.rows);
  });

  it("goals that it, or the others, do not take are refused", async () => {
    await expect(runAttack(attackByName("lbfgs"), classifier, images, untargeted(labels, { topK: 2 }))).rejects.toThrow(
      "L-BFGS: top 2 is not what it looks for; take top 1.",
    );
    const logits = await classifier.logits(images, 3);
    const criterion = criterionFor("all", labels, { logits, classes: 10 });
    await expect(runAttack(ddn(), classifier, images, criterion)).rejects.toThrow(
      "DDN L2: it takes one target an image, or none; any other label has several.",
    );
    await expect(perturb(classifier, images, labels, { callsInFlight: 0 })).rejects.toThrow(
      "L-BFGS: callsInFlight is 0, expected a whole number ≥ 1.",
    );
  });

  it("a search that never began says what is missing", async () => {
    const attack = attackByName("hopskipjump", { steps: 1 });
    const never: typeof classifier = {
      ...classifier,
      logits: async (x, n) => (await classifier.logits(x, n)).map((z, i) => (i % 10 === 3 ? z - 1e4 : z)),
    };
    const [result] = await runAttack(attack, never, images, targeted([3, 3, 3]));
    expect(result!.rows[0]).toMatchObject({
      status: "failed",
      reason: "none of 100 random images is classified as label 3, and the search walks from such an image.",
    });
    expect(result!.rows[0]!.distortion).toBe(0);
  });
});

describe("balls", () => {
  it("project: in the ball and the box exactly, at every size of ε", () => {
    const image = Float32Array.of(0, 1, 0.1, 0.7, 1 / 3, 0.999);
    for (const epsilon of [1e-9, 1e-6, 0.01, 0.3, 0.7, 3])
      for (const norm of ["l2", "linf"] as const)
        for (const scale of [0.1, 1, 10]) {
          const far = image.map((v, i) => v + scale * Math.sin(3 * i + 1));
          const near = project({ norm, image, epsilon, lower: 0, upper: 1 }, far);
          expect(normOf(norm, image, near)).toBeLessThanOrEqual(epsilon);
          expect(near.every((v) => v >= 0 && v <= 1)).toBe(true);
        }
    expect(
      project(
        { norm: "l2", image, epsilon: 0, lower: 0, upper: 1 },
        image.map((v) => v + 1),
      ),
    ).toEqual(image);
  });

  it("DLR: its weights are the derivative by differences, and shifts and scales of the scores do not matter", () => {
    const z = [1, 4, 2.5, -1, 3];
    for (const goal of [
      { label: 1, targeted: false, confidence: 0, topK: 1 },
      { label: 3, targeted: true, confidence: 0, topK: 1 },
    ]) {
      const { gain, weights } = dlr(goal, z);
      for (let k = 0; k < z.length; k++) {
        const h = 1e-5;
        const up = dlr(
          goal,
          z.map((v, i) => (i === k ? v + h : v)),
        ).gain;
        const down = dlr(
          goal,
          z.map((v, i) => (i === k ? v - h : v)),
        ).gain;
        expect(weights[k]).toBeCloseTo((up - down) / (2 * h), 5);
      }
      expect(
        dlr(
          goal,
          z.map((v) => 3 * v + 7),
        ).gain,
      ).toBeCloseTo(gain, 9);
    }
  });
});

function first(all: Float32Array, of: Int32Array) {
  return [all.slice(0, pixels), untargeted(of.slice(0, 1))] as const;
}
