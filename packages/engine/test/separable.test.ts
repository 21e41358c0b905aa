import { expect, test } from "vitest";
import { nodeRuntime } from "../src/index.node.ts";
import { compile, convWeightGrad, type Inputs, tensor } from "../src/index.ts";

const cpu = nodeRuntime({ threads: 1 });
const reference = nodeRuntime({ target: "reference", threads: 1 });
const wave = (length: number, phase: number) => Float32Array.from({ length }, (_, i) => Math.sin(0.7 * i + phase));

// From 16 channels on the CPU lowering takes the separable product; the reference is im2col in float64.
test.each([
  ["3×3, pad 1", [3, 3], [1, 1, 1, 1], [1, 1]],
  ["5×3, uneven pads", [5, 3], [2, 0, 1, 2], [1, 1]],
  ["no padding", [2, 2], [0, 0, 0, 0], [1, 1]],
  ["dilation 2", [3, 3], [2, 2, 2, 2], [2, 2]],
] as const)("dW of a wide convolution is that of the reference: %s", async (_, kernel, pads, dilations) => {
  const [N, C, K, H, W] = [2, 16, 17, 7, 6];
  const out = [H, W].map((size, i) => size + pads[i]! + pads[i + 2]! - dilations[i]! * (kernel[i]! - 1));
  const x = tensor("float32", [N, C, H, W], wave(N * C * H * W, 1));
  const g = tensor("float32", [N, K, ...out], wave(N * K * out[0]! * out[1]!, 2));
  const program = ({ x, g }: Inputs<"x" | "g">) => ({
    dW: convWeightGrad(x, g, [K, C, ...kernel], { pads, dilations }),
  });
  const fast = (await compile(cpu, program).run({ x, g })).dW;
  const f64 = (t: typeof x) => tensor("float64", t.shape, t.data);
  const slow = (await compile(reference, program).run({ x: f64(x), g: f64(g) })).dW;
  expect(fast.shape).toEqual([K, C, ...kernel]);
  // Sums of at most 84 products of numbers below 1, in float32.
  for (const [i, want] of slow.data.entries()) expect(Number(fast.data[i])).toBeCloseTo(Number(want), 4);
});
