import { afterAll, expect, test } from "vitest";
import { nodeRuntime } from "../src/index.node.ts";
import {
  add,
  cpu,
  exportOnnx,
  importOnnx,
  log,
  lower,
  mul,
  reduceSum,
  sgd,
  Training,
  tensor,
  trace,
  type Values,
} from "../src/index.ts";

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

test("a step whose loss is not finite is not taken", async () => {
  const training = await Training.start(
    runtime,
    {
      parameters: { w: [2] },
      optimizer: sgd({ momentum: 0.9 }),
      forward: ({ w }, { x }) => ({ loss: log(reduceSum(mul(w!, x!))) }), // NaN where w·x < 0
    },
    { parameters: Float32Array.of(1, 2) },
  );
  const step = (...x: number[]) => training.run({ x: tensor("float32", [2], x) }, { learningRate: 0.1 });
  await step(1, 1);
  const before = await training.state();
  expect((await step(-1, -1)).loss).toBeNaN();
  expect(await training.state()).toEqual(before);
  expect(before.step).toBe(1);
  // It goes on as if the step had not been.
  await step(1, 1);
  const after = await training.state();
  expect(after.step).toBe(2);
  expect(after.parameters.every((w, i) => w < before.parameters[i]!)).toBe(true);
  await training.release();
});

test("constants with names of their own stay apart, though they are equal", () => {
  const graph = trace(
    ({ x }) => {
      const bias = (name: string) => x.graph.constant(tensor("float32", [2], [0, 0]), "float32", name);
      return { y: add(add(x, bias("fc1.bias")), bias("fc2.bias")) };
    },
    { x: { dtype: "float32", shape: [2] } },
  );
  expect([...importOnnx(exportOnnx(lower(graph, cpu))).initializers.keys()]).toEqual(["fc1.bias", "fc2.bias"]);
});

test("a gradient longer than clipNorm is scaled to it, over all parameters; a shorter one stays", async () => {
  // d loss/dw = x, one large parameter and a small one: two groups.
  const large = 1 << 16;
  const program = {
    parameters: { w: [large], v: [1] },
    optimizer: sgd(),
    clipNorm: 2,
    forward: ({ w, v }: Values<"w" | "v">, { x, y }: Values<"x" | "y">) => ({
      loss: add(reduceSum(mul(w, x)), reduceSum(mul(v, y))),
    }),
  };
  const training = await Training.start(runtime, program, { parameters: new Float32Array(large + 1) });
  const x = tensor("float32", [large], new Float32Array(large).fill(3 / 256)); // its norm is 3
  await training.run({ x, y: tensor("float32", [1], [4]) }, { learningRate: 1 }); // 5 in all
  const first = (await training.state()).parameters;
  expect(first[0]).toBeCloseTo((-3 / 256) * (2 / 5), 6);
  expect(first[large]).toBeCloseTo(-4 * (2 / 5), 6);
  await training.run(
    { x: tensor("float32", [large], new Float32Array(large)), y: tensor("float32", [1], [1]) },
    { learningRate: 1 },
  ); // 1 in all
  expect((await training.state()).parameters[large]).toBeCloseTo(-4 * (2 / 5) - 1, 6);
  await training.release();
});
