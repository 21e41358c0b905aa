// Quantised operators of ONNX and of com.microsoft: ONNX Runtime's values, and gradients straight through the rounding.
import { expect, test } from "vitest";
import { nodeRuntime } from "../src/index.node.ts";
import {
  compile,
  dequantizeLinear,
  gradient,
  type Inputs,
  importOnnx,
  mul,
  reduceSum,
  type Tensor,
  tensor,
  type Value,
} from "../src/index.ts";
import { type HandmadeNode, handmade, tensorInfo } from "./handmade.ts";

const runtime = nodeRuntime({ threads: 1 });
const values = Array.from({ length: 32 }, (_, i) => Math.sin(1.7 * i + 0.3) * 2);
const domain = "com.microsoft";
const stored = (name: string, value: Tensor): HandmadeNode => ({
  op: "Constant",
  outputs: [name],
  attributes: { value },
});
const ends: HandmadeNode[] = [
  stored("s", tensor("float32", [], [0.03])),
  stored("z", tensor("uint8", [], [120])),
  stored("s2", tensor("float32", [], [0.05])),
  stored("z2", tensor("uint8", [], [90])),
  { op: "QuantizeLinear", inputs: ["x", "s", "z"], outputs: ["q"] },
];
const integers = (count: number, lowest: number) =>
  Array.from({ length: count }, (_, i) => lowest + ((37 * i + 11) % 256));
/** Weights per channel (int8) and for the whole array (uint8 with a zero point), and a bias in int32. */
const weights: HandmadeNode[] = [
  stored("w", tensor("int8", [3, 2, 3, 3], integers(54, -128))),
  stored("ws", tensor("float32", [3], [0.002, 0.004, 0.003])),
  stored("wz", tensor("int8", [3], [0, 0, 0])),
  stored("b", tensor("int32", [3], [500, -900, 0])),
  stored("u", tensor("uint8", [3, 2, 3, 3], integers(54, 0))),
  stored("m", tensor("int8", [16, 3], integers(48, -128))),
  stored("us", tensor("float32", [], [0.003])),
  stored("uz", tensor("uint8", [], [131])),
  stored("mz", tensor("int8", [], [3])),
];
const after: HandmadeNode = { op: "DequantizeLinear", inputs: ["r", "s2", "z2"], outputs: ["y"] };
const model = (nodes: readonly HandmadeNode[], shape: readonly number[]) =>
  handmade([...ends, ...nodes, after], { input: tensorInfo("x", shape) });

const cases: readonly (readonly [op: string, shape: readonly number[], node: Partial<HandmadeNode>])[] = [
  [
    "QLinearConv",
    [1, 2, 4, 4],
    {
      ...{ domain: "", inputs: ["q", "s", "z", "w", "ws", "wz", "s2", "z2", "b"] },
      attributes: { pads: [1, 1, 1, 1], strides: [2, 2] },
    },
  ],
  ["QLinearConv", [1, 2, 4, 4], { domain: "", inputs: ["q", "s", "z", "u", "us", "uz", "s2", "z2"] }],
  ["QLinearMatMul", [2, 16], { domain: "", inputs: ["q", "s", "z", "m", "us", "mz", "s2", "z2"] }],
  ["QLinearAdd", [2, 16], { inputs: ["q", "s", "z", "q", "s", "z", "s2", "z2"] }],
  ["QLinearMul", [2, 16], { inputs: ["q", "s", "z", "q", "s", "z", "s2", "z2"] }],
  ["QLinearSigmoid", [2, 16], {}],
  ["QLinearLeakyRelu", [2, 16], {}],
  ["QLinearGlobalAveragePool", [1, 2, 4, 4], {}],
  ["QLinearAveragePool", [1, 2, 4, 4], { attributes: { kernel_shape: [2, 2], strides: [2, 2] } }],
  ["QLinearConcat", [2, 16], { inputs: ["s2", "z2", "q", "s", "z", "q", "s", "z"], attributes: { axis: 1 } }],
];

test.each(cases)("%s", async (op, shape, node) => {
  const used = weights.filter(({ outputs }) => node.inputs?.includes(outputs[0]!));
  const bytes = model([...used, { op, domain, inputs: ["q", "s", "z", "s2", "z2"], outputs: ["r"], ...node }], shape);
  const x = tensor("float32", shape, values);
  const session = await runtime.load(bytes);
  const { y: want } = await session.run({ x });
  await session.release();
  const read = importOnnx(bytes, { name: "m.onnx" });
  expect(read.unknown).toEqual([]);
  const f = compile(runtime, ({ x }: Inputs<"x">) => {
    const { y } = read.apply({ x }) as { y: Value };
    return { y, dx: gradient(reduceSum(y), [x])[0]! };
  });
  const { y, dx } = await f.run({ x });
  await f.release();
  expect(y.shape).toEqual(want!.shape);
  // Kernels round their sums in another order: at most one step of the result apart, and nearly all equal.
  const steps = Array.from(y.data as Float32Array, (v, i) => Math.abs(v - Number(want!.data[i])) / 0.05);
  expect(Math.max(...steps)).toBeLessThan(1.01);
  expect(steps.filter((s) => s > 0.5).length).toBeLessThanOrEqual(1);
  expect((dx.data as Float32Array).some((d) => d !== 0)).toBe(true);
});

test("gradients in the integers of a weight: the step times the gradient of what they mean", async () => {
  const f = compile(runtime, ({ x, w }: Inputs<"x" | "w">) => {
    const d = dequantizeLinear(w, x.graph.constant(0.5), x.graph.constant(tensor("int8", [], [0])));
    return { dw: gradient(reduceSum(mul(x, d)), [w])[0]! };
  });
  const { dw } = await f.run({ x: tensor("float32", [3], [2, 4, 6]), w: tensor("int8", [3], [5, 6, 7]) });
  await f.release();
  expect(dw).toEqual(tensor("float32", [3], [1, 2, 3]));
});

test("channels that are last", () => {
  const node = {
    op: "QLinearGlobalAveragePool",
    domain,
    name: "g",
    inputs: ["q", "s", "z", "s2", "z2"],
    outputs: ["r"],
  };
  const bytes = model([{ ...node, attributes: { channels_last: 1 } }], [1, 2, 4, 4]);
  const f = compile(runtime, ({ x }: Inputs<"x">) => ({ y: importOnnx(bytes, { name: "m.onnx" }).apply({ x }).y! }));
  return expect(f.run({ x: tensor("float32", [1, 2, 4, 4], values) })).rejects.toThrow(
    'm.onnx: operator "com.microsoft.QLinearGlobalAveragePool" (node "g"): its channels are last; only channels before space are supported',
  );
});
