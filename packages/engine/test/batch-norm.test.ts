// Traps of ONNX Runtime's training kernel, which writes the statistics over its inputs (onnxruntime issue 29790).

import { readFileSync } from "node:fs";
import {
  add,
  batchNorm,
  batchNormalizationTraining,
  compile,
  conv,
  flattenArrays,
  type Inputs,
  matMul,
  maxPool,
  mul,
  reduceMean,
  relu,
  sgd,
  sizeOf,
  softmaxCrossEntropy,
  Training,
  tensor,
  unflatten,
  type Value,
} from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { expect, it } from "vitest";

const runtime = nodeRuntime({ threads: 1 });
const x = tensor("float32", [2, 2, 1, 2], [1, 3, 10, 30, 5, 7, 50, 70]);
const statistics = { mean: [4, 40], variance: [5, 500] };

for (const purpose of ["train", "infer"] as const) {
  it(`leaves equal constants alone, run after run (${purpose})`, async () => {
    const program = compile(
      runtime,
      ({ x }: Inputs<"x">) => {
        const zeros = () => x.graph.constant(tensor("float32", [2], [0, 0]));
        const ones = () => x.graph.constant(tensor("float32", [2], [1, 1]));
        const first = batchNormalizationTraining(x, { scale: ones(), bias: zeros() });
        const second = batchNormalizationTraining(mul(x, 2), { scale: ones(), bias: zeros() });
        const { mean, variance } = first;
        // Uses of the same constants, before and after.
        return {
          mean,
          variance,
          y: first.y,
          z: second.y,
          zeros: add(mul(mean, 0), zeros()),
          ones: mul(ones(), ones()),
        };
      },
      { purpose },
    );
    for (let i = 0; i < 3; i++) {
      const got = await program.run({ x });
      expect([...got.mean.data]).toEqual(statistics.mean);
      expect([...got.variance.data]).toEqual(statistics.variance);
      expect([...got.zeros.data]).toEqual([0, 0]);
      expect([...got.ones.data]).toEqual([1, 1]);
      for (const [k, value] of [-1.3416, -0.4472, -1.3416, -0.4472, 0.4472, 1.3416, 0.4472, 1.3416].entries()) {
        expect(got.y.data[k]).toBeCloseTo(value, 3);
        expect(got.z.data[k]).toBeCloseTo(value, 3);
      }
    }
    await program.release();
  });

  it(`leaves its input alone, also where a channel is one number (${purpose})`, async () => {
    const program = compile(
      runtime,
      ({ x, scale, bias }: Inputs<"x" | "scale" | "bias">) => {
        const { y } = batchNormalizationTraining(x, { scale, bias });
        return { y, after: add(x, 0), scaleAfter: mul(scale, 1), biasAfter: mul(bias, 1) };
      },
      { purpose },
    );
    const given = {
      x: tensor("float32", [1, 2, 1, 1], [3, -4]),
      scale: tensor("float32", [2], [2, 3]),
      bias: tensor("float32", [2], [5, 6]),
    };
    const got = await program.run(given);
    expect([...got.y.data]).toEqual([5, 6]);
    expect([...got.after.data]).toEqual([3, -4]);
    expect([...got.scaleAfter.data]).toEqual([2, 3]);
    expect([...got.biasAfter.data]).toEqual([5, 6]);
    expect([...given.x.data, ...given.scale.data, ...given.bias.data]).toEqual([3, -4, 2, 3, 5, 6]);
    await program.release();
  });
}

