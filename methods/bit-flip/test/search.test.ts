// The search against PyTorch: tools/reference/bit_flip.py runs the published algorithm by whole forward passes.
import { readFileSync } from "node:fs";
import { add, conv, flatten, gemm, globalAveragePool, relu, tensor, type Value } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { afterAll, describe, expect, it } from "vitest";
import { type BitFlip, bestBits, graphVictim, type NetworkGraph, quantize, searchStep } from "../src/index.ts";

interface Stored {
  layers: { name: string; shape: number[]; weights: number[]; bias: number[] }[];
  images: { shape: number[]; values: number[] };
  cases: {
    bits: number;
    perChannel: boolean;
    topK: number | null;
    victims: number[];
    goal: "raise" | "lower";
    targets: number[];
    steps: { before: number; loss: number; atOnce: number; flips: number[][] }[];
  }[];
}
const stored = JSON.parse(readFileSync(new URL("fixtures/search.json", import.meta.url), "utf8")) as Stored;
const images = tensor("float32", stored.images.shape, stored.images.values);

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

/** The network of the reference; layers that are no victims keep their quantised weights. */
function networkOf({ bits, perChannel, victims }: Stored["cases"][number]): NetworkGraph {
  const layers = stored.layers.map(({ name, shape, weights }) => ({
    ...quantize(Float32Array.from(weights), shape, perChannel ? { bits, axis: 0 } : { bits }),
    name,
    shape,
    signed: true,
  }));
  return {
    layers: victims.map((layer) => layers[layer]!),
    logits(x, given) {
      const constants = stored.layers.map(({ shape, bias }, i) => {
        const { values, step } = layers[i]!;
        const each = values.length / step.length;
        const data = Float32Array.from(values, (value, at) => value * step[Math.floor(at / each)]!);
        return {
          w: victims.includes(i) ? given[victims.indexOf(i)]! : x.graph.constant({ dtype: "float32", shape, data }),
          b: x.graph.constant(tensor("float32", [bias.length], bias)),
        };
      });
      const [stem, body, depthwise, classifier] = constants as [Layer, Layer, Layer, Layer];
      let y = relu(conv(x, stem.w, stem.b, { pads: [1, 1] }));
      y = relu(add(y, conv(y, body.w, body.b, { pads: [1, 1] })));
      y = relu(conv(y, depthwise.w, depthwise.b, { strides: [2, 2], pads: [1, 1], group: 6 }));
      return gemm(flatten(globalAveragePool(y)), classifier.w, classifier.b, { transB: true });
    },
  };
}
type Layer = { w: Value; b: Value };

describe("searchStep", () => {
  for (const each of stored.cases) {
    const { bits, perChannel, topK, victims, goal, steps } = each;
    const most = Math.max(...steps.map(({ atOnce }) => atOnce));
    const title = `${bits} bits per ${perChannel ? "channel" : "layer"}, topK ${topK}, layers ${victims}, ${goal}, n_b ≤ ${most}`;
    it(`${title}: the reference's ${steps.length} steps`, async () => {
      const given = goal === "lower" ? { targets: Int32Array.from(each.targets) } : {};
      const victim = await graphVictim(runtime, networkOf(each), { images, ...given });
      for (const expected of steps) {
        const found = await searchStep(victim, { goal, ...(topK === null ? {} : { topK }) });
        const flips = found!.flips.map(({ layer, ...flip }) => [
          victims[layer],
          flip.index,
          flip.bit,
          flip.before,
          flip.after,
        ]);
        expect(flips).toEqual(expected.flips);
        expect(found!.atOnce).toBe(expected.atOnce);
        // Float32 sums in another order.
        expect(found!.lossBefore).toBeCloseTo(expected.before, 3);
        expect(found!.loss / expected.loss).toBeCloseTo(1, 3);
      }
      await victim.release();
    });
  }

  it("the cases hold several flips at once", () => {
    const sizes = new Set(stored.cases.flatMap(({ steps }) => steps.map(({ atOnce }) => atOnce)));
    expect([...sizes].filter((atOnce) => atOnce > 1).length).toBeGreaterThan(2);
  });

  it("tells of a loss that is no number", async () => {
    const victim = await graphVictim(runtime, networkOf(stored.cases[0]!), { images });
    const broken = {
      ...victim,
      layers: victim.layers,
      lossAndGradients: async () => ({ loss: Number.NaN, gradients: [] }),
    };
    await expect(searchStep(broken as never)).rejects.toThrow("The loss on the sample is NaN; expected a number.");
    await victim.release();
  });

  it("says nothing helps where no bit has a gradient", async () => {
    const victim = await graphVictim(runtime, networkOf(stored.cases[0]!), { images });
    const gradients = victim.layers.map(({ values }) => new Float32Array(values.length));
    const flat = { layers: victim.layers, lossAndGradients: async () => ({ loss: 1, gradients }) };
    expect(await searchStep(flat as never)).toBeUndefined();
    await victim.release();
  });

  it("ends with the signal's reason", async () => {
    const victim = await graphVictim(runtime, networkOf(stored.cases[0]!), { images });
    await expect(searchStep(victim, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
    await victim.release();
  });
});

describe("bestBits", () => {
  const layer = (values: number[], signed = true) => ({
    ...{ name: "w", shape: [values.length], bits: 8, signed },
    values: signed ? Int8Array.from(values) : Uint8Array.from(values),
  });
  const flips = (found: BitFlip[]) => found.map(({ index, bit, before, after }) => [index, bit, before, after]);

  it("sets bits where the gradient is positive and clears them where it is negative, the sign bit the other way round", () => {
    const options = { count: 1, topK: Infinity, sign: 1 };
    expect(flips(bestBits(layer([5]), 0, Float32Array.of(1), options))).toEqual([[0, 6, 5, 69]]);
    expect(flips(bestBits(layer([-5]), 0, Float32Array.of(1), options))).toEqual([[0, 7, -5, 123]]);
    expect(flips(bestBits(layer([5]), 0, Float32Array.of(-1), options))).toEqual([[0, 7, 5, -123]]);
    expect(flips(bestBits(layer([5], false), 0, Float32Array.of(1), options))).toEqual([[0, 7, 5, 133]]);
    expect(flips(bestBits(layer([5]), 0, Float32Array.of(1), { ...options, sign: -1 }))).toEqual([[0, 7, 5, -123]]);
  });

  it("two bits of one weight follow each other", () => {
    const found = bestBits(layer([5]), 0, Float32Array.of(1), { count: 2, topK: Infinity, sign: 1 });
    expect(flips(found)).toEqual([
      [0, 6, 5, 69],
      [0, 5, 69, 101],
    ]);
  });

  it("looks at the topK largest gradients only", () => {
    const found = bestBits(layer([127, 127, 0]), 0, Float32Array.of(3, 2, 1), { count: 9, topK: 2, sign: 1 });
    expect(found).toEqual([]); // nothing is left to set in 127
  });
});
