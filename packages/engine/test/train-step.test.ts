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
