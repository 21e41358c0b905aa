// What is written is an ONNX model: ONNX Runtime loads it, and tools/reference/check_onnx.py ran ONNX's own checker on
// the same graphs.
import {
  conv,
  cpu,
  exp,
  exportOnnx,
  Graph,
  gradient,
  lower,
  maxPool,
  operators,
  reduceSum,
  relu,
  split,
  tensor,
} from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { expect, it } from "vitest";
import { readModel } from "../src/onnx/schema.ts";

const runtime = nodeRuntime({ threads: 1 });

function network(): Graph {
  const graph = new Graph(operators);
  const x = graph.input("image", "float32", [1, 2, 6, 6]);
  const w = graph.constant(
    tensor(
      "float32",
      [3, 2, 3, 3],
      Array.from({ length: 54 }, (_, i) => Math.sin(i)),
    ),
    "float32",
    "kernels",
  );
  const y = maxPool(relu(conv(x, w)), { kernel: [2, 2] });
  graph.output("features", y);
  graph.output("gradient", gradient(reduceSum(y), [x])[0]!);
  return lower(graph, cpu);
}

it("is loaded by ONNX Runtime under the names of its inputs and outputs", async () => {
  const session = await runtime.load(exportOnnx(network(), { name: "a network", metadata: { command: "none" } }));
  expect(session.inputs).toEqual(["image"]);
  expect(session.outputs).toEqual(["features", "gradient"]);
  const { features, gradient } = await session.run({ image: tensor("float32", [1, 2, 6, 6], Array(72).fill(1)) });
  expect(features!.shape).toEqual([1, 3, 2, 2]);
  expect(gradient!.shape).toEqual([1, 2, 6, 6]);
  await session.release();
});

it("lets dimensions that are named vary", async () => {
  const graph = new Graph(operators);
  graph.output("y", exp(graph.input("x", "float32", [1, 2])));
  const session = await runtime.load(exportOnnx(graph, { dynamic: { x: ["N"], y: ["N"] } }));
  const { y } = await session.run({ x: tensor("float32", [3, 2], [0, 0, 0, 0, 0, 0]) });
  expect(y).toMatchObject({ shape: [3, 2], data: new Float32Array([1, 1, 1, 1, 1, 1]) });
  await session.release();
});

it("gives an input, a constant, and a value twice as results", async () => {
  const graph = new Graph(operators);
  const x = graph.input("x", "float32", [1]);
  const y = exp(x);
  graph.output("same", x);
  graph.output("fixed", graph.constant(7));
  graph.output("once", y);
  graph.output("twice", y);
  const session = await runtime.load(exportOnnx(graph));
  const got = await session.run({ x: tensor("float32", [1], [0]) });
  expect(Object.entries(got).map(([name, { data }]) => [name, data[0]])).toEqual([
    ["same", 0],
    ["fixed", 7],
    ["once", 1],
    ["twice", 1],
  ]);
  await session.release();
});

it("writes every part of a split, of which ONNX Runtime crashed without the first", async () => {
  const graph = new Graph(operators);
  graph.output("y", split(graph.input("x", "float32", [4]), [1, 2, 1])[1]!);
  const session = await runtime.load(exportOnnx(graph));
  const { y } = await session.run({ x: tensor("float32", [4], [1, 2, 3, 4]) });
  expect([...y!.data]).toEqual([2, 3]);
  await session.release();
});

it("keeps names apart that users give twice", async () => {
  const graph = new Graph(operators);
  const x = graph.input("Exp_0", "float32", [1]);
  const constant = () => graph.constant(tensor("float32", [1], [1]), "float32", "y");
  graph.output("y", graph.add("Add", [graph.add("Mul", [exp(x), constant()])[0]!, constant()])[0]!);
  const session = await runtime.load(exportOnnx(graph));
  expect((await session.run({ Exp_0: tensor("float32", [1], [0]) })).y!.data[0]).toBe(2);
  await session.release();
});

it("writes a graph of ten thousand nodes", () => {
  const graph = new Graph(operators);
  let x = graph.input("x", "float32", [1]);
  for (let i = 0; i < 10_000; i++) x = exp(x);
  graph.output("y", x);
  expect(readModel(exportOnnx(graph)).graph.nodes).toHaveLength(10_000);
});

it("refuses an operator that has not been lowered", () => {
  const graph = new Graph(operators);
  const x = graph.input("x", "float32", [1]);
  graph.output("y", graph.add("StopGradient", [x])[0]!);
  expect(() => exportOnnx(graph)).toThrow(
    new Error("export: StopGradient is not an ONNX operator; lower the graph first"),
  );
});
