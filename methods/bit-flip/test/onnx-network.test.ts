import { Random } from "@reprise/data";
import {
  add,
  conv,
  cpu,
  exportOnnx,
  flatten,
  gemm,
  globalAveragePool,
  lower,
  ModelError,
  matMul,
  relu,
  sigmoid,
  softmax,
  type Tensor,
  tensor,
  trace,
  type Value,
} from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { afterAll, describe, expect, it } from "vitest";
import {
  bitFlipAttack,
  flippableFile,
  flipped,
  graphVictim,
  namedFlip,
  onnxNetwork,
  quantize,
  quantizedOnnx,
  rawOffsets,
} from "../src/index.ts";

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

const random = new Random(11);
const draw = (shape: readonly number[], scale = 1): Tensor<"float32"> => ({
  dtype: "float32",
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => scale * random.normal()),
});
const stored = {
  "stem.weight": draw([6, 3, 3, 3], 0.4),
  "block.0.conv.weight": draw([6, 6, 3, 3], 0.3),
  "block.1.conv.weight": draw([6, 1, 3, 3], 0.5),
  "fc.weight": draw([4, 6]),
  "mix.weight": draw([4, 5]),
};

/** A small classifier of colour images with every kind of weight, as a file. */
function modelFile({ weights = stored, metadata = {}, head = (z: Value) => z } = {}): Uint8Array {
  const graph = trace(
    ({ x }: Record<"x", Value>) => {
      const w = (name: keyof typeof stored) => x.graph.constant(weights[name], "float32", name);
      let y = relu(conv(x, w("stem.weight"), null, { pads: [1, 1] }));
      y = relu(add(y, conv(y, w("block.0.conv.weight"), null, { pads: [1, 1] })));
      y = relu(conv(y, w("block.1.conv.weight"), null, { pads: [1, 1], group: 6 }));
      const z = gemm(flatten(globalAveragePool(y)), w("fc.weight"), null, { transB: true });
      return { scores: head(matMul(relu(z), w("mix.weight"))) };
    },
    { x: { dtype: "float32", shape: [2, 3, 6, 6] } },
  );
  return exportOnnx(lower(graph, cpu), { metadata, dynamic: { x: ["N"], scores: ["N"] } });
}

const file = modelFile();
const images = draw([16, 3, 6, 6]);

/**
 * How far two scores may be apart. ONNX Runtime multiplies integers that are dequantised for a MatMul by activations of 8
 * bits (MatMulNBits, accuracy level 4), whatever wrote the file.
 */
const tolerance = (scores: readonly number[]): number => 0.01 * Math.max(...scores.map(Math.abs));

/** What ONNX Runtime makes of the file. */
async function scoresOf(bytes: Uint8Array): Promise<number[]> {
  const session = await runtime.load(bytes, { purpose: "infer" });
  const { scores } = (await session.run({ x: images })) as Record<string, Tensor>;
  await session.release();
  return [...(scores!.data as Float32Array)];
}

function quantized(options: { bits: number; perChannel?: boolean }): Uint8Array {
  const { layers, initializers } = onnxNetwork(file, options);
  return quantizedOnnx(
    file,
    layers.map((layer, i) => ({ layer, initializer: initializers[i]! })),
  );
}

