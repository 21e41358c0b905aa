import { expect, test } from "vitest";
import { nodeRuntime } from "../src/index.node.ts";
import { type Inputs, matMul, mul, reduceMean, sgd, sub, Training, tensor } from "../src/index.ts";

test("2,000 training steps leave memory flat", async () => {
  const training = await Training.start(
    nodeRuntime({ threads: 1 }),
    {
      parameters: { w: [256, 256] }, // 256 kB, so a step that leaked its state once would leak 500 MB
      optimizer: sgd({ momentum: 0.9 }),
      forward: ({ w }, { x, t }: Inputs<"x" | "t">) => {
        const e = sub(matMul(x, w), t);
        return { loss: reduceMean(mul(e, e)) };
      },
    },
    { parameters: new Float32Array(256 * 256) },
  );
  const x = tensor("float32", [4, 256], new Float32Array(1024).fill(0.1));
  const t = tensor("float32", [4, 256], new Float32Array(1024).fill(1));
  const steps = async (count: number) => {
    for (let i = 0; i < count; i++) await training.run({ x, t }, { learningRate: 0.01 });
    return process.memoryUsage().rss;
  };
  const early = await steps(500);
  const late = await steps(1500);
  await training.release();
  // A tenth of what a leak of one state vector a step would take; the collector's own breathing is below it.
  expect(late - early).toBeLessThan(40 << 20);
});
