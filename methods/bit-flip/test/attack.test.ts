import { Random } from "@reprise/data";
import { flatten, gemm, relu, tensor, type Value } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { afterAll, describe, expect, it } from "vitest";
import {
  type AttackOptions,
  type AttackStep,
  accuracyOf,
  bitFlipAttack,
  bitOf,
  graphVictim,
  hammingDistance,
  quantize,
} from "../src/index.ts";

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

/** A network of two layers, and images that it classifies; a third of the labels are wrong on purpose. */
async function setting() {
  const random = new Random(7);
  const draw = (n: number) => Float32Array.from({ length: n }, () => random.normal());
  const layers = [
    [8, 6],
    [3, 8],
  ].map((shape, i) => ({
    ...quantize(draw(shape[0]! * shape[1]!), shape, { bits: 8 }),
    ...{ name: `fc${i}`, shape, signed: true },
  }));
  const logits = (x: Value, [a, b]: readonly Value[]) =>
    gemm(relu(gemm(flatten(x), a!, null, { transB: true })), b!, null, { transB: true });
  const images = tensor("float32", [30, 6], draw(180));
  const victim = await graphVictim(runtime, { layers, logits }, { images: tensor("float32", [30, 6], images.data) });
  const scores = await victim.logits(images);
  const labels = Int32Array.from({ length: 30 }, (_, i) => {
    const row = [...scores.subarray(3 * i, 3 * i + 3)];
    const best = row.indexOf(Math.max(...row));
    return i % 3 === 0 ? (best + 1) % 3 : best;
  });
  return { victim, layers, test: { images, labels } };
}

describe("bitFlipAttack", () => {
  it("raises the loss, lowers the accuracy, and its flips are those that the weights differ by", async () => {
    const { victim, layers, test } = await setting();
    const heard: string[] = [];
    const result = await bitFlipAttack(victim, {
      test,
      maxFlips: 6,
      onProgress: ({ kind }) => void heard.push(kind),
    });
    expect(result.before.accuracy).toBeCloseTo(20 / 30, 10);
    expect(result.stopped).toBe("flips");
    expect(result.steps.map(({ iteration }) => iteration)).toEqual(result.steps.map((_, i) => i + 1));
    let loss = result.before.loss;
    for (const step of result.steps) {
      expect(step.lossBefore).toBeCloseTo(loss, 4);
      expect(step.loss).toBeGreaterThan(step.lossBefore);
      loss = step.loss;
    }
    expect(result.after).toEqual({ accuracy: result.steps.at(-1)!.accuracy, loss });
    expect(result.after.accuracy).toBeLessThan(0.5);
    expect(await accuracyOf(victim, test)).toBe(result.after.accuracy);
    const distance = layers.flatMap(({ values }, i) =>
      [...values].map((v, at) => hammingDistance(v, victim.layers[i]!.values[at]!, 8)),
    );
    expect(distance.reduce((a, b) => a + b)).toBe(6);
    for (const { flips } of result.steps)
      for (const { bit, before, after } of flips) expect(bitOf(before, bit)).not.toBe(bitOf(after, bit));
    expect(new Set(heard)).toEqual(new Set(["step", "layer", "test"]));
    await victim.release();
  });

  it("goes on from known steps to the same flips", async () => {
    const whole = await setting();
    const { steps } = await bitFlipAttack(whole.victim, { test: whole.test, maxFlips: 6 });
    const again = await setting();
    const kept = JSON.parse(JSON.stringify(steps.slice(0, 3))) as AttackStep[];
    const resumed = await bitFlipAttack(again.victim, { test: again.test, maxFlips: 6, known: kept });
    expect(resumed.steps).toEqual(steps);
    for (const { victim } of [whole, again]) await victim.release();
  });

  it("stops at an accuracy, and at a time", async () => {
    const { victim, test } = await setting();
    const { stopped, steps, after } = await bitFlipAttack(victim, { test, stopAccuracy: 0.5 });
    expect(stopped).toBe("accuracy");
    expect(after.accuracy).toBeLessThanOrEqual(0.5);
    expect(steps.slice(0, -1).every(({ accuracy }) => accuracy > 0.5)).toBe(true);
    expect((await bitFlipAttack(victim, { maxSeconds: 0 })).stopped).toBe("seconds");
    await victim.release();
  });

  it("says that it is stuck where no flip raises the loss, with the best so far", async () => {
    const layer = {
      ...quantize(Float32Array.of(1, 1, 1, 1), [2, 2], { bits: 8 }),
      name: "fc",
      shape: [2, 2],
      signed: true,
    };
    const logits = (x: Value, [w]: readonly Value[]) => gemm(x, w!);
    const images = tensor("float32", [1, 2], [0, 0]);
    const victim = await graphVictim(runtime, { layers: [layer], logits }, { images });
    const result = await bitFlipAttack(victim, { maxFlips: 3 });
    expect(result).toMatchObject({ stopped: "stuck", steps: [] });
    expect(result.after).toEqual(result.before);
    await victim.release();
  });

  it("refuses what cannot end or has nothing to break", async () => {
    const { victim, test } = await setting();
    const attempt = (options: AttackOptions) => bitFlipAttack(victim, options);
    await expect(attempt({ test })).rejects.toThrow(
      "bitFlipAttack: no limit; give stopAccuracy with a test set, maxFlips or maxSeconds.",
    );
    await expect(attempt({ stopAccuracy: 0.1 })).rejects.toThrow(
      "stopAccuracy needs a test set to measure the accuracy on.",
    );
    await expect(attempt({ test, stopAccuracy: 0.9 })).rejects.toThrow(
      /the accuracy is 0\.66\d* before the first flip, and 0\.9 is where the attack stops; nothing is left to break\./,
    );
    await expect(attempt({ maxFlips: 3, signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
    await victim.release();
  });
});
