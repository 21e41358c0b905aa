import { Random } from "@reprise/data";
import { ShapeError, type Tensor, tensor } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { afterAll, expect, test } from "vitest";
import {
  channelStatistics,
  ExampleBatches,
  evaluator,
  imageNetStatistics,
  initialWeights,
  normalized,
  resnetCifar,
} from "../src/index.ts";

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

test("channel statistics", () => {
  const images = tensor("float32", [2, 2, 1, 2], [0, 1, 5, 5, 0, 1, 5, 5]);
  expect(channelStatistics(images)).toEqual({ mean: [0.5, 5], deviation: [0.5, 1] });
  expect(() => channelStatistics(tensor("float32", [4], [1, 2, 3, 4]))).toThrow(ShapeError);
});

test("the graph normalises as the host would", async () => {
  const network = resnetCifar({ depth: 20, inputShape: [3, 8, 8] });
  const weights = initialWeights(network, new Random(3));
  const random = new Random(4);
  const x = Float32Array.from({ length: 192 }, () => random.uniform());
  const { mean, deviation } = imageNetStatistics;
  const z = x.map((v, i) => (v - mean[Math.floor(i / 64)]!) / deviation[Math.floor(i / 64)]!);
  const inside = evaluator(runtime, normalized(network, imageNetStatistics), { batchSize: 1 });
  const outside = evaluator(runtime, network, { batchSize: 1 });
  const a = await inside.logits(weights, tensor("float32", [1, 3, 8, 8], x));
  const b = await outside.logits(weights, tensor("float32", [1, 3, 8, 8], z));
  for (let i = 0; i < 10; i++) expect(a[i]).toBeCloseTo(b[i]!, 4);
  await inside.release();
  await outside.release();
  expect(() => normalized(network, { mean: [0], deviation: [1] })).toThrow(
    /resnet20: mean 0 and deviation 1 for 3 channels; expected one number for each/,
  );
  expect(() => normalized(network, { ...imageNetStatistics, deviation: [1, 0, 1] })).toThrow(/deviations above 0/);
});

test("augmentation is drawn by seed and place, so a resumed run draws the same", () => {
  const examples = {
    images: tensor("float32", [6, 1, 1, 2], Array(12).fill(0)),
    labels: tensor("int64", [6], Array(6).fill(0)),
  };
  const augment = ({ shape, data }: Tensor<"float32">, random: Random) =>
    tensor(
      "float32",
      shape,
      data.map(() => random.uniform()),
    );
  const options = { batchSize: 2, seed: 9, augment };
  const first = new ExampleBatches(examples, options);
  const run = Array.from({ length: 5 }, () => [...first.next().feeds.x!.data]);
  expect(new Set(run.flat()).size).toBe(20);
  const second = new ExampleBatches(examples, options);
  second.next();
  second.next();
  const third = new ExampleBatches(examples, options);
  third.restore(second.state);
  expect(Array.from({ length: 3 }, () => [...third.next().feeds.x!.data])).toEqual(run.slice(2));
});
