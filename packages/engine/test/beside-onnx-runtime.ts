// A model of a few nodes here and in ONNX Runtime: values beside each other, and our gradient beside central differences
// of our own float64 formulas and, where the model is linear in x, of ONNX Runtime's values.
import ort from "onnxruntime-node";
import { nodeRuntime } from "../src/index.node.ts";
import {
  cpu,
  type DType,
  exportOnnx,
  Graph,
  gradient,
  importOnnx,
  lower,
  mul,
  operators,
  reduceSum,
  reference,
  type Tensor,
  tensor,
} from "../src/index.ts";
import { type HandmadeNode, handmade, tensorInfo } from "./handmade.ts";

export interface Variant {
  readonly nodes: HandmadeNode | readonly HandmadeNode[];
  readonly x: Tensor;
  readonly constants?: Readonly<Record<string, Tensor>>;
  readonly opset?: number;
  /** Names of the outputs, or their names and types; the first is differentiated. */
  readonly outputs?: readonly (string | readonly [name: string, code: number])[];
  /** At a kink, or of integers: values only. */
  readonly values?: true;
  /** y is linear in x, so that differences of float32 values are exact. */
  readonly linear?: true;
}

/** Numbers of both signs without ties. */
export const wave = (shape: readonly number[], phase = 0.3): Tensor<"float32"> =>
  tensor(
    "float32",
    shape,
    Array.from({ length: shape.reduce((n, dim) => n * dim, 1) }, (_, i) => 2 * Math.sin(1 + phase + 2.7 * i + i * i)),
  );
export const whole = (shape: readonly number[], values: readonly number[]): Tensor =>
  tensor("int64", shape, values.map(BigInt));

const codes: Partial<Record<DType, number>> = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9 };
const quick = nodeRuntime({ threads: 1 });
const exact = nodeRuntime({ target: "reference", threads: 1 });

function bytesOf({ nodes, x, constants = {}, opset = 17, outputs = ["y"] }: Variant): Uint8Array {
  const stored = Object.entries(constants).map(
    ([name, value]): HandmadeNode => ({ op: "Constant", outputs: [name], attributes: { value } }),
  );
  const input = tensorInfo("x", x.shape, codes[x.dtype]!);
  return handmade([...stored, ...[nodes].flat()], { opset, input, outputs });
}

/** What ONNX Runtime gives for a file, as it is. */
async function inOnnxRuntime(bytes: Uint8Array) {
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 4, graphOptimizationLevel: "disabled" });
  return (x: Tensor) => session.run({ x: new ort.Tensor(x.dtype as "float32", x.data as Float32Array, x.shape) });
}

/** <y, dy> and its gradient in x. */
async function differentiated(variant: Variant, shape: readonly number[], target: typeof cpu) {
  const first = [variant.outputs?.[0] ?? "y"].flat()[0] as string;
  const graph = new Graph(operators);
  const x = graph.input("x", "float32", variant.x.shape);
  const dy = graph.input("dy", "float32", shape);
  const y = importOnnx(bytesOf(variant)).apply({ x })[first]!;
  graph.output("L", reduceSum(mul(y, dy)));
  graph.output("dx", gradient(y, [x], { dy })[0]!);
  const session = await (target === cpu ? quick : exact).load(exportOnnx(lower(graph, target)));
  return (feeds: Readonly<Record<string, Tensor>>) =>
    session.run(Object.fromEntries(session.inputs.map((key) => [key, feeds[key]!])));
}

const near = (a: number, b: number, tolerance: number): boolean =>
  a === b || (Number.isNaN(a) && Number.isNaN(b)) || Math.abs(a - b) <= tolerance * (1 + Math.abs(b));

/** Everything in which this differs from ONNX Runtime and from the differences; empty where nothing does. */
export async function differences(variant: Variant): Promise<string[]> {
  const bytes = bytesOf(variant);
  const { x } = variant;
  const run = await inOnnxRuntime(bytes);
  const wanted = await run(x);
  const graph = new Graph(operators);
  const made = importOnnx(bytes).apply({ x: graph.input("x", x.dtype, x.shape) });
  for (const [key, value] of Object.entries(made)) graph.output(key, value);
  const session = await quick.load(exportOnnx(lower(graph, cpu)));
  const got = await session.run(Object.fromEntries(session.inputs.map((key) => [key, x])));
  await session.release();
  const found: string[] = [];
  for (const [key, want] of Object.entries(wanted)) {
    const { dtype, shape, data } = got[key]!;
    if (`${shape}` !== `${want.dims}` || dtype !== want.type)
      return [`${key} is ${dtype} [${shape}], expected ${want.type} [${want.dims}]`];
    const other = want.data as ArrayLike<number | bigint>;
    const i = Array.from(data as ArrayLike<number>).findIndex((a, k) => !near(Number(a), Number(other[k]), 1e-4));
    if (i >= 0) found.push(`${key}[${i}] is ${data[i]}, ONNX Runtime ${other[i]}`);
  }
  if (variant.values || found.length > 0) return found;

  const y = Object.values(wanted)[0]!;
  const weights = Array.from({ length: y.data.length }, (_, i) => Math.sin(1 + 1.3 * i + i * i));
  const in64 = await differentiated(variant, y.dims, reference);
  const in32 = await differentiated(variant, y.dims, cpu);
  const dy = tensor("float64", y.dims, weights);
  const at = Float64Array.from(x.data as Float32Array);
  const exactly = await in64({ x: tensor("float64", x.shape, at), dy });
  const quickly = await in32({ x, dy: tensor("float32", y.dims, weights) });
  const L = async () => Number((await in64({ x: tensor("float64", x.shape, at), dy })).L!.data[0]);
  const LofRuntime = async () => {
    const { data } = Object.values(await run(tensor("float32", x.shape, at)))[0]!;
    return weights.reduce((sum, weight, k) => sum + weight * Number(data[k]), 0);
  };
  const difference = async (of: () => Promise<number>, i: number, h: number) => {
    const before = at[i]!;
    at[i] = before + h;
    const above = await of();
    at[i] = before - h;
    const below = await of();
    at[i] = before;
    return (above - below) / (2 * h);
  };
  for (const i of at.keys()) {
    const [slow, fast] = [Number(exactly.dx!.data[i]), Number(quickly.dx!.data[i])];
    const slope = await difference(L, i, 1e-6);
    if (!near(slow, slope, 1e-4)) found.push(`dx[${i}] is ${slow}, differences ${slope}`);
    if (!near(fast, slow, 1e-3)) found.push(`dx[${i}] is ${fast} in float32, ${slow} in float64`);
    if (!variant.linear) continue;
    const theirs = await difference(LofRuntime, i, 1);
    if (!near(fast, theirs, 1e-4)) found.push(`dx[${i}] is ${fast}, differences of ONNX Runtime ${theirs}`);
  }
  return found;
}