it("moves the running statistics that are given and keeps theirs", async () => {
  const program = compile(runtime, ({ x, mean, variance }: Inputs<"x" | "mean" | "variance">) => {
    const parameters = {
      scale: x.graph.constant(tensor("float32", [2], [1, 1])),
      bias: x.graph.constant(tensor("float32", [2], [0, 0])),
      runningMean: mean,
      runningVariance: variance,
    };
    const { runningMean, runningVariance } = batchNorm(x, parameters, { training: true, momentum: 0.5 });
    return { runningMean, runningVariance };
  });
  const given = { x, mean: tensor("float32", [2], [0, 10]), variance: tensor("float32", [2], [1, 1]) };
  const got = await program.run(given);
  expect([...got.runningMean.data]).toEqual([2, 25]);
  // Unbiased: 5·4/3 and 500·4/3.
  expect(got.runningVariance.data[0]).toBeCloseTo(0.5 + (0.5 * 20) / 3, 5);
  expect(got.runningVariance.data[1]).toBeCloseTo(0.5 + (0.5 * 2000) / 3, 3);
  expect([...given.mean.data, ...given.variance.data]).toEqual([0, 10, 1, 1]);
  await program.release();
});

it("trains as PyTorch does: five steps with momentum and weight decay, then evaluation", async () => {
  const stored = JSON.parse(readFileSync(new URL("fixtures/batch-norm-steps.json", import.meta.url), "utf8"));
  const wave = (shape: readonly number[], phase: number, scale: number, offset = 0) =>
    tensor(
      "float32",
      shape,
      Array.from({ length: sizeOf(shape) }, (_, i) => offset + scale * Math.sin(1.7 * i + phase)),
    );
  const parameters = { w1: [4, 1, 3, 3], scale: [4], bias: [4], w2: [4, 3] };
  const buffers = { runningMean: [4], runningVariance: [4] };
  const network = (
    { w1, scale, bias, w2 }: Inputs<keyof typeof parameters>,
    { x, t }: Inputs<"x" | "t">,
    statistics: Inputs<keyof typeof buffers>,
    training: boolean,
  ) => {
    const normal = batchNorm(conv(x, w1, null, { pads: [1, 1] }), { scale, bias, ...statistics }, { training });
    const { y, ...moved } = normal;
    const h = reduceMean(maxPool(relu(y), { kernel: [2, 2] }), { axes: [2, 3] });
    return { loss: softmaxCrossEntropy(matMul(h, w2), t), buffers: moved };
  };
  const training = await Training.start(
    runtime,
    {
      parameters,
      buffers,
      optimizer: sgd({ momentum: 0.9, weightDecay: 0.01 }),
      forward: (p, batch: Inputs<"x" | "t">, statistics) => network(p, batch, statistics, true),
    },
    {
      parameters: flattenArrays(
        {
          w1: wave(parameters.w1, 1, 0.5),
          scale: wave(parameters.scale, 2, 0.1, 1),
          bias: wave(parameters.bias, 3, 0.1),
          w2: wave(parameters.w2, 4, 0.8),
        },
        parameters,
      ),
      buffers: new Float32Array([0, 0, 0, 0, 1, 1, 1, 1]),
    },
  );
  const batch = { x: wave([6, 1, 5, 5], 5, 2), t: tensor("int64", [6], [0, 1, 2, 2, 1, 0]) };
  // float32 against float64.
  for (const expected of stored.losses) {
    expect((await training.run(batch, { learningRate: 0.1 })).loss).toBeCloseTo(expected, 5);
  }
  const state = await training.state();
  for (const [i, expected] of [...stored.mean, ...stored.variance].entries()) {
    expect(state.buffers[i]).toBeCloseTo(expected, 5);
  }
  const evaluation = compile(runtime, ({ x, t, ...arrays }: Record<string, Value>) => {
    const values = arrays as Inputs<keyof typeof parameters | keyof typeof buffers>;
    return { loss: network(values, { x: x!, t: t! }, values, false).loss };
  });
  const arrays = { ...unflatten(state.parameters, parameters), ...unflatten(state.buffers, buffers) };
  expect((await evaluation.run({ ...batch, ...arrays })).loss.data[0]).toBeCloseTo(stored.evaluation, 5);
  await training.release();
  await evaluation.release();
});
