import { expect, test } from "vitest";
import { nodeRuntime } from "../src/index.node.ts";
import { compile, cpu, Graph, type Inputs, inBlocks, lower, mul, operators, reduceSum, tensor } from "../src/index.ts";

const wave = (length: number, phase: number) => Float32Array.from({ length }, (_, i) => Math.sin(0.7 * i + phase));
const names = (shape: readonly number[], axes: readonly number[]) => {
  const graph = new Graph(operators);
  const [a, b] = ["a", "b"].map((name) => graph.input(name, "float32", shape));
  graph.output("y", reduceSum(mul(a!, b!), { axes }));
  return lower(graph, inBlocks(cpu, 16)).nodes.map(({ op }) => op);
};

test("a sum of products over images and places is a product of vectors, where there are many places", () => {
  expect(names([2, 3, 28, 28], [0, 2, 3])).toContain("com.microsoft.FusedMatMul");
  expect(names([2, 3, 28, 28], [0, 2, 3])).not.toContain("Mul");
  expect(names([2, 3, 14, 14], [0, 2, 3])).toEqual(["Mul", "ReduceSum"]);
  expect(names([2, 3, 28, 28], [2, 3])).toEqual(["Mul", "ReduceSum"]);
});

test("it is the sum of the products", async () => {
  const shape = [3, 4, 27, 31];
  const [a, b] = [wave(3 * 4 * 27 * 31, 1), wave(3 * 4 * 27 * 31, 1.2)];
  const program = compile(nodeRuntime({ threads: 1 }), ({ a, b }: Inputs<"a" | "b">) => ({
    y: reduceSum(mul(a, b), { axes: [0, 2, 3] }),
  }));
  const { y } = await program.run({ a: tensor("float32", shape, a), b: tensor("float32", shape, b) });
  await program.release();
  const want = Array<number>(4).fill(0);
  for (const [i, value] of a.entries()) want[Math.floor(i / (27 * 31)) % 4]! += value * b[i]!;
  // 2,511 products of numbers below 1 in float32.
  for (const [c, value] of want.entries()) expect(Number(y.data[c])).toBeCloseTo(value, 2);
});