describe("onnxNetwork", () => {
  it("finds the weights of convolutions, Gemm and MatMul by the file's names, in the order of its nodes", () => {
    const { layers, inputShape, quantized, leftOut } = onnxNetwork(file, { bits: 8 });
    expect(layers.map(({ name, shape }) => [name, shape])).toEqual([
      ["stem", [6, 3, 3, 3]],
      ["block.0.conv", [6, 6, 3, 3]],
      ["block.1.conv", [6, 1, 3, 3]],
      ["fc", [4, 6]],
      ["mix", [4, 5]],
    ]);
    expect(layers.every(({ bits, signed, step }) => bits === 8 && signed && step.length === 1)).toBe(true);
    expect({ inputShape, quantized, leftOut }).toEqual({ inputShape: [3, 6, 6], quantized: false, leftOut: [] });
  });

  it("gives output channels steps of their own along their axis", () => {
    const { layers } = onnxNetwork(file, { bits: 4, perChannel: true });
    expect(layers.map(({ axis, step }) => [axis, step.length])).toEqual([
      [0, 6],
      [0, 6],
      [0, 6],
      [0, 4],
      [1, 5],
    ]);
  });

  it("takes the scores before a softmax", async () => {
    const one = await graphVictim(runtime, onnxNetwork(file, { bits: 8 }), { images });
    const other = await graphVictim(runtime, onnxNetwork(modelFile({ head: (z) => softmax(z) }), { bits: 8 }), {
      images,
    });
    expect([...(await other.logits(images))]).toEqual([...(await one.logits(images))]);
    await one.release();
    await other.release();
  });

  it("refuses what cannot be attacked", () => {
    const attempt =
      (bytes: Uint8Array, options = {}) =>
      () =>
        onnxNetwork(bytes, { name: "m.onnx", ...options });
    expect(attempt(file)).toThrow(
      "m.onnx: its weights are float32; say how many bits they are quantised to, 1 to 8 (bits: 8), or 32 or 16 to leave them floats.",
    );
    expect(attempt(file, { bits: 9 })).toThrow("quantize: bits is 9; expected a whole number from 1 to 8.");
    expect(attempt(file.slice(0, 900), { bits: 8 })).toThrow(
      /m\.onnx: not a readable ONNX model: .* are left\. Export or download the file again\./,
    );
    const broken = draw([6, 3, 3, 3]);
    broken.data[7] = Number.NaN;
    const nan = modelFile({ weights: { ...stored, "stem.weight": broken } });
    expect(attempt(nan, { bits: 8 })).toThrow('m.onnx: weight "stem.weight" is NaN at 7; expected finite numbers.');
    const none = exportOnnx(
      trace(({ x }: Record<"x", Value>) => ({ y: sigmoid(x) }), { x: { dtype: "float32", shape: [1, 3] } }),
    );
    expect(attempt(none, { bits: 8 })).toThrow("m.onnx: it has no weights whose bits can be flipped.");
    expect(attempt(modelFile({ head: (z) => flatten(z, { axis: 0 }) }), { bits: 8 })).not.toThrow();
    expect(attempt(quantized({ bits: 6 }), { bits: 8 })).toThrow(
      "m.onnx: it is quantised to 6 bits already, and its integers are attacked as they are; 8 bits would need the float model.",
    );
    expect(attempt(modelFile({ metadata: { "reprise.bits": "x" } }), { bits: 8 })).not.toThrow(); // a float file's note means nothing
  });
});

