// Training: state that takes turns, resuming, and what it refuses.
import {
  adam,
  add,
  flattenArrays,
  matMul,
  mul,
  reduceMean,
  relu,
  sgd,
  softmaxCrossEntropy,
  Training,
  type TrainingProgram,
  tensor,
  unflatten,
} from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { expect, it } from "vitest";

const runtime = nodeRuntime({ threads: 1 });
const wave = (n: number, phase: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(2.3 * i + phase));

const network = {
  parameters: { w1: [3, 4], b1: [4], w2: [4, 2] },
  buffers: { mean: [3] },
  optimizer: adam(),
  forward({ w1, b1, w2 }, { x, t }, { mean }) {
    const logits = matMul(relu(add(matMul(x, w1), b1)), w2);
    return {
      loss: softmaxCrossEntropy(logits, t),
      buffers: { mean: add(mul(mean, 0.9), mul(reduceMean(x, { axes: [0] }), 0.1)) },
      report: { logits },
    };
  },
} satisfies TrainingProgram<"w1" | "b1" | "w2", "x" | "t", "mean">;
const start = { parameters: wave(24, 1) };
const batch = (i: number) => ({
  x: tensor("float32", [5, 3], wave(15, i)),
  t: tensor("int64", [5], [0, 1, 1, 0, i % 2]),
});
const rate = { learningRate: 0.05 };

it("takes steps that lower the loss, and counts them", async () => {
  const training = await Training.start(runtime, network, start);
  const losses: number[] = [];
  for (let i = 0; i < 20; i++) losses.push((await training.run(batch(0), rate)).loss);
  expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
  expect(training.step).toBe(20);
  await training.release();
});

it("gives copies of its state, which later steps leave alone", async () => {
  const training = await Training.start(runtime, network, start);
  const before = await training.state();
  expect(before.parameters).toEqual(start.parameters);
  for (let i = 0; i < 3; i++) await training.run(batch(i), rate);
  expect(before.parameters).toEqual(wave(24, 1));
  expect(start.parameters).toEqual(wave(24, 1));
  expect((await training.state()).parameters).not.toEqual(before.parameters);
  await training.release();
});

it("updates buffers without a gradient", async () => {
  const training = await Training.start(runtime, network, { ...start, buffers: new Float32Array([1, 2, 3]) });
  await training.run(batch(0), rate);
  const x = batch(0).x.data;
  const { buffers } = await training.state();
  for (const i of [0, 1, 2]) {
    const mean = [0, 1, 2, 3, 4].reduce((sum, row) => sum + x[3 * row + i]!, 0) / 5;
    expect(buffers[i]).toBeCloseTo(0.9 * (i + 1) + 0.1 * mean, 6);
  }
  await training.release();
});

it("reports what the program asks for", async () => {
  const training = await Training.start(runtime, network, start);
  const { report } = await training.run(batch(0), rate);
  expect(report.logits!.shape).toEqual([5, 2]);
  await training.release();
});

it.each([adam({ weightDecay: 0.01 }), sgd({ momentum: 0.9 }), sgd()])(
  "resumed from its state, ends in the same numbers as without a break ($name)",
  async (optimizer) => {
    const program = { ...network, optimizer };
    const whole = await Training.start(runtime, program, start);
    for (let i = 0; i < 7; i++) await whole.run(batch(i), rate);
    const first = await Training.start(runtime, program, start);
    for (let i = 0; i < 4; i++) await first.run(batch(i), rate);
    const second = await Training.start(runtime, program, await first.state());
    expect(second.step).toBe(4);
    for (let i = 4; i < 7; i++) await second.run(batch(i), rate);
    expect(await second.state()).toEqual(await whole.state());
    for (const training of [whole, first, second]) await training.release();
  },
);

it("takes batches of another size in the same training", async () => {
  const training = await Training.start(runtime, network, start);
  await training.run(batch(0), rate);
  await training.run({ x: tensor("float32", [2, 3], wave(6, 0)), t: tensor("int64", [2], [0, 1]) }, rate);
  expect(training.step).toBe(2);
  await training.release();
});

it("refuses vectors of the wrong length", async () => {
  await expect(Training.start(runtime, network, { parameters: wave(23, 0) })).rejects.toThrow(
    "training: parameters have 23 numbers, the network has 24",
  );
  await expect(
    Training.start(runtime, network, { ...start, buffers: wave(2, 0), slots: [wave(24, 0), wave(24, 0)] }),
  ).rejects.toThrow("training: buffers have 2 numbers, the network has 3");
  await expect(Training.start(runtime, network, { ...start, slots: [wave(24, 0), wave(25, 0)] })).rejects.toThrow(
    "training: slot1 have 25 numbers, the network has 24",
  );
});

it("packs arrays by name and finds them again", () => {
  const layout = { a: [2, 2], b: [3] };
  const flat = flattenArrays(
    { b: tensor("float32", [3], [5, 6, 7]), a: tensor("float32", [2, 2], [1, 2, 3, 4]) },
    layout,
  );
  expect([...flat]).toEqual([1, 2, 3, 4, 5, 6, 7]);
  const views = unflatten(flat, layout);
  expect(views.b).toMatchObject({ shape: [3], data: new Float32Array([5, 6, 7]) });
  views.b!.data[0] = 50;
  expect(flat[4]).toBe(50);
  expect(() => flattenArrays({ a: tensor("float32", [2, 2], [1, 2, 3, 4]) }, layout)).toThrow(
    'weights: "b" is missing; there are a',
  );
  expect(() => flattenArrays({ a: tensor("float32", [4], [1, 2, 3, 4]) }, layout)).toThrow(
    'weights: "a" is [4], expected [2, 2]',
  );
});
