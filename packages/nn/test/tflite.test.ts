import { readFileSync } from "node:fs";
import { compile, importOnnx, tensor, type Value } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { afterAll, describe, expect, it } from "vitest";
import { onnxFromTflite } from "../src/index.ts";
import { formula } from "./formula.ts";

// Made by tools/reference/nn_tflite.py.
const fixture = JSON.parse(readFileSync(new URL("fixtures/tflite.json", import.meta.url), "utf8")) as {
  readonly model: string;
  readonly sum: Readonly<Record<string, readonly number[]>>;
  readonly mobilenetV2: readonly number[];
};
const model = Uint8Array.from(Buffer.from(fixture.model, "base64"));

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

async function outputOf(bytes: Uint8Array, count: number, size: number): Promise<Float32Array> {
  const onnx = importOnnx(bytes);
  const program = compile(runtime, ({ images }: { readonly images: Value }) => ({
    y: Object.values(onnx.apply({ images }))[0]!,
  }));
  const images = formula(count * 3 * size * size, 9).map((u) => 2 * u - 1);
  const { y } = await program.run({ images: tensor("float32", [count, 3, size, size], images) });
  await program.release();
  return y.data as Float32Array;
}

const furthest = (found: ArrayLike<number>, wanted: readonly number[]) =>
  Math.max(...wanted.map((value, i) => Math.abs(value - found[i]!)));

describe("a TensorFlow Lite network as ONNX", () => {
  it.each([12, 13])("gives what PyTorch computes, padded as TensorFlow does at %i²", async (size) => {
    const found = await outputOf(onnxFromTflite(model, { output: "sum", size }), 2, size);
    expect(found).toHaveLength(fixture.sum[size]!.length);
    expect(furthest(found, fixture.sum[size]!)).toBeLessThan(1e-5);
  });

  it("ends with any tensor, by one of the names that are joined", async () => {
    const found = await outputOf(onnxFromTflite(model, { output: "stem/Relu6", size: 12 }), 2, 12);
    expect(found).toHaveLength(2 * 8 * 36);
    expect(Math.min(...found)).toBeGreaterThanOrEqual(0);
  });

  it("says what is not read", () => {
    const from =
      (bytes: Uint8Array, output = "sum") =>
      () =>
        onnxFromTflite(bytes, { name: "net.tflite", output, size: 12 });
    expect(from(model, "features")).toThrow(
      'net.tflite: it has no tensor "features"; its last ones are "deep", "project", "sum", "pooled".',
    );
    expect(from(model, "pooled")).toThrow(
      "net.tflite: operator number 40 stands before the wanted tensor; convolutions, sums and activations are read.",
    );
    expect(from(model, "images")).toThrow('net.tflite: no operator makes "images".');
    expect(from(model.subarray(60))).toThrow("net.tflite: not a TensorFlow Lite model: its mark TFL3 is missing.");
    const quantised = model.slice();
    expect(quantised[1597]).toBe(1); // the type of "half0": FLOAT16 in the schema's TensorType, INT8 is 9
    quantised[1597] = 9;
    expect(from(quantised, "project")).toThrow(
      'net.tflite: the weight "half0" is not float32 or float16; export the model without quantisation.',
    );
    for (const length of [40, 300, 1500])
      expect(from(model.subarray(0, length))).toThrow(
        "net.tflite: the model is damaged or cut off. Download the file again.",
      );
  });
});

const file = process.env.OBJECTRON;
it.skipIf(!file)("the MobileNetV2 of OBJECTRON=FILE gives what PyTorch computes from its own reading", async () => {
  const output = "FeatureExtractor/MobilenetV2/Conv_1/Relu6";
  const maps = await outputOf(onnxFromTflite(readFileSync(file!), { output, size: 96 }), 1, 96);
  const means = Array.from({ length: 1280 }, (_, c) => maps.subarray(9 * c, 9 * c + 9).reduce((a, b) => a + b) / 9);
  expect(furthest(means, fixture.mobilenetV2)).toBeLessThan(1e-4);
});
