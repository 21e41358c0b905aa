// Classifiers as people have them: other dtypes, one score, a fixed batch, outputs beside the scores, limits and masks that
// are infinite, weights in a file beside the model, operators and opsets that only run.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  add,
  argMax,
  cast,
  clip,
  constant,
  type DType,
  div,
  exportOnnx,
  Graph,
  matMul,
  operators,
  relu,
  reshape,
  sigmoid,
  softmax as softmaxOf,
  tensor,
  type Value,
} from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { ModelOptionError, onnxClassifier, onnxScores } from "@reprise/nn";
import { readModelFile } from "@reprise/nn/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bytesField, fields, intField, varints } from "./protobuf.ts";

const runtime = nodeRuntime({ threads: 1 });
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "reprise-classifiers-"));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await runtime.release();
});

const weight = Float32Array.from({ length: 12 }, (_, i) => Math.sin(3 * i) * 1.5); // [4, 3]
const images = Float32Array.from([0.1, 0.9, 0.3, 0.5, 0.8, 0.2, 0.6, 0.4, 0.7, 0.7, 0.1, 0.2]); // [3, 4]
/** Scores z = x·W, by hand. */
const scoresOf = (columns = 3) =>
  Float32Array.from({ length: 3 * columns }, (_, at) => {
    let sum = 0;
    for (let i = 0; i < 4; i++)
      sum += images[Math.floor(at / columns) * 4 + i]! * weight[i * columns + (at % columns)]!;
    return sum;
  });

interface ModelOptions {
  readonly dtype?: DType;
  readonly columns?: number;
  readonly dynamic?: boolean;
  /** What stands between images (as float32) and the product with the weights. */
  readonly before?: (x: Value) => Value;
  /** Outputs by name, of the scores. */
  readonly outputs?: (z: Value) => Record<string, Value>;
}

function modelOf({ dtype = "float32", columns = 3, dynamic = true, before, outputs }: ModelOptions = {}): Uint8Array {
  const graph = new Graph(operators);
  const x = graph.input("x", dtype, [1, 4]);
  let value = dtype === "float32" ? x : cast(x, "float32");
  if (dtype === "uint8") value = div(value, 255);
  if (before) value = before(value);
  const z = matMul(value, constant(value, tensor("float32", [4, columns], weight.slice(0, 4 * columns))));
  const made = outputs?.(z) ?? { z };
  for (const [name, output] of Object.entries(made)) graph.output(name, output);
  const open = Object.fromEntries(["x", ...Object.keys(made)].map((name) => [name, ["N"]]));
  return exportOnnx(graph, dynamic ? { dynamic: open } : {});
}

const both = async (bytes: Uint8Array, options = {}) => {
  const classifier = await onnxClassifier(runtime, bytes, { name: "m.onnx", ...options });
  const scores = await onnxScores(runtime, bytes, { name: "m.onnx", ...options });
  const found = [await classifier.logits(images, 3), await scores.logits(images, 3)] as const;
  const { gradient } = await classifier.lossAndGradient(images, Int32Array.of(1, 1, 1), 3);
  expect(gradient.some((g) => g !== 0)).toBe(true);
  expect(gradient.every(Number.isFinite)).toBe(true);
  const { classes } = classifier;
  expect(scores.classes).toBe(classes);
  await Promise.all([classifier.release(), scores.release()]);
  return { found, classes };
};
const close = (a: Float32Array, b: Float32Array, tolerance = 1e-5) => {
  expect(a.length).toBe(b.length);
  for (const [i, value] of a.entries()) expect(Math.abs(value - b[i]!)).toBeLessThan(tolerance);
};

describe("ordinary classifiers", () => {
  it("inputs of float64 and uint8", async () => {
    const { found } = await both(modelOf({ dtype: "float64" }));
    for (const logits of found) close(logits, scoresOf());
    const bytes = await both(modelOf({ dtype: "uint8" }));
    close(bytes.found[0], scoresOf());
    close(bytes.found[1], scoresOf(), 0.02); // images are rounded to bytes where the model runs as it is
  });

  it("one score, with and without its sigmoid: the scores 0 and z", async () => {
    for (const outputs of [(z: Value) => ({ p: sigmoid(z) }), (z: Value) => ({ z })]) {
      const { found, classes } = await both(modelOf({ columns: 1, outputs }));
      expect(classes).toBe(2);
      const z = scoresOf(1);
      for (const logits of found) close(logits, Float32Array.from([...z].flatMap((value) => [0, value])), 1e-4);
    }
  });

  it("a batch that a Reshape fixes: one image at a time", async () => {
    const { found } = await both(modelOf({ before: (x) => reshape(x, [1, 4]) }));
    for (const logits of found) close(logits, scoresOf());
  });

  it("a declared batch of 1", async () => {
    const { found } = await both(modelOf({ dynamic: false }));
    for (const logits of found) close(logits, scoresOf());
  });

  it("the label beside the scores; two outputs of scores are told apart by name only", async () => {
    const outputs = (z: Value) => ({ label: argMax(z, { axis: 1 }), z });
    const { found } = await both(modelOf({ outputs }));
    for (const logits of found) close(logits, scoresOf());
    const two = modelOf({ outputs: (z) => ({ main: z, aux: relu(z) }) });
    for (const load of [onnxClassifier, onnxScores]) {
      const error = await load(runtime, two, { name: "m.onnx" }).catch((cause: unknown) => cause);
      expect(error).toBeInstanceOf(ModelOptionError);
      expect((error as ModelOptionError).option).toBe("output");
      expect((error as Error).message).toBe("m.onnx: it has 2 outputs (main, aux); say which holds the scores.");
    }
    close((await both(two, { output: "main" })).found[1], scoresOf());
  });

  it("limits and masks that are infinite belong there; NaN does not", async () => {
    const limited = modelOf({ before: (x) => clip(x, { min: 0, max: Infinity }) });
    for (const logits of (await both(limited)).found) close(logits, scoresOf());
    const masked = modelOf({
      outputs: (z) => ({ z: add(z, constant(z, tensor("float32", [3], [0, 0, -Infinity]))) }),
    });
    for (const logits of (await both(masked)).found) {
      expect(logits[2]).toBe(-Infinity);
      expect(logits[0]).toBeCloseTo(scoresOf()[0]!, 5);
    }
    const broken = modelOf({ before: (x) => add(x, constant(x, tensor("float32", [4], [0, Number.NaN, 0, 0]))) });
    await expect(onnxClassifier(runtime, broken, { name: "m.onnx" })).rejects.toThrow(/m\.onnx: weight ".*" is NaN/);
    await expect(onnxScores(runtime, broken, { name: "m.onnx" })).rejects.toThrow(
      "m.onnx: its output for a grey image is NaN",
    );
  });

  it("probabilities: refused or taken for what they are", async () => {
    const bytes = modelOf({ outputs: (z) => ({ p: softmaxOf(z) }) });
    const { found } = await both(bytes);
    const differences = (logits: Float32Array) => Float32Array.of(logits[1]! - logits[0]!, logits[2]! - logits[0]!);
    for (const logits of found) close(differences(logits), differences(scoresOf()), 1e-4);
  });

  it("an opset that only runs: scores, and no gradient", async () => {
    const newer = withOpset(modelOf(), 26);
    const scores = await onnxScores(runtime, withOpset(modelOf(), 24), { name: "m.onnx" });
    close(await scores.logits(images, 3), scoresOf());
    await scores.release();
    await expect(onnxClassifier(runtime, newer, { name: "m.onnx" })).rejects.toThrow(/m\.onnx: .*opset 26/);
  });
});

