import type { DifferentiableClassifier } from "@reprise/nn";
import { describe, expect, it } from "vitest";
import type { AttackEvent } from "../src/attacks/run-attack.ts";
import { type Perturbation, perturb } from "../src/perturb.ts";
import { denseClassifier, digitImages, digitLabels, digitsClassifier, pixels } from "./analytic-classifier.ts";
import { exactPerturbation } from "./oracle.ts";

const linear = digitsClassifier("FC10");
const deep = digitsClassifier("FC16-16-10");
const rowsOf = (count: number) => [digitImages.subarray(0, count * pixels), digitLabels.subarray(0, count)] as const;
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const imageOf = (row: number) => digitImages.subarray(row * pixels, (row + 1) * pixels);
/** Two pixels, two classes: z₀ = 0, z₁ = 4 (a − ½): the boundary is a = ½. */
const half = () =>
  denseClassifier([{ weight: Float64Array.of(0, 0, 4, 0), bias: Float64Array.of(0, -2), inputs: 2, outputs: 2 }]);

describe("perturb against the exact minimum", () => {
  const targets = Int32Array.from(linear.stored.targets);
  it("exact ≤ ours ≤ 1.10 exact, per image, on softmax regression", async () => {
    const results = await perturb(linear.classifier, digitImages, digitLabels, { target: targets });
    for (const { row, status, l2, target } of results) {
      expect(status).toBe("success");
      const exact = exactPerturbation(linear.layers[0]!, imageOf(row), target);
      expect(exact.gap).toBeLessThan(1e-6);
      expect(exact.worstSlack).toBeGreaterThan(-1e-9);
      // Float32 scores decide the label: a hair below the float64 boundary is possible.
      expect(l2).toBeGreaterThan(exact.norm * (1 - 1e-5));
      expect(l2).toBeLessThan(1.1 * exact.norm);
    }
  });

  it("|r| and |r|² find the same distortion within 1 %", async () => {
    const [images, labels] = rowsOf(8);
    const squared = await perturb(linear.classifier, images, labels, { target: targets.subarray(0, 8) });
    const l2 = await perturb(linear.classifier, images, labels, { target: targets.subarray(0, 8), norm: "l2" });
    for (let i = 0; i < 8; i++) {
      expect(l2[i]!.status).toBe("success");
      expect(l2[i]!.distortion / squared[i]!.distortion).toBeGreaterThan(0.99);
      expect(l2[i]!.distortion / squared[i]!.distortion).toBeLessThan(1.01);
    }
  });

  it("finds a boundary known by hand", async () => {
    const [result] = await perturb(half(), Float32Array.of(0.1, 0.7), [0], { target: 1 });
    expect(result).toMatchObject({ status: "success", predictedBefore: 0, predictedAfter: 1, target: 1 });
    expect(result!.l2).toBeGreaterThan(0.4 - 1e-6);
    expect(result!.l2).toBeLessThan(0.4005);
    expect(result!.image[1]).toBeCloseTo(0.7, 6);
    expect(result!.distortion).toBeCloseTo(result!.l2 / Math.SQRT2, 12);
  });
});

describe("perturb against SciPy, one image at a time, by the same rule for c", () => {
  for (const { classifier, stored } of [linear, deep])
    it(`mean distortion at most 0.5 % above on ${stored.layers.length} layers, all reached`, async () => {
      const rows = stored.attacks.map(({ row }) => row);
      const images = new Float32Array(rows.length * pixels);
      for (const [i, row] of rows.entries()) images.set(imageOf(row), i * pixels);
      const results = await perturb(
        classifier,
        images,
        rows.map((row) => digitLabels[row]!),
        { target: Int32Array.from(stored.attacks, ({ target }) => target) },
      );
      expect(results.every(({ status }) => status === "success")).toBe(true);
      const ours = mean(results.map(({ distortion }) => distortion));
      expect(ours).toBeLessThan(1.005 * mean(stored.attacks.map(({ distortion }) => distortion)));
    });

  it("the stored networks give PyTorch's logits", async () => {
    for (const { classifier, stored } of [linear, deep]) {
      const logits = await classifier.logits(digitImages, digitLabels.length);
      for (const [row, expected] of stored.logits.entries())
        for (const [k, value] of expected.entries()) expect(logits[row * 10 + k]).toBeCloseTo(value, 3);
    }
  });
});