describe("quantizedOnnx", () => {
  for (const options of [{ bits: 8 }, { bits: 8, perChannel: true }, { bits: 4 }, { bits: 2, perChannel: true }])
    it(`${JSON.stringify(options)}: ONNX Runtime's scores are those of the float file with rounded weights`, async () => {
      const weights = Object.fromEntries(
        Object.entries(stored).map(([name, { shape, data }]) => {
          const axis = name === "mix.weight" ? 1 : 0;
          const { values, step } = quantize(data, shape, options.perChannel ? { bits: options.bits, axis } : options);
          const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
          return [
            name,
            tensor(
              "float32",
              shape,
              Array.from(values, (v, i) => v * step[step.length === 1 ? 0 : Math.floor(i / inner) % step.length]!),
            ),
          ];
        }),
      ) as typeof stored;
      const expected = await scoresOf(modelFile({ weights }));
      const found = await scoresOf(quantized(options));
      for (const [i, score] of found.entries())
        expect(Math.abs(score - expected[i]!)).toBeLessThan(tolerance(expected));
    });

  it("is attacked in its own integers, by the same flips as the float file", async () => {
    for (const options of [{ bits: 8 }, { bits: 4, perChannel: true }, { bits: 1 }, { bits: 1, perChannel: true }]) {
      const own = onnxNetwork(quantized(options));
      const float = onnxNetwork(file, options);
      expect(own.quantized).toBe(true);
      expect(own.layers.map(({ name, bits, values }) => ({ name, bits, values: [...values] }))).toEqual(
        float.layers.map(({ name, bits, values }) => ({ name, bits, values: [...values] })),
      );
      const [a, b] = await Promise.all([own, float].map((network) => graphVictim(runtime, network, { images })));
      const steps = await Promise.all(
        [a!, b!].map(async (victim) => (await bitFlipAttack(victim, { maxFlips: 5 })).steps),
      );
      expect(steps[0]!.map(({ flips }) => flips)).toEqual(steps[1]!.map(({ flips }) => flips));
      for (const [i, { loss }] of steps[0]!.entries()) expect(loss).toBeCloseTo(steps[1]![i]!.loss, 4);
      await Promise.all([a, b].map((victim) => victim!.release()));
    }
  });

  it("keeps what it does not know, and refuses an opset without the operator", () => {
    const bytes = modelFile({ metadata: { made: "by a test" } });
    const { layers, initializers } = onnxNetwork(bytes, { bits: 8 });
    const all = layers.map((layer, i) => ({ layer, initializer: initializers[i]! }));
    const text = new TextDecoder().decode(quantizedOnnx(bytes, all));
    expect(text).toContain("by a test");
    const old = bytes.slice();
    const at = old.findLastIndex((byte, i) => byte === 17 && old[i - 1] === 16); // opset_import.version = 17
    old[at] = 9;
    expect(() => quantizedOnnx(old, all, { name: "m.onnx" })).toThrow(ModelError);
    expect(() => quantizedOnnx(old, all, { name: "m.onnx" })).toThrow(
      "m.onnx: it uses opset 9; DequantizeLinear needs 10. Convert it with onnx.version_converter.",
    );
    old[at] = 12;
    const channels = onnxNetwork(bytes, { bits: 8, perChannel: true });
    const perChannel = channels.layers.map((layer, i) => ({ layer, initializer: initializers[i]! }));
    expect(() => quantizedOnnx(old, perChannel)).toThrow("DequantizeLinear with a step for each channel needs 13.");
  });
});

describe("flips in the bytes of a file", () => {
  for (const bits of [8, 4, 1])
    it(`${bits} bits: ONNX Runtime's scores of the flipped file are the victim's, and undo gives the file back`, async () => {
      const bytes = quantized({ bits });
      const network = onnxNetwork(bytes);
      const victim = await graphVictim(runtime, network, { images });
      const { steps } = await bitFlipAttack(victim, { maxFlips: 6 });
      const target = flippableFile(bytes, network);
      expect(target.bytes).toBe(bytes);
      const flips = steps.flatMap((step) => step.flips.map((flip) => namedFlip(target, flip)));
      const after = flipped(bytes, flips);
      const expected = await victim.logits(images);
      for (const [i, score] of (await scoresOf(after)).entries())
        expect(Math.abs(score - expected[i]!)).toBeLessThan(tolerance([...expected]));
      expect(flipped(after, flips, { undo: true })).toEqual(new Uint8Array(bytes));
      // A flip is the exclusive or of its byte, and of one bit where an integer fills it.
      const byHand = bytes.slice();
      for (const { address } of flips) byHand[address.byte]! ^= address.mask;
      expect(byHand).toEqual(after);
      if (bits === 8) for (const { bit, address } of flips) expect(address.mask).toBe(1 << bit);
      expect(() => flipped(after, flips, { name: "m.onnx" })).toThrow(
        /m\.onnx: byte \d+ \(weight \d+ of "[\w.]+"\) is \d+; the flip list expects \d+\. It belongs to another file\./,
      );
      await victim.release();
    });

  it("offsets are those of the arrays' bytes", () => {
    const bytes = quantized({ bits: 8 });
    const { layers, initializers } = onnxNetwork(bytes);
    for (const [i, { values }] of layers.entries()) {
      const at = rawOffsets(bytes).get(initializers[i]!)!;
      expect([...new Int8Array(bytes.slice(at, at + values.length).buffer)]).toEqual([...values]);
    }
  });
});
