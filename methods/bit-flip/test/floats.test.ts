// Weights as floats: the bits of IEEE 754 in memory and in the file, beside DataView and ONNX Runtime.
import { Random } from "@reprise/data";
import {
  conv,
  cpu,
  exportOnnx,
  flatten,
  gemm,
  globalAveragePool,
  importOnnx,
  lower,
  relu,
  type Tensor,
  tensor,
  trace,
  type Value,
} from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { afterAll, describe, expect, it } from "vitest";
import { flipBit } from "../src/bits.ts";
import { exponentPlaces, floatOf, patternOf } from "../src/floats.ts";
import {
  bitFlipAttack,
  flippableFile,
  flipped,
  graphVictim,
  namedFlip,
  onnxNetwork,
  quantizedOnnx,
} from "../src/index.ts";

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

const random = new Random(5);
const draw = (shape: readonly number[], scale: number) =>
  tensor(
    "float32",
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => scale * random.normal()),
  );
const stored = { "stem.weight": draw([4, 1, 3, 3], 0.4), "stem.bias": draw([4], 0.1), "fc.weight": draw([3, 4], 1) };
const file = exportOnnx(
  lower(
    trace(
      ({ x }: Record<"x", Value>) => {
        const w = (name: keyof typeof stored) => x.graph.constant(stored[name], "float32", name);
        const y = relu(conv(x, w("stem.weight"), w("stem.bias"), { pads: [1, 1] }));
        return { scores: gemm(flatten(globalAveragePool(y)), w("fc.weight"), null, { transB: true }) };
      },
      { x: { dtype: "float32", shape: [2, 1, 5, 5] } },
    ),
    cpu,
  ),
  { dynamic: { x: ["N"], scores: ["N"] } },
);
const images = draw([12, 1, 5, 5], 1);

async function scoresOf(bytes: Uint8Array): Promise<number[]> {
  const session = await runtime.load(bytes, { purpose: "infer" });
  const { scores } = (await session.run({ x: images })) as Record<string, Tensor>;
  await session.release();
  return [...(scores!.data as Float32Array)];
}

/** Cross-entropy of scores [12, 3] in float64. */
const lossOf = (scores: readonly number[], targets: readonly number[]) =>
  targets.reduce((sum, target, row) => {
    const z = scores.slice(3 * row, 3 * row + 3);
    const most = Math.max(...z);
    return sum + most + Math.log(z.reduce((a, each) => a + Math.exp(each - most), 0)) - z[target]!;
  }, 0) / targets.length;
const labelsOf = (scores: readonly number[]) =>
  Array.from({ length: 12 }, (_, row) => {
    const z = scores.slice(3 * row, 3 * row + 3);
    return z.indexOf(Math.max(...z));
  });

describe("floats by their bits", () => {
  it("float32 as DataView has it; every bit flips and flips back", () => {
    const view = new DataView(new ArrayBuffer(4));
    for (const value of [0, -0, 1, -1.5, 1e-40, 3.4e38, 0.1, Number.POSITIVE_INFINITY].map(Math.fround)) {
      view.setFloat32(0, value);
      expect(patternOf(value, "float32")).toBe(view.getUint32(0));
      for (let bit = 0; bit < 32; bit++) {
        const other = flipBit(view.getUint32(0), bit, 32, false);
        expect(other).toBe((view.getUint32(0) ^ (1 << bit)) >>> 0);
        expect(flipBit(other, bit, 32, false)).toBe(view.getUint32(0));
      }
      expect(Object.is(floatOf(view.getUint32(0), "float32"), value)).toBe(true);
    }
  });

  it("float16: known numbers; the exponent's places", () => {
    // 1, −2, the largest, the smallest normal and subnormal number: IEEE 754, table of binary16.
    const known = { 15360: 1, 49152: -2, 31743: 65504, 1024: 2 ** -14, 1: 2 ** -24 };
    for (const [pattern, value] of Object.entries(known)) {
      expect(floatOf(Number(pattern), "float16")).toBe(value);
      expect(patternOf(value, "float16")).toBe(Number(pattern));
    }
    expect(exponentPlaces("float32")).toEqual([30, 29, 28, 27, 26, 25, 24, 23]);
    expect(exponentPlaces("float16")).toEqual([14, 13, 12, 11, 10]);
  });
});

