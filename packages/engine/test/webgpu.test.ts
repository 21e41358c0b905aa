// The WebGPU lowering's formulas, run on the CPU provider: what differs from the CPU's must give the same numbers.
import { expect, test } from "vitest";
import { nodeRuntime } from "../src/index.node.ts";
import {
  batchNormalizationTraining,
  compile,
  gradient,
  type Inputs,
  logSoftmax,
  lower,
  maxPool,
  mul,
  reduceSum,
  reshape,
  slice,
  split,
  tensor,
  trace,
  type Value,
  webgpu,
} from "../src/index.ts";

const cpu = nodeRuntime({ threads: 1 });
const asGpu = { ...cpu, target: webgpu };
const wave = (shape: readonly number[], phase = 1) =>
  tensor(
    "float32",
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(1.9 * i + phase)),
  );

async function same(
  program: (v: Inputs<"x" | "w">) => Record<string, Value>,
  x: ReturnType<typeof wave>,
  w = x,
): Promise<void> {
  const want = await compile(cpu, program).run({ x, w });
  const got = await compile(asGpu, program).run({ x, w });
  for (const [name, value] of Object.entries(want)) {
    for (const [i, v] of value.data.entries())
      expect(Number(got[name]!.data[i]), `${name}[${i}]`).toBeCloseTo(Number(v), 5);
  }
}

test.each([
  ["plain", { kernel: [2, 2] }, [2, 3, 6, 6]],
  ["overlapping, padded", { kernel: [3, 3], strides: [2, 2], pads: [1, 1] }, [1, 2, 7, 8]],
  ["rounded up", { kernel: [3, 2], strides: [2, 2], ceilMode: true }, [1, 2, 6, 5]],
  ["dilated", { kernel: [2, 2], strides: [1, 1], dilations: [2, 2] }, [1, 1, 6, 6]],
] as const)("max pooling's gradient and second derivative by comparison: %s", async (_, options, shape) => {
  await same(({ x }) => {
    const y = maxPool(x, options);
    const [dx] = gradient(reduceSum(mul(mul(y, y), y)), [x]);
    const [ddx] = gradient(reduceSum(mul(dx!, dx!)), [x]);
    return { y, dx: dx!, ddx: ddx! };
  }, wave(shape));
});

test("at a tie the first of the window takes the gradient, as on the CPU", async () => {
  await same(
    ({ x }) => ({ dx: gradient(reduceSum(maxPool(x, { kernel: [2, 2] })), [x])[0]! }),
    tensor("float32", [1, 1, 4, 4], new Float32Array(16).fill(3)),
  );
});

test("log-softmax by parts, also where exponentials overflow", async () => {
  const x = wave([4, 7]);
  for (let i = 0; i < 7; i++) x.data[i] = 1000 * i;
  await same(({ x }) => ({ y: logSoftmax(x) }), x);
});

test("a split into many parts becomes slices", async () => {
  const types = { x: { dtype: "float32", shape: [40] } } as const;
  const graph = trace(
    ({ x }: Inputs<"x">) => Object.fromEntries(split(x, Array(20).fill(2)).map((part, i) => [`p${i}`, mul(part, 2)])),
    types,
  );
  expect(lower(graph, webgpu).nodes.map((node) => node.op)).not.toContain("Split");
  await same(({ x }) => ({ y: split(x, Array(20).fill(2))[13]! }), wave([40]));
});

test("batch normalisation's statistics, result and gradients", async () => {
  await same(
    ({ x, w }) => {
      const scale = slice(reshape(w, [-1]), [{ axis: 0, start: 0, end: 3 }]);
      const bias = slice(reshape(w, [-1]), [{ axis: 0, start: 3, end: 6 }]);
      const { y, mean, variance } = batchNormalizationTraining(x, { scale, bias });
      const [dx, dw] = gradient(reduceSum(mul(mul(y, y), x)), [x, w]);
      return { y, mean, variance, dx: dx!, dw: dw! };
    },
    wave([4, 3, 3, 2]),
  );
});
