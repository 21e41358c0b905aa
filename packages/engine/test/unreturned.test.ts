import * as ort from "onnxruntime-node";
import { expect, test } from "vitest";
import { nodeRuntime } from "../src/index.node.ts";
import { add, exportOnnx, gather, type Inputs, reduceSum, tensor, trace } from "../src/index.ts";
import { runUnreturned, withUnreturned } from "../src/run/unreturned.ts";

const vector = { dtype: "float32", shape: [3] } as const;
const model = exportOnnx(
  trace(
    ({ x, at }: Inputs<"x" | "at">) => {
      const y = add(x, x);
      return { picked: gather(x, at), y, sum: reduceSum(y, { axes: [0] }) };
    },
    { x: vector, at: { dtype: "int64", shape: [1] } },
  ),
);
const x = tensor("float32", [3], [1, 2, 3]);
const at = (i: number) => tensor("int64", [1], [i]);

test("a training's session writes residents, returns the rest, and shows nothing of its extra output", async () => {
  const runtime = nodeRuntime({ threads: 1 });
  const session = await runtime.load(model, { purpose: "train" });
  expect(session.outputs).toEqual(["picked", "y", "sum"]);
  const y = await runtime.allocate(vector);
  const results = await session.run({ x, at: at(2) }, { into: { y } });
  expect(results).toEqual({ picked: tensor("float32", [1], [3]), sum: tensor("float32", [], [12]) });
  expect((await y.read()).data).toEqual(new Float32Array([2, 4, 6]));
  expect(await session.run({ x, at: at(0) }, { into: { y }, fetch: ["sum"] })).toEqual({
    sum: tensor("float32", [], [12]),
  });
  await session.release();
});

test("a run that fails still says why", async () => {
  const session = await nodeRuntime({ threads: 1 }).load(model, { purpose: "train" });
  await expect(session.run({ x, at: at(7) })).rejects.toThrow(/indices element out of data bounds, idx=7/);
  await session.release();
});

test("onnxruntime-node copies what it returns, and nothing when asked for the sequence first", async () => {
  // When this fails, so that given arrays come back as they are, unreturned.ts has had its day.
  const session = await ort.InferenceSession.create(withUnreturned(model));
  const given = new ort.Tensor("float32", new Float32Array(3), [3]);
  const feeds = { x: new ort.Tensor("float32", [1, 2, 3], [3]), at: new ort.Tensor("int64", [1n], [1]) };
  const { y } = await session.run(feeds, { y: given });
  expect(y!.data).not.toBe(given.data);
  expect(y!.data).toEqual(given.data);
  given.data.fill(0 as never);
  await expect(session.run(feeds, { unreturned: null, y: given })).rejects.toThrow("Non tensor type");
  expect(given.data).toEqual(new Float32Array([2, 4, 6]));
  given.data.fill(0 as never);
  await runUnreturned(session, feeds, { y: given });
  expect(given.data).toEqual(new Float32Array([2, 4, 6]));
  await session.release();
});