describe("a search over floats", () => {
  it.each([32, 16])("of %i bits: exponent bits, the file's bytes, what ONNX Runtime makes of them", async (bits) => {
    const network = onnxNetwork(file, { bits });
    const bytes =
      bits === 32
        ? file
        : quantizedOnnx(
            file,
            network.layers.map((layer, i) => ({ layer, initializer: network.initializers[i]! })),
          );
    const inFile = bits === 32 ? network : onnxNetwork(bytes, { bits });
    expect(inFile.stored).toBe(true);
    const flippable = flippableFile(bytes, inFile);
    const targets = labelsOf(await scoresOf(flippable.bytes));
    const victim = await graphVictim(runtime, inFile, { images });
    const { steps } = await bitFlipAttack(victim, { maxFlips: 2 });
    await victim.release();
    expect(steps.length).toBeGreaterThan(0);
    const flips = steps.flatMap(({ flips: each }) => each.map((flip) => namedFlip(flippable, flip)));
    const places = exponentPlaces(bits === 32 ? "float32" : "float16");
    for (const { bit, floats } of flips) {
      expect(places).toContain(bit);
      expect(Number.isFinite(floats!.after)).toBe(true);
    }
    const broken = flipped(flippable.bytes, flips);
    expect(broken.filter((byte, i) => byte !== flippable.bytes[i])).toHaveLength(
      new Set(flips.map(({ address }) => address.byte)).size,
    );
    // The weight in the file is the number that the flip says.
    const { layer, index, floats } = flips.at(-1)!;
    const name = bits === 32 ? `${layer}.weight` : `${layer}.weight_float16`;
    expect(Number(importOnnx(broken).initializers.get(name)!.data[index])).toBeCloseTo(floats!.after, 5);
    const loss = lossOf(await scoresOf(broken), targets);
    expect(Math.abs(loss / steps.at(-1)!.loss - 1)).toBeLessThan(1e-3);
    expect(loss).toBeGreaterThan(lossOf(await scoresOf(flippable.bytes), targets));
    expect(flipped(broken, flips, { undo: true })).toEqual(new Uint8Array(flippable.bytes));
  });

  it("scales of a quantised file, floats beside its integers: in the file's bytes and back", async () => {
    const { layers, initializers } = onnxNetwork(file, { bits: 8 });
    const quantised = quantizedOnnx(
      file,
      layers.map((layer, i) => ({ layer, initializer: initializers[i]! })),
    );
    const network = onnxNetwork(quantised, { targets: ["weights", "scales"] });
    expect(network.layers.map(({ name, bits, format }) => [name, bits, format])).toEqual([
      ["stem", 8, undefined],
      ["fc", 8, undefined],
      ["stem.weight_scale", 32, "float32"],
      ["fc.weight_scale", 32, "float32"],
    ]);
    const flippable = flippableFile(quantised, network);
    const targets = labelsOf(await scoresOf(flippable.bytes));
    const victim = await graphVictim(runtime, onnxNetwork(quantised, { targets: ["scales"] }), { images });
    const scales = flippableFile(quantised, onnxNetwork(quantised, { targets: ["scales"] }));
    const { steps } = await bitFlipAttack(victim, { maxFlips: 1 });
    await victim.release();
    const flips = steps.flatMap(({ flips: each }) => each.map((flip) => namedFlip(scales, flip)));
    expect(flips).toHaveLength(1);
    const broken = flipped(scales.bytes, flips);
    const loss = lossOf(await scoresOf(broken), targets);
    expect(Math.abs(loss / steps[0]!.loss - 1)).toBeLessThan(0.02); // MatMul of bytes: see onnx-network.test.ts
    expect(flipped(broken, flips, { undo: true })).toEqual(new Uint8Array(scales.bytes));
  });

  it("biases are attacked where asked, and named as the file names them", () => {
    const both = onnxNetwork(file, { bits: 32, targets: ["weights", "biases"] });
    expect(both.layers.map(({ name }) => name)).toEqual(["stem", "fc", "stem.bias"]);
    expect(() => onnxNetwork(file, { bits: 32, targets: ["scales"], name: "m.onnx" })).toThrow(
      "m.onnx: it has no scales whose bits can be flipped.",
    );
  });
});
