import { mnistSubset } from "@reprise/data/node";
import { compile, tensor, unflatten, type Values } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { afterAll, expect, test } from "vitest";
import { autoencoderLoss, autoencoderNetwork, evaluator, type StageEvent, trainAutoencoder } from "../src/index.ts";

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

test("the loss is its formula", async () => {
  const { sparsity } = { sparsity: { rho: 0.2, beta: 0.7, lambda: 0.3 } };
  const program = compile(runtime, (values: Values<"x" | "w" | "b" | "v" | "c">) => {
    const { x, w, b, v, c } = values;
    return autoencoderLoss({ "fc1.weight": w, "fc1.bias": b, "decoder.weight": v, "decoder.bias": c }, x, sparsity);
  });
  const w = [0.5, -1, 0.25, 2];
  const b = [0.1, -0.2];
  const v = [1, -0.5, 0.75, 0.3];
  const c = [0, 0.4];
  const x = [0, 1, 0.5, 0.25, 1, 1];
  const answer = await program.run({
    x: tensor("float32", [3, 2], x),
    w: tensor("float32", [2, 2], w),
    b: tensor("float32", [2], b),
    v: tensor("float32", [2, 2], v),
    c: tensor("float32", [2], c),
  });
  await program.release();
  const logistic = (a: number) => 1 / (1 + Math.exp(-a));
  const layer = (W: number[], bias: number[], h: number[]) =>
    [0, 1].map((i) => logistic(W[2 * i]! * h[0]! + W[2 * i + 1]! * h[1]! + bias[i]!));
  const images = [0, 1, 2].map((n) => x.slice(2 * n, 2 * n + 2));
  const codes = images.map((image) => layer(w, b, image));
  const reconstruction =
    images
      .map((image, n) => layer(v, c, codes[n]!).reduce((sum, y, i) => sum + (y - image[i]!) ** 2, 0) / 2)
      .reduce((sum, term) => sum + term, 0) / 3;
  const divergence = [0, 1]
    .map((j) => codes.reduce((sum, code) => sum + code[j]!, 0) / 3)
    .map((mean) => 0.2 * Math.log(0.2 / mean) + 0.8 * Math.log(0.8 / (1 - mean)))
    .reduce((sum, term) => sum + term, 0);
  const decay = 0.15 * [...w, ...v].reduce((sum, weight) => sum + weight ** 2, 0);
  expect(answer.reconstruction.data[0]).toBeCloseTo(reconstruction, 5);
  expect(answer.loss.data[0]).toBeCloseTo(reconstruction + 0.7 * divergence + decay, 5);
});

test("an encoder learns to give images back, and a softmax on its codes to read them", async () => {
  const model = autoencoderNetwork({
    units: 60,
    encoding: { epochs: 5, batchSize: 50, learningRate: 5e-3 },
    recipe: { optimizer: "adam", epochs: 10, batchSize: 50, learningRate: 2e-2 },
  });
  const run = async () => {
    const events: StageEvent[] = [];
    const examples = await mnistSubset({ split: "train" });
    const onProgress = (event: StageEvent): void => void events.push(event);
    const weights = await trainAutoencoder(runtime, model, { examples, seed: 3, onProgress });
    return { events, weights };
  };
  const { events, weights } = await run();
  const reconstructions = events.flatMap((event) =>
    event.kind === "step" && event.stage === "encoder" ? [Number(event.report.reconstruction!.data[0])] : [],
  );
  expect(reconstructions).toHaveLength(5 * 40);
  expect(reconstructions.at(-1)).toBeLessThan(0.5 * reconstructions[0]!);
  expect(events.filter((event) => event.kind === "step" && event.stage === "softmax")).toHaveLength(10 * 40);

  const { "fc1.weight": encoder } = unflatten(weights.parameters, model.network.parameters);
  const held = events.findLast((event) => event.kind === "checkpoint" && event.stage === "encoder");
  if (held?.kind !== "checkpoint") throw new Error("no checkpoint of the encoder");
  expect(encoder!.data).toEqual(held.checkpoint.state.parameters.subarray(0, encoder!.data.length)); // the softmax left it

  const scorer = evaluator(runtime, model.network);
  const { accuracy } = await scorer.evaluate(weights, await mnistSubset({ split: "test" }));
  await scorer.release();
  expect(accuracy).toBeGreaterThan(0.6); // a tenth by chance
  expect((await run()).weights.parameters).toEqual(weights.parameters);
});

test("a setting out of range is named before anything runs", async () => {
  const model = autoencoderNetwork({ encoding: { batchSize: 0 } });
  const run = trainAutoencoder(runtime, model, { examples: await mnistSubset({ split: "train" }) });
  await expect(run).rejects.toThrow("batch size is 0; expected an integer from 1 up");
});