describe("perturb, rows", () => {
  const [images, labels] = rowsOf(4);
  const bits = (results: readonly Perturbation[]) => results.map(({ row: _, ...rest }) => rest);

  it("gives a row the same result bit for bit, whatever shares its batch", async () => {
    const together = await perturb(deep.classifier, images, labels, { target: "leastLikely" });
    for (const options of [{ batch: 1 }, { batch: 4 }, { batch: 2, callsInFlight: 3 }]) {
      const other = await perturb(delayed(deep.classifier), images, labels, { target: "leastLikely", ...options });
      expect(bits(other)).toEqual(bits(together));
    }
    const alone = await perturb(deep.classifier, imageOf(3), labels.subarray(3, 4), { target: "leastLikely" });
    expect(bits(alone)[0]).toEqual(bits(together)[3]);
  });

  it("keeps its calls full while there is work", async () => {
    const { classifier } = digitsClassifier("FC10");
    classifier.calls.length = 0;
    await perturb(classifier, digitImages, digitLabels, { target: "leastLikely", batch: 6 });
    const full = classifier.calls.filter((rows) => rows === 6).length;
    expect(full / classifier.calls.length).toBeGreaterThan(0.5);
    expect(Math.max(...classifier.calls)).toBe(6);
  });

  it("stays in the box and reports what it returns", async () => {
    for (const result of await perturb(deep.classifier, images, labels)) {
      expect(result.image.every((v) => v >= 0 && v <= 1)).toBe(true);
      const r = result.image.map((v, i) => v - imageOf(result.row)[i]!);
      expect(result.l1).toBeCloseTo(
        r.reduce((a, b) => a + Math.abs(b), 0),
        4,
      );
      expect(result.lInfinity).toBeCloseTo(
        r.reduce((a, b) => Math.max(a, Math.abs(b)), 0),
        6,
      );
      expect(result.l2).toBeCloseTo(result.distortion * 28, 10);
      expect(result.probabilitiesAfter.indexOf(Math.max(...result.probabilitiesAfter))).toBe(result.target);
      expect(result.probabilitiesBefore.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
      const logits = await deep.classifier.logits(result.image, 1);
      expect(logits.indexOf(Math.max(...logits))).toBe(result.target);
      const reached = result.trace.filter((step) => step.reached).map(({ c }) => c);
      const missed = result.trace.filter((step) => !step.reached).map(({ c }) => c);
      expect(Math.max(...reached)).toBeLessThan(Math.min(...missed));
      expect(Math.min(...missed) / Math.max(...reached)).toBeLessThan(1.01);
      expect(reached).toContain(result.c);
    }
  });

  it("takes the same steps in a box of other units", async () => {
    const scaled = images.map((v) => 255 * v);
    const { layers } = deep;
    const first = { ...layers[0]!, weight: layers[0]!.weight.map((w) => w / 255) };
    const bytes = denseClassifier([first, ...layers.slice(1)]);
    const inBytes = await perturb(bytes, scaled, labels, { target: 3, upper: 255 });
    const inUnits = await perturb(deep.classifier, images, labels, { target: 3 });
    for (const [i, { status, distortion, c }] of inBytes.entries()) {
      expect(status).toBe(inUnits[i]!.status);
      // Rounding to float32 is another in other units.
      expect(distortion / 255 / inUnits[i]!.distortion).toBeCloseTo(1, 3);
      expect((c * 255 ** 2) / inUnits[i]!.c).toBeCloseTo(1, 1);
    }
  });

  it("polishing only ever shortens r", async () => {
    const rough = await perturb(linear.classifier, images, labels, { target: 5, polishSteps: 0 });
    const polished = await perturb(linear.classifier, images, labels, { target: 5 });
    for (const [i, { l2 }] of polished.entries()) expect(l2).toBeLessThanOrEqual(rough[i]!.l2);
    expect(mean(polished.map(({ l2 }) => l2))).toBeLessThan(mean(rough.map(({ l2 }) => l2)));
  });
});

describe("perturb, targets", () => {
  const [images, labels] = rowsOf(3);
  it("random: by seed and row, never the row's own label", async () => {
    const targetsOf = async (seed: number, from = 0, count = 3) =>
      (
        await perturb(
          linear.classifier,
          digitImages.subarray(from * pixels, (from + count) * pixels),
          digitLabels.subarray(from, from + count),
          { seed, bisections: 0 },
        )
      ).map(({ target }) => target);
    const seven = await targetsOf(7);
    expect(await targetsOf(7)).toEqual(seven);
    expect(await targetsOf(7, 0, 2)).toEqual(seven.slice(0, 2));
    expect(seven.every((target, i) => target !== labels[i])).toBe(true);
    const drawn = await Promise.all(Array.from({ length: 12 }, (_, seed) => targetsOf(seed, 0, 1)));
    expect(new Set(drawn.flat()).size).toBeGreaterThan(5);
  });

  it("leastLikely: the lowest score", async () => {
    const logits = await linear.classifier.logits(images, 3);
    for (const { row, target } of await perturb(linear.classifier, images, labels, { target: "leastLikely" })) {
      const scores = logits.subarray(row * 10, row * 10 + 10);
      expect(scores[target]).toBe(Math.min(...scores));
    }
  });

  it("untargeted: the nearest of all wrong labels, and never more work than those", async () => {
    const untargeted = await perturb(linear.classifier, images, labels, { target: "untargeted" });
    const each: Perturbation[][] = [];
    for (let target = 0; target < 10; target++) each.push(await perturb(linear.classifier, images, labels, { target }));
    for (const { row, l2, target, gradients } of untargeted) {
      const wrong = each.map((results) => results[row]!).filter((r) => r.status === "success");
      expect(l2).toBe(Math.min(...wrong.map((r) => r.l2)));
      expect(target).toBe(wrong.find((r) => r.l2 === l2)!.target);
      expect(gradients).toBe(wrong.reduce((sum, r) => sum + r.gradients, 0));
    }
    const all = await perturb(linear.classifier, images, labels, { target: "all" });
    expect(all.map(({ l2 }) => l2)).toEqual(untargeted.map(({ l2 }) => l2));
    const two = await perturb(linear.classifier, images, labels, { target: "untargeted", candidates: 2 });
    for (const { row, l2 } of two) expect(l2).toBeGreaterThanOrEqual(untargeted[row]!.l2);
  });
});

describe("perturb, confidence", () => {
  it("the boundary where the target leads by κ logits, known by hand: 4 (a − ½) = κ", async () => {
    for (const [confidence, boundary] of [
      [0, 0.5],
      [1, 0.75],
      [1.6, 0.9],
    ] as const) {
      const [result] = await perturb(half(), Float32Array.of(0.1, 0.7), [0], { target: 1, confidence });
      expect(result).toMatchObject({ status: "success", predictedAfter: 1 });
      expect(result!.image[0]).toBeGreaterThan(boundary - 1e-6);
      expect(result!.image[0]).toBeLessThan(boundary + 0.0005);
    }
    expect((await perturb(half(), Float32Array.of(0.1, 0.7), [0], { target: 1, confidence: 2.1 }))[0]!.status).toBe(
      "failed",
    );
  });

  it("a label that leads by less is not there yet", async () => {
    const image = Float32Array.of(0.6, 0.7); // predicted 1, by 0.4
    for (const target of [1, "untargeted", "all"] as const) {
      const [far] = await perturb(half(), image, [0], { target, confidence: 1 });
      expect(far).toMatchObject({ status: "success", target: 1 });
      expect(far!.l2).toBeCloseTo(0.15, 3);
      const [near] = await perturb(half(), image, [0], { target, confidence: 0.3 });
      expect(near).toMatchObject({ status: "alreadyAdversarial", l2: 0, target: 1 });
    }
    await expect(perturb(half(), image, [0], { confidence: -1 })).rejects.toThrow(
      "confidence is -1, expected a number of logits ≥ 0",
    );
  });
});

describe("perturb, statuses", () => {
  it("alreadyAdversarial: the clean image comes back", async () => {
    const [asked] = await perturb(half(), Float32Array.of(0.9, 0.7), [0], { target: 1 });
    expect(asked).toMatchObject({ status: "alreadyAdversarial", target: 1, l2: 0, gradients: 0, predictedAfter: 1 });
    const [wrong] = await perturb(half(), Float32Array.of(0.9, 0.7), [0], { target: "untargeted" });
    expect(wrong).toMatchObject({ status: "alreadyAdversarial", l2: 0 });
  });

  it("failed: no image of the box has the label; the best try comes back", async () => {
    const never = denseClassifier([
      { weight: Float64Array.of(0, 0, 1, 0), bias: Float64Array.of(5, 0), inputs: 2, outputs: 2 },
    ]);
    const [result] = await perturb(never, Float32Array.of(0.2, 0.5), [0], { target: 1 });
    expect(result).toMatchObject({ status: "failed", target: 1, predictedAfter: 0, c: Number.NaN });
    expect(result!.image[0]).toBe(1);
    expect(result!.probabilitiesAfter[1]!).toBeGreaterThan(result!.probabilitiesBefore[1]!);
    expect(result!.trace.length).toBe(11);
  });

  it("nonFinite: NaN logits, or a NaN gradient, spoil their row only", async () => {
    const sick = (what: "logits" | "gradient"): DifferentiableClassifier => ({
      ...half(),
      async logits(images, count) {
        const logits = await half().logits(images, count);
        for (let i = 0; i < count; i++) if (what === "logits" && images[2 * i + 1]! > 0.9) logits[2 * i] = Number.NaN;
        return logits;
      },
      async lossAndGradient(images, labels, count) {
        const answer = await half().lossAndGradient(images, labels, count);
        for (let i = 0; i < count; i++) if (images[2 * i + 1]! > 0.9) answer.gradient[2 * i] = Number.NaN;
        return answer;
      },
    });
    for (const what of ["logits", "gradient"] as const) {
      const [healthy, bad] = await perturb(sick(what), Float32Array.of(0.1, 0.2, 0.1, 0.95), [0, 0], { target: 1 });
      expect(healthy!.status).toBe("success");
      expect(bad).toMatchObject({ status: "nonFinite", l2: 0 });
    }
  });
});

describe("perturb, progress and cancelling", () => {
  const [images, labels] = rowsOf(3);
  it("tells every step and every row", async () => {
    const events: AttackEvent[] = [];
    const results = await perturb(linear.classifier, images, labels, { onProgress: (event) => events.push(event) });
    const rows = events.filter((event) => event.kind === "row");
    expect(rows.map(({ done }) => done)).toEqual([1, 2, 3]);
    for (const { row, image, total } of rows) {
      expect(total).toBe(3);
      expect(image).toEqual(results[row]!.image);
    }
    for (const { row, trace } of results)
      expect(events.filter((event) => event.kind === "step" && event.row === row)).toMatchObject(
        trace.map((step) => ({ step })),
      );
  });

  it("stops with the signal's reason, before and while it runs", async () => {
    const stop = new AbortController();
    const reason = new Error("stop now");
    const running = perturb(linear.classifier, images, labels, {
      signal: stop.signal,
      onProgress: () => stop.abort(reason),
    });
    await expect(running).rejects.toBe(reason);
    await expect(perturb(linear.classifier, images, labels, { signal: stop.signal })).rejects.toBe(reason);
  });

  it("an error of the model ends the attack", async () => {
    const broken = { ...half(), lossAndGradient: () => Promise.reject(new Error("out of memory")) };
    await expect(perturb(broken, Float32Array.of(0, 0), [0], { target: 1, callsInFlight: 2 })).rejects.toThrow(
      "out of memory",
    );
  });
});

describe("perturb, bad input", () => {
  const image = Float32Array.of(0.5, 0.25);
  const attack = (images: Float32Array, labels: number[], options = {}) => perturb(half(), images, labels, options);
  it("names the image, the pixel and the box", async () => {
    await expect(attack(Float32Array.of(0, 0, 0, 37), [0, 0])).rejects.toThrow(
      /image 1 has the value 37 at pixel 1, outside the box \[0, 1\]/,
    );
    await expect(attack(Float32Array.of(Number.NaN, 0), [0])).rejects.toThrow("image 0 has the value NaN at pixel 0");
    await expect(attack(image, [0], { lower: 1, upper: 0 })).rejects.toThrow(
      "the box is [1, 0], expected lower < upper",
    );
  });
  it("names the label, the target and the sizes", async () => {
    await expect(attack(image, [2])).rejects.toThrow(/the label of image 0 is 2; the model has 2 classes, so 0 … 1/);
    await expect(attack(image, [0], { target: 7 })).rejects.toThrow("the target of image 0 is 7");
    await expect(attack(image, [0], { target: Int32Array.of(1, 1) })).rejects.toThrow("2 targets for 1 images");
    await expect(attack(image, [0, 1])).rejects.toThrow(
      "2 pixel values for 2 labels; the model takes images of [2] = 2 values, so 4 are expected",
    );
  });
  it("names the option", async () => {
    await expect(attack(image, [0], { firstC: 0 })).rejects.toThrow("firstC is 0");
    await expect(attack(image, [0], { bisections: 1.5 })).rejects.toThrow(
      "bisections is 1.5, expected a whole number ≥ 0",
    );
    await expect(attack(image, [0], { batch: 0 })).rejects.toThrow("batch is 0, expected a whole number ≥ 1");
  });
  it("names what a broken classifier returned", async () => {
    const short: DifferentiableClassifier = {
      ...half(),
      lossAndGradient: async () => ({
        loss: new Float32Array(1),
        gradient: new Float32Array(1),
        logits: new Float32Array(2),
      }),
    };
    await expect(perturb(short, Float32Array.of(0.9, 0), [0], { target: 1 })).resolves.toMatchObject([
      { status: "alreadyAdversarial" },
    ]);
    await expect(perturb(short, Float32Array.of(0, 0), [0], { target: 1 })).rejects.toThrow(
      "the classifier returned 1 gradient values, expected 2",
    );
  });
});

/** The same classifier, answering after a turn of the event loop, so that calls overlap. */
function delayed(classifier: DifferentiableClassifier): DifferentiableClassifier {
  const later = <T>(value: T) => new Promise<T>((resolve) => setTimeout(resolve, 0, value));
  return {
    ...classifier,
    logits: async (images, count) => later(await classifier.logits(images, count)),
    lossAndGradient: async (images, labels, count) => later(await classifier.lossAndGradient(images, labels, count)),
  };
}
