// ONNX's own operator test cases: how the stored selection is read, and how one case is run.
import { gunzipSync, gzipSync } from "node:zlib";
import {
  bfloatToFloat,
  cpu,
  type DType,
  exportOnnx,
  Graph,
  importOnnx,
  lower,
  operators,
  type Runtime,
  type Tensor,
  tensor,
  type Value,
} from "../src/index.ts";
import { attributesOf } from "../src/onnx/import-rules.ts";
import { readModel, readTensor } from "../src/onnx/schema.ts";

/** The files of a case by their path inside its folder, e.g. `test_data_set_0/input_0.pb`. */
export type Case = Readonly<Record<string, Uint8Array>>;

/** Gzip of, for each file: length of the path, path, length, bytes; lengths are 32-bit little-endian. */
export function packCases(cases: Readonly<Record<string, Case>>): Uint8Array {
  const chunks: Uint8Array[] = [];
  const push = (bytes: Uint8Array) => chunks.push(new Uint8Array(Uint32Array.of(bytes.length).buffer), bytes);
  for (const [name, files] of Object.entries(cases)) {
    for (const [path, bytes] of Object.entries(files)) {
      push(new TextEncoder().encode(`${name}/${path}`));
      push(bytes);
    }
  }
  return gzipSync(Buffer.concat(chunks), { level: 9 });
}

export function unpackCases(packed: Uint8Array): Record<string, Case> {
  const bytes = gunzipSync(packed);
  const cases: Record<string, Record<string, Uint8Array>> = {};
  let at = 0;
  const next = () => {
    const length = bytes.readUInt32LE(at);
    at += 4 + length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const [name = "", ...path] = next().toString().split("/");
    cases[name] ??= {};
    cases[name][path.join("/")] = next();
  }
  return cases;
}

/**
 * Imports, lowers, exports and runs a case; null when its outputs are those stored, else what differs.
 *
 * @throws ModelError when the model is refused
 */
export async function runCase(runtime: Runtime, name: string, files: Case): Promise<string | null> {
  const model = importOnnx(files["model.onnx"]!, { name });
  const graph = new Graph(operators);
  const feeds: Record<string, Tensor> = {};
  const given = Object.fromEntries(
    model.inputs.map((input, i) => {
      const value = arrayOf(files[`test_data_set_0/input_${i}.pb`]!, input.dtype);
      // Axes, shapes and limits, which real models hold as constants, are inputs of these one-node models.
      const fixed =
        value.dtype === "int64" ||
        value.dtype === "bool" ||
        (value.shape.length === 0 && (i > 0 || value.dtype === "int32")) ||
        /^(scales|roi|repeats|iou_threshold|score_threshold)$/.test(input.name);
      if (!fixed) feeds[input.name] = value;
      return [input.name, fixed ? graph.constant(value) : graph.input(input.name, value.dtype, value.shape)];
    }),
  );
  const open = model.unknown.length === 1 ? model.unknown[0]!.op : name.startsWith("test_nonzero") ? "NonZero" : null;
  const made = open
    ? { [model.outputs[0]!.name]: padded(open, files, graph, Object.values(given)) }
    : model.apply(given);
  for (const [key, value] of Object.entries(made)) graph.output(key, value);
  const session = await runtime.load(exportOnnx(lower(graph, cpu)));
  const results = await session.run(Object.fromEntries(session.inputs.map((key) => [key, feeds[key]!])));
  await session.release();
  for (const [i, { name: key }] of model.outputs.entries()) {
    const want = arrayOf(files[`test_data_set_0/output_${i}.pb`]!, model.outputs[i]!.dtype);
    const got = open ? withoutPadding(results[key]!, operators[open]!.padded!) : results[key]!;
    if (got.dtype !== want.dtype || `${got.shape}` !== `${want.shape}`) {
      return `${key} is ${got.dtype} [${got.shape}], expected ${want.dtype} [${want.shape}]`;
    }
    for (let k = 0; k < want.data.length; k++) {
      const [a, b] = [Number(got.data[k]), Number(want.data[k])];
      // ONNX's own tolerances.
      if (a !== b && !(Math.abs(a - b) <= 1e-7 + 1e-3 * Math.abs(b)) && !(Number.isNaN(a) && Number.isNaN(b))) {
        return `${key}[${k}] is ${a}, expected ${b}`;
      }
    }
  }
  return null;
}

/** An array as the model means it: ONNX 1.12 stored those of bfloat16 as the integers of their bits. */
function arrayOf(bytes: Uint8Array, dtype: DType | null): Tensor {
  const [, value] = readTensor(bytes);
  if (dtype !== "float32" || value.dtype !== "int32") return value;
  return tensor("float32", value.shape, Array.from(value.data as Int32Array, bfloatToFloat));
}

/** The one node of a case whose result has a size of its own, as our operator that pads it. */
function padded(op: string, files: Case, graph: Graph, inputs: readonly Value[]): Value {
  const [node] = readModel(files["model.onnx"]!).graph.nodes;
  const { attrs, rest } = attributesOf(operators[op]!, node!, inputs);
  return graph.add(op, rest, attrs)[0]!;
}

/** What was found: the part before the −1. */
function withoutPadding({ dtype, shape, data }: Tensor, axis: number): Tensor {
  const [rows, columns] = shape as [number, number];
  const at = (i: number, j: number) => Number(data[i * columns + j]);
  const kept: number[] = [];
  let count = 0;
  if (axis === 0) {
    while (count < rows && at(count, 0) >= 0) count++;
    for (let i = 0; i < count; i++) for (let j = 0; j < columns; j++) kept.push(at(i, j));
    return tensor(dtype, [count, columns], kept);
  }
  while (count < columns && at(0, count) >= 0) count++;
  for (let i = 0; i < rows; i++) for (let j = 0; j < count; j++) kept.push(at(i, j));
  return tensor(dtype, [rows, count], kept);
}
