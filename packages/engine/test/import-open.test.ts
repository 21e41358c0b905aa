// What is known only when a model runs: it is named with its node when gradients are asked, and runs without them.
import { expect, test } from "vitest";
import { nodeRuntime } from "../src/index.node.ts";
import {
  compile,
  gradient,
  type Inputs,
  importOnnx,
  nonZero,
  reduceSum,
  tensor,
  trace,
  type Value,
} from "../src/index.ts";
import { MessageWriter } from "../src/onnx/wire.ts";
import { branchProto, type HandmadeNode, handmade, tensorInfo } from "./handmade.ts";

const runtime = nodeRuntime({ threads: 1 });
const x = tensor("float32", [3], [2, 0, -1]);
const applyTo = (bytes: Uint8Array) =>
  trace((v: Inputs<"x">) => importOnnx(bytes, { name: "m.onnx" }).apply(v), { x: { dtype: "float32", shape: [3] } });
const run = async (bytes: Uint8Array) => {
  const session = await runtime.load(bytes);
  const results = await session.run({ x });
  await session.release();
  return results;
};
const imported = async (bytes: Uint8Array) => {
  const model = importOnnx(bytes, { name: "m.onnx" });
  const f = compile(runtime, ({ x }: Inputs<"x">) => {
    const { y } = model.apply({ x }) as { y: Value };
    return { y, dx: gradient(reduceSum(y), [x])[0]! };
  });
  const { y, dx } = await f.run({ x });
  await f.release();
  return { y: [...(y.data as Float32Array)], dx: [...(dx.data as Float32Array)] };
};

/** A detector in small: the scores that are not 0, as many as there are. */
const detector: HandmadeNode[] = [
  { op: "NonZero", name: "find", inputs: ["x"], outputs: ["places"] },
  { op: "Transpose", inputs: ["places"], outputs: ["rows"] },
  { op: "GatherND", inputs: ["x", "rows"], outputs: ["y"] },
];

test("a model that finds as many as there are runs, and its node is named when gradients are asked", async () => {
  const bytes = handmade(detector);
  const { y } = await run(bytes);
  expect(y!.shape).toEqual([2]);
  expect([...(y!.data as Float32Array)]).toEqual([2, -1]);
  expect(() => applyTo(bytes)).toThrow(
    'm.onnx: operator "NonZero" (node "find"): how much it finds is known only when the model runs, and gradients need fixed shapes. The model can still be run, or attacked without gradients',
  );
});

test("non-maximum suppression in a file means what ONNX means, so it is unknown to gradients", () => {
  const bytes = handmade([{ op: "NonMaxSuppression", name: "nms", inputs: ["x", "x"], outputs: ["y"] }]);
  expect(importOnnx(bytes).unknown).toEqual([{ op: "NonMaxSuppression", node: "nms" }]);
  expect(() => applyTo(bytes)).toThrow(
    'm.onnx: operator "NonMaxSuppression" (node "nms") is not supported for gradients. The model can still be run, or attacked without gradients.',
  );
});

test("places of a constant are constant, as exporters write ranges", async () => {
  const bytes = handmade([
    { op: "Shape", inputs: ["x"], outputs: ["size"] },
    {
      op: "ConstantOfShape",
      inputs: ["size"],
      outputs: ["ones"],
      attributes: { value: tensor("float32", [1], [1]) },
    },
    { op: "NonZero", inputs: ["ones"], outputs: ["places"] },
    { op: "Squeeze", inputs: ["places"], outputs: ["range"] },
    { op: "Gather", inputs: ["x", "range"], outputs: ["y"] },
  ]);
  expect(await imported(bytes)).toEqual({ y: [2, 0, -1], dx: [1, 1, 1] });
});

const branches = {
  then_branch: branchProto([{ op: "Mul", inputs: ["x", "x"], outputs: ["square"] }], "square"),
  else_branch: branchProto([{ op: "Loop", name: "l", inputs: ["x"], outputs: ["never"] }], "never"),
};

test("of an If with a constant condition the branch that is taken remains", async () => {
  const bytes = handmade([
    { op: "Size", inputs: ["x"], outputs: ["size"] },
    { op: "Constant", outputs: ["three"], attributes: { value: tensor("int64", [], [3]) } },
    { op: "Equal", inputs: ["size", "three"], outputs: ["is3"] },
    { op: "If", name: "choose", inputs: ["is3"], outputs: ["y"], attributes: branches },
  ]);
  expect(importOnnx(bytes).unknown).toEqual([]);
  expect(await imported(bytes)).toEqual({ y: [4, 0, 1], dx: [4, 0, -2] });
});

test("an If that decides at run time is named, and so is what its branch holds", () => {
  const condition = { op: "Cast", inputs: ["x"], outputs: ["c"], attributes: { to: 9 } };
  const choose = { op: "If", name: "choose", inputs: ["c"], outputs: ["y"], attributes: branches };
  expect(() => applyTo(handmade([condition, choose]))).toThrow(
    'm.onnx: operator "If" (node "choose") decides at run time; gradients need a branch that is known. The model can still be run, or attacked without gradients.',
  );
  const never = { op: "Constant", outputs: ["c"], attributes: { value: tensor("bool", [], [0]) } };
  expect(() => applyTo(handmade([never, choose]))).toThrow(
    'm.onnx: operator "Loop" (node "l") is not supported for gradients.',
  );
});

test.each([
  [4, "a sequence"],
  [9, "an optional value"],
])("an input that is no tensor (type %i) is refused", (field, what) => {
  const type = new MessageWriter().message(field, new MessageWriter());
  const input = new MessageWriter().string(1, "x").message(2, type);
  const bytes = handmade([{ op: "Identity", inputs: ["x"], outputs: ["y"] }], { input });
  expect(() => applyTo(bytes)).toThrow(`m.onnx: input "x" is ${what}; only tensors are supported`);
});

test("what draws random numbers says so; dropout with ratio 0 passes its input on", async () => {
  const dropout = (ratio: number) =>
    handmade([
      { op: "Constant", outputs: ["r"], attributes: { value: tensor("float32", [], [ratio]) } },
      { op: "Constant", outputs: ["t"], attributes: { value: tensor("bool", [], [1]) } },
      { op: "Dropout", name: "d", inputs: ["x", "r", "t"], outputs: ["y", "mask"] },
    ]);
  expect(() => applyTo(dropout(0.5))).toThrow(
    'm.onnx: operator "Dropout" (node "d"): it is in training mode and draws random numbers; export the model in eval mode',
  );
  expect(await imported(dropout(0))).toEqual({ y: [2, 0, -1], dx: [1, 1, 1] });
});

test("graphs nested without end are refused before they fill the stack", () => {
  let graph = branchProto([{ op: "Identity", inputs: ["x"], outputs: ["y"] }], "y");
  for (let i = 0; i < 200; i++) {
    const node = { op: "If", inputs: ["x"], outputs: ["y"], attributes: { then_branch: graph } };
    graph = branchProto([node], "y");
  }
  const model = new MessageWriter().int(1, 8).message(7, graph.message(11, tensorInfo("x")));
  const bytes = model.message(8, new MessageWriter().string(1, "").int(2, 17)).finish();
  expect(() => importOnnx(bytes)).toThrow("its graphs are nested more than 16 deep");
});

test("in a graph of ours what was found is counted", async () => {
  const f = compile(runtime, ({ x }: Inputs<"x">) => ({ ...nonZero(x) }));
  const { places, count } = await f.run({ x });
  expect(Array.from(places.data as BigInt64Array, Number)).toEqual([0, 2, -1]);
  expect(Number(count.data[0])).toBe(2);
  await f.release();
});
