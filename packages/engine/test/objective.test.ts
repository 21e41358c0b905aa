import { afterAll, expect, test } from "vitest";
import { nodeRuntime } from "../src/index.node.ts";
import { add, type Chunk, mul, Objective, reduceMean, reduceSum, sigmoid, tensor, type Values } from "../src/index.ts";

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

/** Mean over the rows of σ(x·w + b)², plus 0.1·Σw². */
const program = {
  parameters: { w: [3], b: [1] },
  forward: ({ w, b }: Values, { x }: Values) => {
    const h = sigmoid(add(reduceSum(mul(x!, w!), { axes: [1], keepDims: true }), b!)); // [N, 1]
    return { loss: add(reduceMean(mul(h, h)), mul(reduceSum(mul(w!, w!)), 0.1)) };
  },
};
const rows = Array.from({ length: 11 }, (_, i) => [Math.sin(i), Math.cos(2 * i), (i % 4) / 4]);
const chunksOf = (...sizes: number[]): Chunk[] => {
  let at = 0;
  return sizes.map((count) => {
    const data = rows.slice(at, at + count).flat();
    at += count;
    return { feeds: { x: tensor("float32", [count, 3], data) }, count };
  });
};

test("the mean over all examples and its gradient, however they are cut", async () => {
  const p = [0.4, -0.7, 1.1, 0.2];
  const f = (q: readonly number[]) =>
    rows.reduce(
      (sum, x) => sum + (1 / (1 + Math.exp(-(x[0]! * q[0]! + x[1]! * q[1]! + x[2]! * q[2]! + q[3]!)))) ** 2,
      0,
    ) /
      rows.length +
    0.1 * (q[0]! ** 2 + q[1]! ** 2 + q[2]! ** 2);
  for (const sizes of [[11], [4, 4, 3], [1, 10]]) {
    const objective = await Objective.start(runtime, program, chunksOf(...sizes));
    expect([objective.size, objective.count]).toEqual([4, 11]);
    const gradient = new Float64Array(4).fill(99);
    expect(await objective.evaluate(Float64Array.from(p), gradient)).toBeCloseTo(f(p), 6);
    for (let i = 0; i < 4; i++) {
      const moved = (by: number) => f(p.map((v, j) => v + (i === j ? by : 0)));
      expect(gradient[i]).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 5);
    }
    await objective.release();
  }
});

test("a program whose statistics would depend on the order of the chunks is refused", async () => {
  const start = Objective.start(runtime, { ...program, buffers: { mean: [3] } }, chunksOf(11));
  await expect(start).rejects.toThrow(
    "objective: the network updates mean while it trains; use an optimizer that takes",
  );
});
