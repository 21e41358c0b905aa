// Inputs that mean one number, stored as a vector of one: exporters do it, and ONNX Runtime takes it.
import { expect, test } from "vitest";
import { nodeRuntime } from "../src/index.node.ts";
import { compile, type DType, type Inputs, importOnnx, type Tensor, tensor } from "../src/index.ts";
import { type HandmadeNode, handmade } from "./handmade.ts";

const runtime = nodeRuntime({ threads: 1 });
const x = tensor("float32", [3], [2, 0.4, -1]);
const one = (dtype: DType, value: number): Tensor => tensor(dtype, [1], dtype === "int64" ? [BigInt(value)] : [value]);
const stored = (name: string, value: Tensor): HandmadeNode => ({
  op: "Constant",
  outputs: [name],
  attributes: { value },
});
const square: HandmadeNode[] = [
  stored("size", tensor("int64", [2], [1n, 3n])),
  { op: "Reshape", inputs: ["x", "size"], outputs: ["m"] },
];

const cases: Readonly<Record<string, readonly HandmadeNode[]>> = {
  "DequantizeLinear and QuantizeLinear with the default axis, outside a vector": [
    stored("scale", one("float32", 0.5)),
    stored("zero", one("uint8", 3)),
    { op: "QuantizeLinear", inputs: ["x", "scale", "zero"], outputs: ["q"] },
    { op: "DequantizeLinear", inputs: ["q", "scale", "zero"], outputs: ["y"] },
  ],
  "DequantizeLinear of int32 without a zero": [
    stored("scale", one("float32", 0.5)),
    { op: "Cast", inputs: ["x"], outputs: ["q"], attributes: { to: 6 } },
    { op: "DequantizeLinear", inputs: ["q", "scale"], outputs: ["y"] },
  ],
  "a scale of one number along an axis of several": [
    ...square,
    stored("scale", one("float32", 0.5)),
    stored("zero", one("int8", 0)),
    { op: "QuantizeLinear", inputs: ["m", "scale", "zero"], outputs: ["q"], attributes: { axis: 1 } },
    { op: "DequantizeLinear", inputs: ["q", "scale", "zero"], outputs: ["y"], attributes: { axis: 1 } },
  ],
  "the axis of CumSum": [stored("axis", one("int64", 0)), { op: "CumSum", inputs: ["x", "axis"], outputs: ["y"] }],
  "the diagonal of Trilu": [
    ...square,
    stored("k", one("int64", 1)),
    { op: "Trilu", inputs: ["m", "k"], outputs: ["y"] },
  ],
  "the value of Pad": [
    stored("pads", tensor("int64", [2], [1n, 0n])),
    stored("value", one("float32", 7)),
    { op: "Pad", inputs: ["x", "pads", "value"], outputs: ["y"] },
  ],
  "the branches of Where": [
    stored("a", one("float32", 1)),
    { op: "Greater", inputs: ["a", "a"], outputs: ["c"] },
    { op: "Where", inputs: ["c", "a", "x"], outputs: ["y"] },
  ],
  "the depth of OneHot": [
    stored("depth", one("int64", 3)),
    stored("values", tensor("float32", [2], [0, 1])),
    { op: "Cast", inputs: ["x"], outputs: ["labels"], attributes: { to: 7 } },
    { op: "OneHot", inputs: ["labels", "depth", "values"], outputs: ["y"] },
  ],
  "the slope of PRelu": [
    stored("slope", one("float32", 0.25)),
    { op: "PRelu", inputs: ["x", "slope"], outputs: ["y"] },
  ],
};

test.each(Object.entries(cases))("%s", async (_, nodes) => {
  const bytes = handmade(nodes);
  const session = await runtime.load(bytes);
  const want = (await session.run({ x })).y!;
  await session.release();
  const model = importOnnx(bytes, { name: "m.onnx" });
  const f = compile(runtime, ({ x }: Inputs<"x">) => ({ y: model.apply({ x }).y! }));
  const { y } = await f.run({ x });
  await f.release();
  expect([y.shape, [...(y.data as Float32Array)]]).toEqual([want.shape, [...(want.data as Float32Array)]]);
});

test("a list where one number is meant is an error that says so", () => {
  const bytes = handmade([
    stored("axis", tensor("int64", [2], [0n, 0n])),
    { op: "CumSum", name: "c", inputs: ["x", "axis"], outputs: ["y"] },
  ]);
  const f = compile(runtime, ({ x }: Inputs<"x">) => ({ y: importOnnx(bytes, { name: "m.onnx" }).apply({ x }).y! }));
  return expect(f.run({ x })).rejects.toThrow(
    'm.onnx: operator "CumSum" (node "c"): its axis has 2 numbers; one is expected',
  );
});
