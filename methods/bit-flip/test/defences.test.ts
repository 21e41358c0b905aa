// Defences after training: what they leave as it is, what they limit, and what they detect.
import { Random } from "@reprise/data";
import { conv, cpu, exportOnnx, flatten, gemm, lower, relu, type Tensor, trace, type Value } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { afterAll, describe, expect, it } from "vitest";
import {
  bitFlipAttack,
  changedGroups,
  dequantize,
  flipBit,
  type Guard,
  graphVictim,
  guardedOnnx,
  onnxNetwork,
  quantizedOnnx,
  signatureBytes,
  signaturesOf,
  zeroed,
} from "../src/index.ts";

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

const random = new Random(17);
const draw = (shape: readonly number[], scale = 1): Tensor<"float32"> => ({
  dtype: "float32",
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => scale * random.normal()),
});
const stored = {
  stem: draw([8, 3, 3, 3], 0.4),
  body: draw([8, 8, 3, 3], 0.3),
  fc: draw([5, 288]),
  linear: draw([5, 108]),
};
const images = draw([24, 3, 6, 6]);

function fileOf(scores: (x: Value, w: (name: keyof typeof stored) => Value) => Value, bits: number): Uint8Array {
  const graph = trace(
    ({ x }: Record<"x", Value>) => ({
      scores: scores(x, (name) => x.graph.constant(stored[name], "float32", `${name}.weight`)),
    }),
    { x: { dtype: "float32", shape: [2, 3, 6, 6] } },
  );
  const float = exportOnnx(lower(graph, cpu), { dynamic: { x: ["N"], scores: ["N"] } });
  const { layers, initializers } = onnxNetwork(float, { bits });
  return quantizedOnnx(
    float,
    layers.map((layer, i) => ({ layer, initializer: initializers[i]! })),
  );
}

const quantised = (bits: number): Uint8Array =>
  fileOf((x, w) => {
    const y = relu(conv(relu(conv(x, w("stem"), null, { pads: [1, 1] })), w("body"), null, { pads: [1, 1] }));
    return gemm(flatten(y), w("fc"), null, { transB: true });
  }, bits);

async function scoresOf(bytes: Uint8Array): Promise<Float32Array> {
  const session = await runtime.load(bytes, { purpose: "infer" });
  const { scores } = (await session.run({ x: images })) as Record<string, Tensor>;
  await session.release();
  return scores!.data as Float32Array;
}

const file = quantised(8);
const network = onnxNetwork(file);
const linear = fileOf((x, w) => gemm(flatten(x), w("linear"), null, { transB: true }), 8);
const linearNetwork = onnxNetwork(linear);
const clipping: Guard = { kind: "clipping" };
const reconstruction: Guard = { kind: "reconstruction", group: 8, limit: Infinity };

describe("guards in the graph", () => {
  for (const guard of [clipping, reconstruction])
    it(`${guard.kind}: the scores of the clean network stay, and its layers are found behind it`, async () => {
      const { bytes, left } = guardedOnnx(file, network, guard);
      expect(left).toEqual([]);
      const [plain, guarded] = [await scoresOf(file), await scoresOf(bytes)];
      const most = Math.max(...plain.map(Math.abs));
      for (const [i, score] of guarded.entries()) expect(Math.abs(score - plain[i]!)).toBeLessThan(1e-2 * most);
      const found = onnxNetwork(bytes);
      expect(found.layers.map(({ name, values }) => [name, values])).toEqual(
        network.layers.map(({ name, values }) => [name, values]),
      );
    });

  it("clipping: a flipped sign bit counts as the end of its channel's range", async () => {
    const { bytes } = guardedOnnx(file, network, clipping);
    const victim = await graphVictim(runtime, onnxNetwork(bytes), { images });
    const plain = await graphVictim(runtime, network, { images });
    const layer = network.layers.findIndex(({ name }) => name === "fc");
    const { values, step, shape } = network.layers[layer]!;
    const integers = { values: values as Int8Array, step, axis: 0, bits: 8 };
    const row = [...dequantize(integers, shape).subarray(0, 288)];
    const index = values.subarray(0, 288).findIndex((v) => v > 0 && v < 10);
    victim.set([{ layer, index, value: values[index]! - 128 }]);
    // The same by hand: the least weight of the row in place of the flipped one.
    const least = Math.round(Math.min(...row) / step[0]!);
    plain.set([{ layer, index, value: least }]);
    const [a, b] = [await victim.logits(images), await plain.logits(images)];
    for (const [i, score] of a.entries()) expect(score).toBeCloseTo(b[i]!, 2);
    await victim.release();
    await plain.release();
  });

  it("reconstruction: a weight is its group's mean now and its own deviation, limited", async () => {
    const limit = 1;
    const { bytes } = guardedOnnx(linear, linearNetwork, { kind: "reconstruction", group: 9, limit });
    const victim = await graphVictim(runtime, onnxNetwork(bytes), { images });
    const { values, step, shape } = linearNetwork.layers[0]!;
    const W = dequantize({ values: values as Int8Array, step, axis: 0, bits: 8 }, shape);
    const meanOf = (weights: Float32Array, i: number) => {
      const start = 9 * Math.floor(i / 9);
      return weights.subarray(start, start + 9).reduce((a, b) => a + b, 0) / 9;
    };
    const most = limit * Math.sqrt(W.reduce((sum, w, i) => sum + (w - meanOf(W, i)) ** 2, 0) / W.length);
    const now = W.slice();
    const after = values[3]! - 128 * Math.sign(values[3]!);
    now[3] = after * step[0]!;
    const rebuilt = now.map((w, i) => {
      const mean = meanOf(now, i);
      return mean + Math.min(most, Math.max(-most, w - mean));
    });
    victim.set([{ layer: 0, index: 3, value: after }]);
    const scores = await victim.logits(images);
    for (let n = 0; n < 24; n++)
      for (let k = 0; k < 5; k++) {
        let expected = 0;
        for (let i = 0; i < 108; i++) expected += rebuilt[108 * k + i]! * images.data[108 * n + i]!;
        expect(scores[5 * n + k]).toBeCloseTo(expected, 3);
      }
    await victim.release();
  });

  it("a search on the guarded file sees the guard, and needs no fewer flips for the same loss", async () => {
    const { bytes } = guardedOnnx(file, network, clipping);
    const [plain, guarded] = await Promise.all(
      [network, onnxNetwork(bytes)].map((each) => graphVictim(runtime, each, { images })),
    );
    const result = await bitFlipAttack(guarded!, { maxFlips: 3 });
    const without = await bitFlipAttack(plain!, { maxFlips: 3 });
    expect(result.after.loss).toBeLessThan(without.after.loss);
    // Losses of candidates are those of the whole network.
    expect(await guarded!.loss()).toBeCloseTo(result.after.loss, 3);
    await Promise.all([plain, guarded].map((each) => each!.release()));
  });

  it("names what it cannot guard", () => {
    const signs = quantised(1);
    expect(() => guardedOnnx(signs, onnxNetwork(signs), clipping, { name: "m.onnx" })).toThrow(
      "m.onnx: no layer can be guarded. stem: weights of one bit are at the ends of their range; body: ",
    );
  });
});

