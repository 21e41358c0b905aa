// A few bytes that ask for all memory.
import { expect, test } from "vitest";
import { type Inputs, importOnnx, tensor, trace } from "../src/index.ts";
import { MessageWriter } from "../src/onnx/wire.ts";
import { type HandmadeNode, handmade } from "./handmade.ts";

const applyTo = (...nodes: HandmadeNode[]) =>
  trace((v: Inputs<"x">) => importOnnx(handmade(nodes), { name: "m.onnx" }).apply(v), {
    x: { dtype: "float32", shape: [3] },
  });
const int64 = (output: string, ...values: number[]): HandmadeNode => ({
  op: "Constant",
  outputs: [output],
  attributes: { value: tensor("int64", values.length === 1 ? [] : [values.length], values) },
});
const model = (initializer: MessageWriter) =>
  new MessageWriter()
    .int(1, 8)
    .message(7, new MessageWriter().message(5, initializer))
    .message(8, new MessageWriter().string(1, "").int(2, 17))
    .finish();

test("a tensor whose shape claims more than the file holds", () => {
  const huge = new MessageWriter()
    .ints(1, [2 ** 31, 2 ** 31])
    .int(2, 1)
    .string(8, "w");
  expect(() => importOnnx(model(huge.bytes(9, new Uint8Array(4))))).toThrow(
    'tensor "w" has 4 bytes for float32 [2147483648, 2147483648], which needs 4611686018427388000 × 4 bytes',
  );
});

test("a field whose length claims more than the file holds", () => {
  // Field 7, the graph, with a length of 2⁶² bytes.
  const bytes = Uint8Array.from([8, 8, 58, 128, 128, 128, 128, 128, 128, 128, 128, 64]);
  expect(() => importOnnx(bytes)).toThrow(/not a readable ONNX model: .*4611686018427387904 bytes/);
});

test("a range, and the depth of one-hot numbers", () => {
  const range = { op: "Range", name: "r", inputs: ["a", "b", "c"], outputs: ["y"] };
  expect(() => applyTo(int64("a", 0), int64("b", 1e15), int64("c", 1), range)).toThrow(
    'm.onnx: operator "Range" (node "r"): its range has 1000000000000000 elements; at most 16777216 are written out',
  );
  expect(() => applyTo(int64("a", 0), int64("b", 5), int64("c", 0), range)).toThrow("its range has Infinity elements");
  const hot = { op: "OneHot", name: "h", inputs: ["a", "b", "v"], outputs: ["y"] };
  expect(() => applyTo(int64("a", 0), int64("b", 1e12), int64("v", 0, 1), hot)).toThrow(
    'm.onnx: operator "OneHot" (node "h"): its depth has 1000000000000 elements; at most 16777216 are written out',
  );
});

test("constants and tiles of 10¹⁸ elements take no memory to trace", () => {
  const ones: HandmadeNode = { op: "ConstantOfShape", inputs: ["s"], outputs: ["y"] };
  expect(applyTo(int64("s", 1e9, 1e9), ones).outputs.get("y")!.shape).toEqual([1e9, 1e9]);
  const tile: HandmadeNode = { op: "Tile", inputs: ["row", "s"], outputs: ["y"] };
  const row: HandmadeNode = { op: "Unsqueeze", inputs: ["x", "zero"], outputs: ["row"] };
  const tiled = applyTo(int64("zero", 0), row, int64("s", 1e9, 1e8), tile);
  expect(tiled.outputs.get("y")!.shape).toEqual([1e9, 3e8]);
});
