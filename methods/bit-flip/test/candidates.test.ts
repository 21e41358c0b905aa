// The law of the candidate graph: its losses are those of whole forward runs with the changed weights.
import { Random } from "@reprise/data";
import {
  add,
  averagePool,
  batchNormalization,
  concat,
  conv,
  flatten,
  gemm,
  globalAveragePool,
  matMul,
  maxPool,
  mul,
  pad,
  reduceMean,
  relu,
  reshape,
  sigmoid,
  slice,
  sub,
  tensor,
  transpose,
  type Value,
} from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { afterAll, describe, expect, it } from "vitest";
import { changesOf, flipBit, type GraphVictim, graphVictim, quantize } from "../src/index.ts";

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

interface Case {
  readonly shapes: readonly (readonly number[])[];
  /** x is [N, 4, 8, 8]. */
  logits(x: Value, w: readonly Value[]): Value;
}
const same = { pads: [1, 1] };
const head = (x: Value, w: Value) => gemm(flatten(globalAveragePool(x)), w, null, { transB: true });
const vector = (x: Value, values: readonly number[]) => x.graph.constant(tensor("float32", [values.length], values));

const cases: Record<string, Case> = {
  "a chain of convolutions": {
    shapes: [
      [6, 4, 3, 3],
      [5, 6, 3, 3],
      [3, 5],
    ],
    logits: (x, [a, b, c]) =>
      head(relu(conv(relu(conv(x, a!, null, same)), b!, null, { ...same, strides: [2, 2] })), c!),
  },
  "biases and batch normalisation": {
    shapes: [
      [3, 4, 3, 3],
      [4, 3, 1, 1],
      [3, 4],
    ],
    logits(x, [a, b, c]) {
      const y = conv(x, a!, vector(x, [0.1, -0.2, 0.3]), same);
      const normal = batchNormalization(y, {
        scale: vector(x, [1, 2, 0.5]),
        bias: vector(x, [0, 0.1, -0.1]),
        mean: vector(x, [0.2, 0, 0.1]),
        variance: vector(x, [1, 2, 3]),
      });
      return head(relu(conv(relu(normal), b!, vector(x, [0, 1, 2, 3]))), c!);
    },
  },
  "residual sums, downsampled and padded as CIFAR's ResNets": {
    shapes: [
      [4, 4, 3, 3],
      [8, 4, 3, 3],
      [8, 8, 3, 3],
      [3, 8],
    ],
    logits(x, [a, b, c, d]) {
      const y = relu(add(conv(x, a!, null, same), x));
      const down = slice(y, [
        { axis: 2, start: 0, end: 8, step: 2 },
        { axis: 3, start: 0, end: 8, step: 2 },
      ]);
      const shortcut = pad(down, [0, 2, 0, 0], [0, 2, 0, 0]);
      const z = conv(relu(conv(y, b!, null, { ...same, strides: [2, 2] })), c!, null, same);
      return head(relu(add(z, shortcut)), d!);
    },
  },
  "depthwise and grouped": {
    shapes: [
      [4, 1, 3, 3],
      [8, 4, 1, 1],
      [6, 4, 3, 3],
      [3, 6],
    ],
    logits: (x, [a, b, c, d]) =>
      head(
        relu(conv(relu(conv(relu(conv(x, a!, null, { ...same, group: 4 })), b!)), c!, null, { ...same, group: 2 })),
        d!,
      ),
  },
  "branches joined by channels": {
    shapes: [
      [2, 4, 1, 1],
      [3, 4, 3, 3],
      [4, 5, 3, 3],
      [3, 4],
    ],
    logits: (x, [a, b, c, d]) =>
      head(relu(conv(relu(concat([conv(x, a!), conv(x, b!, null, same)], 1)), c!, null, same)), d!),
  },
  "weights used twice": {
    shapes: [
      [4, 4, 3, 3],
      [3, 4],
    ],
    logits: (x, [a, b]) => head(relu(conv(relu(conv(x, a!, null, same)), a!, null, same)), b!),
  },
  "pooling and a gate of each channel": {
    shapes: [
      [6, 4, 3, 3],
      [6, 6, 1, 1],
      [4, 6, 3, 3],
      [3, 16],
    ],
    logits(x, [a, b, c, d]) {
      const y = maxPool(relu(conv(x, a!, null, same)), { kernel: [2, 2], strides: [2, 2] });
      const gated = mul(y, sigmoid(conv(globalAveragePool(y), b!)));
      const z = averagePool(relu(conv(gated, c!, null, same)), { kernel: [2, 2], strides: [2, 2] });
      return gemm(flatten(z), d!, null, { transB: true });
    },
  },
  "matrices, one of them transposed": {
    shapes: [
      [256, 7],
      [5, 7],
      [5, 3],
    ],
    logits: (x, [a, b, c]) => matMul(relu(matMul(relu(matMul(flatten(x), a!)), transpose(b!))), c!),
  },
  "factors and summands of channels, and weights used twice under them": {
    shapes: [
      [4, 4, 3, 3],
      [6, 4, 3, 3],
      [3, 6],
    ],
    logits(x, [a, b, c]) {
      const column = (values: readonly number[]) => x.graph.constant(tensor("float32", [values.length, 1, 1], values));
      const first = add(mul(conv(x, a!, null, same), column([1, 2, 0.5, 3])), column([0.1, 0, -0.1, 0.2]));
      const second = add(mul(conv(relu(first), a!, null, same), column([0.5, 1, 2, 1])), column([0, 0.1, 0.2, 0.3]));
      const bias = vector(x, [1, 0, -1, 0.5, 0.2, 0]);
      const third = mul(conv(relu(second), b!, bias, same), column([1, -1, 2, 0.5, 1, 1]));
      return head(relu(third), c!);
    },
  },
  "an operator that mixes the images of a batch": {
    shapes: [
      [4, 4, 3, 3],
      [3, 4],
    ],
    logits(x, [a, b]) {
      const y = relu(conv(x, a!, null, same));
      return head(sub(y, reduceMean(y, { axes: [0], keepDims: true })), b!);
    },
  },
  "a reshape that moves rows": {
    shapes: [
      [4, 4, 3, 3],
      [3, 4],
    ],
    logits(x, [a, b]) {
      const y = relu(conv(x, a!, null, same));
      const N = y.shape[0]!;
      return head(reshape(reshape(y, [2 * N, 2, 8, 8]), [N, 4, 8, 8]), b!);
    },
  },
};