describe("checksums", () => {
  const options = { group: 16, key: 5 };
  const kept = signaturesOf(network.layers, options);
  const changed = (flips: readonly { layer: number; index: number; value: number }[]) =>
    network.layers.map((layer, i) => {
      const values = (layer.values as Int8Array).slice();
      for (const flip of flips) if (flip.layer === i) values[flip.index] = flip.value;
      return { ...layer, values };
    });

  it("a clean network has no changed group; two bits a group", () => {
    expect(changedGroups(network.layers, kept)).toEqual([]);
    const groups = network.layers.reduce((sum, { values }) => sum + Math.ceil(values.length / 16), 0);
    expect(signatureBytes(kept)).toBe(
      network.layers.reduce((sum, { values }) => sum + Math.ceil(Math.ceil(values.length / 16) / 4), 0),
    );
    expect(kept.layers.map(({ signatures }) => signatures.length / 2).reduce((a, b) => a + b, 0)).toBe(
      signatureBytes(kept),
    );
    expect(groups).toBeGreaterThan(100);
  });

  it("every single flip of a sign bit is found, in the group that holds it", () => {
    for (let i = 0; i < 50; i++) {
      const layer = random.integer(3);
      const { values } = network.layers[layer]!;
      const index = random.integer(values.length);
      const value = flipBit(values[index]!, 7, 8);
      const found = changedGroups(changed([{ layer, index, value }]), kept);
      expect(found.map((group) => [group.layer, group.name])).toEqual([[layer, network.layers[layer]!.name]]);
      expect(found[0]!.indices).toContain(index);
      expect(found[0]!.indices.length).toBeLessThanOrEqual(16);
    }
  });

  it("each weight is in one group, and recovery sets the changed ones to zero", () => {
    const layers = changed([{ layer: 1, index: 40, value: flipBit(network.layers[1]!.values[40]!, 7, 8) }]);
    const found = changedGroups(layers, kept);
    const changes = zeroed(layers, found);
    expect(changes.every(({ layer, value }) => layer === 1 && value === 0)).toBe(true);
    expect(changes.map(({ index }) => index)).toContain(40);
    const all = Array.from({ length: 36 }, (_, g) => Array.from({ length: 16 }, (_, k) => g + 36 * k)).flat();
    expect([...all].sort((a, b) => a - b)).toEqual([...Array(576).keys()]);
  });

  it("another key hides other pairs of flips: the key is in the signatures' sums", () => {
    const other = signaturesOf(network.layers, { group: 16, key: 6 });
    expect(other.layers[1]!.signatures).not.toBe(kept.layers[1]!.signatures);
  });

  it("refuses signatures of another model, groups of nothing, and weights without a zero", () => {
    expect(() => changedGroups(network.layers.slice(1), kept)).toThrow(
      "signatures: they are of 3 layers, of which stem has 216 weights; the model has 2, and body has 576. They belong to another model.",
    );
    expect(() => signaturesOf(network.layers, { group: 0, key: 1 })).toThrow(
      "signatures: groups of 0 weights; expected a whole number from 1 up.",
    );
    const signs = onnxNetwork(quantised(1)).layers;
    expect(() => zeroed(signs, [{ layer: 0, name: "stem", indices: [1] }])).toThrow(
      'recover: weights of "stem" have one bit, and none of their values is zero.',
    );
  });
});
