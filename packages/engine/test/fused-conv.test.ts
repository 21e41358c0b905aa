// Sums in one operator: when, and with what result.
import { expect, test } from "vitest";
import { nodeRuntime } from "../src/index.node.ts";
import {
  add,
  batchNormalization,
  compile,
  conv,
  cpu,
  Graph,
  type Inputs,
  inBlocks,
  lower,
  mul,
  neg,
  operators,
  relu,
  reshape,
  tensor,
  type Value,
} from "../src/index.ts";

const wave = (length: number, phase: number) => Float32Array.from({ length }, (_, i) => Math.sin(0.7 * i * i + phase));
const shapes = {
  x: [2, 6, 9, 7],
  w: [6, 6, 1, 1],
  z: [2, 6, 9, 7],
  scale: [6],
  bias: [6],
  mean: [6],
  variance: [6],
  p: [65536],
  g: [65536],
} as const;
type Values = Inputs<keyof typeof shapes>;
const normalized = ({ x, scale, bias, mean, variance }: Values) =>
  batchNormalization(x, { scale, bias, mean, variance }, { epsilon: 0.5 });

const sums: Record<string, (v: Values) => Value> = {
  "a convolution": (v) => add(conv(v.x, v.w, v.bias), v.z),
  "a convolution on the other side": (v) => add(v.z, conv(v.x, v.w)),
  "a normalisation": (v) => add(v.z, normalized(v)),
  "a 3-D convolution": ({ x, w, z }) => {
    const volume = (v: Value, ...ends: number[]) => reshape(v, [...v.shape.slice(0, 2), ...ends]);
    return add(conv(volume(x, 3, 3, 7), volume(w, 1, 1, 1)), volume(z, 3, 3, 7));
  },
  "an array that is needed no more": (v) => add(conv(v.x, v.w), neg(v.z)),
  "a multiple of a long vector": ({ p, g }) => add(g, mul(p, -1e-2)),
};
const rest: Record<string, (v: Values) => Value> = {
  "a convolution that something else needs": (v) => {
    const y = conv(v.x, v.w);
    return add(add(y, v.z), relu(y));
  },
  "a product of vectors": ({ p, g }) => add(g, mul(p, g)),
  "what is broadcast": ({ x, w, bias }) => add(conv(x, w), reshape(bias, [6, 1, 1])),
};

const lowered = (sum: (v: Values) => Value) => {
  const graph = new Graph(operators);
  const inputs = Object.entries(shapes).map(([name, shape]) => [name, graph.input(name, "float32", shape)]);
  graph.output("y", neg(sum(Object.fromEntries(inputs) as Values)));
  return lower(graph, inBlocks(cpu, 16)).nodes.map(({ op }) => op);
};

test.each(Object.entries(sums))("a sum with %s is one operator", async (_, sum) => {
  expect(lowered(sum)).toContain("com.microsoft.FusedConv");
  const graph = (v: Values) => ({ y: neg(sum(v)) });
  const inputs = (dtype: "float32" | "float64") =>
    Object.fromEntries(
      Object.entries(shapes).map(([name, shape], i) => {
        const data = wave(
          shape.reduce((a: number, b) => a * b, 1),
          i,
        );
        return [name, tensor(dtype, shape, name === "variance" ? data.map((v) => v * v) : data)];
      }),
    ) as Record<keyof typeof shapes, ReturnType<typeof tensor>>;
  const fast = await compile(nodeRuntime({ threads: 1 }), graph).run(inputs("float32"));
  const slow = await compile(nodeRuntime({ target: "reference", threads: 1 }), graph).run(inputs("float64"));
  expect(fast.y.shape).toEqual(slow.y.shape);
  // Sums of at most 8 products of numbers below 2, in float32.
  for (const [i, want] of slow.y.data.entries()) expect(Number(fast.y.data[i])).toBeCloseTo(Number(want), 5);
});

test.each(Object.entries(rest))("%s stays as it was", (_, sum) => {
  expect(lowered(sum)).not.toContain("com.microsoft.FusedConv");
});

test("a sum that leaves the graph, and targets without blocks, stay as they were", () => {
  const graph = new Graph(operators);
  const [x, w] = [graph.input("x", "float32", [1, 2, 3, 3]), graph.input("w", "float32", [2, 2, 1, 1])];
  const sum = add(conv(x, w), x);
  graph.output("y", neg(sum));
  expect(lower(graph, cpu).nodes.map(({ op }) => op)).toEqual(["Conv", "Add", "Neg"]);
  graph.output("sum", sum);
  expect(lower(graph, inBlocks(cpu, 16)).nodes.map(({ op }) => op)).toEqual(["Conv", "Add", "Neg"]);
});