async function victimOf({ shapes, logits }: Case, random: Random, count = 6): Promise<GraphVictim> {
  const floats = (n: number, scale: number) => Float32Array.from({ length: n }, () => scale * random.normal());
  const layers = shapes.map((shape, i) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const weights = floats(size, 1.5 / Math.sqrt(size / Math.max(shape[0]!, 1)));
    return { ...quantize(weights, shape, { bits: 8 }), name: `layer${i}`, shape, signed: true };
  });
  const images = tensor("float32", [count, 4, 8, 8], floats(count * 256, 1));
  return graphVictim(runtime, { layers, logits }, { images });
}

describe("losses of candidates", () => {
  for (const [name, each] of Object.entries(cases))
    it(`${name}: as whole forward runs`, async () => {
      const random = new Random(5);
      const below = (n: number) => Math.floor(random.uniform(0, n));
      const victim = await victimOf(each, random);
      const clean = await victim.loss();
      // Two candidates a layer, with one and with three changed weights, in places far apart.
      const candidates = victim.layers.flatMap(({ values }, layer) =>
        [1, 3].map((count) =>
          changesOf(
            Array.from({ length: count }, () => {
              const [index, bit] = [below(values.length), 5 + below(3)];
              return { layer, index, bit, before: values[index]!, after: flipBit(values[index]!, bit, 8) };
            }),
          ),
        ),
      );
      const losses = await victim.losses(candidates);
      for (const [i, changes] of candidates.entries()) {
        const before = changes.map(({ layer, index }) => ({
          layer,
          index,
          value: victim.layers[layer]!.values[index]!,
        }));
        victim.set(changes);
        expect(losses[i]! / (await victim.loss())).toBeCloseTo(1, 5); // sums of float32 in another order
        victim.set(before);
      }
      expect(await victim.loss()).toBe(clean);
      await victim.release();
    });

  it("an abort ends the tries with the signal's reason", async () => {
    const victim = await victimOf(cases["a chain of convolutions"]!, new Random(1));
    const change = [{ layer: 0, index: 0, value: 1 }];
    await expect(victim.losses([change], AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
    await victim.release();
  });
});

describe("lossAndGradients", () => {
  it("is the gradient in the integers: central differences", async () => {
    const victim = await victimOf(cases["residual sums, downsampled and padded as CIFAR's ResNets"]!, new Random(2));
    const { loss, gradients } = await victim.lossAndGradients();
    expect(loss).toBeCloseTo(await victim.loss(), 5);
    for (const [layer, { values }] of victim.layers.entries()) {
      const index = gradients[layer]!.reduce((best, g, i, all) => (Math.abs(g) > Math.abs(all[best]!) ? i : best), 0);
      const at = async (value: number) => (await victim.losses([[{ layer, index, value }]]))[0]!;
      const slope = ((await at(values[index]! + 1)) - (await at(values[index]! - 1))) / 2;
      expect(slope / gradients[layer]![index]!).toBeCloseTo(1, 1);
    }
    await victim.release();
  });
});

describe("graphVictim", () => {
  const layer = {
    ...quantize(Float32Array.of(1, -1, 2, 0.5), [2, 2], { bits: 8 }),
    name: "fc",
    shape: [2, 2],
    signed: true,
  };
  const network = { layers: [layer], logits: (x: Value, [w]: readonly Value[]) => gemm(x, w!, null, { transB: true }) };
  const images = tensor("float32", [3, 2], [1, 2, 3, 4, 5, 6]);

  it("takes the clean network's answers as targets", async () => {
    const own = await graphVictim(runtime, network, { images });
    const given = await graphVictim(runtime, network, { images, targets: Int32Array.of(1, 1, 1) });
    expect(await own.loss()).toBe(await given.loss());
    await own.release();
    await given.release();
  });

  it("a network of a fixed batch answers any number of images", async () => {
    const fixed = await graphVictim(runtime, { ...network, fixedBatch: 1 }, { images });
    const open = await graphVictim(runtime, network, { images });
    expect([...(await fixed.logits(images))]).toEqual([...(await open.logits(images))]);
    const pairs = await graphVictim(
      runtime,
      { ...network, fixedBatch: 2 },
      { images: tensor("float32", [2, 2], [1, 2, 3, 4]) },
    );
    expect([...(await pairs.logits(images))]).toEqual([...(await open.logits(images))]);
    for (const each of [fixed, open, pairs]) await each.release();
  });

  it("refuses samples that do not fit", async () => {
    const attempt = (sample: object, more = {}) => graphVictim(runtime, { ...network, ...more }, { images, ...sample });
    await expect(attempt({ targets: Int32Array.of(0) })).rejects.toThrow(
      "The sample has 3 images and 1 targets; expected as many.",
    );
    await expect(attempt({ targets: Int32Array.of(0, 1, 2) })).rejects.toThrow(
      "Target 2 of the sample is 2; the network has classes 0 to 1.",
    );
    await expect(attempt({}, { fixedBatch: 2 })).rejects.toThrow(
      "The sample has 3 images, and the network takes 2 at a time; expected a multiple of 2.",
    );
    await expect(attempt({ images: tensor("float32", [0, 2], []) })).rejects.toThrow("The sample has no images.");
    const bad = tensor("float32", [3, 2], [1, 2, 3, Number.NaN, 5, 6]);
    await expect(attempt({ images: bad })).rejects.toThrow(
      "Image 1 of the sample has the score NaN for class 0; expected finite scores.",
    );
  });
});