describe("weights in a file beside the model", () => {
  const write = (
    location: string,
    { offset = 0, length = 48, data = weight }: { offset?: number; length?: number; data?: Float32Array } = {},
  ) => {
    const path = join(folder, "m.onnx");
    writeFileSync(path, withExternal(modelOf(), location, offset, length));
    mkdirSync(join(folder, "parts"), { recursive: true });
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    writeFileSync(join(folder, "m.onnx.data"), bytes);
    writeFileSync(join(folder, "parts/w.bin"), Buffer.concat([Buffer.alloc(offset), bytes]));
    return path;
  };

  it("are read, from its folder and below", async () => {
    for (const [location, offset] of [
      ["m.onnx.data", 0],
      ["parts/w.bin", 16],
    ] as const) {
      const bytes = await readModelFile(write(location, { offset }));
      for (const logits of (await both(bytes)).found) close(logits, scoresOf());
    }
  });

  it("are told when missing, cut off, or outside the folder", async () => {
    const told = async (path: string) => (await readModelFile(path).catch((cause: Error) => cause)) as Error;
    expect((await told(write("gone.data"))).message).toMatch(
      /m\.onnx: its weights in "gone\.data" are missing: there is no such file beside the model/,
    );
    expect((await told(write("m.onnx.data", { length: 480 }))).message).toMatch(
      /its weights in "m\.onnx\.data" need bytes 0 to 480, the file has 48/,
    );
    const outside = mkdtempSync(join(tmpdir(), "reprise-outside-"));
    writeFileSync(join(outside, "w.bin"), weight);
    symlinkSync(join(outside, "w.bin"), join(folder, "link.data"));
    for (const location of ["../w.bin", join(outside, "w.bin"), "link.data", "parts/../../w.bin"])
      expect((await told(write(location))).message).toMatch(
        /lie outside the model's folder; such files are not opened/,
      );
    rmSync(outside, { recursive: true });
    mkdirSync(join(folder, "folder.data"), { recursive: true });
    expect((await told(write("folder.data"))).message).toMatch(/its weights in "folder\.data" are not a file/);
  });

  it("a model without such files is read as it is", async () => {
    const path = join(folder, "whole.onnx");
    writeFileSync(path, modelOf());
    expect(Buffer.from(await readModelFile(path)).equals(Buffer.from(modelOf()))).toBe(true);
  });
});

/** The model with another version of ai.onnx. */
function withOpset(model: Uint8Array, version: number): Uint8Array {
  return fields(model, (id, part) =>
    id === 8
      ? bytesField(
          8,
          fields(part, (inner) => (inner === 2 ? intField(2, version) : undefined)),
        )
      : undefined,
  );
}

/** The model with its first tensor of weights in a file. */
function withExternal(model: Uint8Array, location: string, offset: number, length: number): Uint8Array {
  const entry = (key: string, value: string) =>
    bytesField(13, Buffer.concat([bytesField(1, Buffer.from(key)), bytesField(2, Buffer.from(value))]));
  const tensorOf = (part: Uint8Array) =>
    Buffer.concat([
      fields(part, (id) => (id === 9 ? Buffer.alloc(0) : undefined)),
      entry("location", location),
      entry("offset", String(offset)),
      entry("length", String(length)),
      intField(14, 1),
    ]);
  return fields(model, (id, graph) =>
    id === 7
      ? bytesField(
          7,
          fields(graph, (inner, part) => (inner === 5 && part.length > 48 ? bytesField(5, tensorOf(part)) : undefined)),
        )
      : undefined,
  );
}

it("the helper of these tests reads what it writes", () => {
  expect(varints(intField(2, 300))).toEqual([2 << 3, 300]);
});
