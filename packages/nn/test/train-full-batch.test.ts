import { tensor } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { afterAll, describe, expect, test } from "vitest";
import {
  type Examples,
  mlp,
  type Network,
  type Recipe,
  resnetCifar,
  type TrainClassifierOptions,
  type TrainEvent,
  trainClassifier,
} from "../src/index.ts";
import reference from "./fixtures/lbfgs-training.json" with { type: "json" };
import { formula } from "./formula.ts";

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

const inputs = 8;
const recipe: Recipe = {
  optimizer: "lbfgs",
  epochs: 200,
  batchSize: 50,
  learningRate: 1,
  schedule: "constant",
  source: "this test",
};

/** Images by the formula; the label is which of the first four numbers is largest. */
function examples(count = reference.examples): Examples {
  const x = formula(count * inputs, 100);
  const labels = Array.from({ length: count }, (_, i) => {
    const first = x.slice(i * inputs, i * inputs + 4);
    return first.indexOf(Math.max(...first));
  });
  return { images: tensor("float32", [count, inputs], x), labels: tensor("int64", [count], labels) };
}

type Run = (typeof reference.runs)[keyof typeof reference.runs];
const networkOf = ({ units, lambda }: Pick<Run, "units" | "lambda">, dropout = 0) =>
  mlp({ units, lambda, dropout, inputShape: [inputs], recipe });

function startOf(network: ReturnType<typeof networkOf>): Float32Array {
  return Float32Array.from(
    Object.entries(network.parameters).flatMap(([name, shape], i) => {
      const fanIn = network.parameters[name.replace(/bias$/, "weight")]![1]!;
      return formula(
        shape.reduce((a, b) => a * b, 1),
        i + 1,
      ).map((u) => (2 * u - 1) / Math.sqrt(fanIn));
    }),
  );
}

async function finish(network: Network, options: TrainClassifierOptions) {
  const events: TrainEvent[] = [];
  const onProgress = (event: TrainEvent): void => void events.push(event);
  const last = await trainClassifier(runtime, network, { ...options, onProgress });
  return { events, last, losses: lossesOf(events) };
}
const lossesOf = (events: readonly TrainEvent[]) =>
  events.flatMap((event) => (event.kind === "step" ? [event.loss] : []));

const fit = (run: Run, options: Partial<TrainClassifierOptions> = {}) => {
  const network = networkOf(run);
  const changes = { epochs: run.iterations, ...options.recipe };
  const from = { parameters: startOf(network) };
  return finish(network, { examples: examples(), from, ...options, recipe: changes });
};

describe("L-BFGS over all examples against SciPy's", () => {
  const convex = reference.runs["softmax regression, to its minimum"];
  const deep = reference.runs["two sigmoid layers, 20 iterations"];

  test("softmax regression: the same losses on the way, the same minimum", async () => {
    const { losses, last } = await fit(convex);
    // Theirs is float64; our passes are float32, so the paths part in the last digits and meet at the minimum.
    for (let i = 0; i < 10; i++) expect(losses[i], `iteration ${i + 1}`).toBeCloseTo(convex.losses[i]!, 5);
    expect(losses.at(-1)).toBeCloseTo(convex.f, 6);
    for (const [i, weight] of convex.weights.entries()) expect(last.state.parameters[i]).toBeCloseTo(weight, 2); // flat at the bottom
  });

  test("two sigmoid layers: the same losses for 20 iterations, the same evaluations", async () => {
    const { losses, events } = await fit(deep);
    expect(losses).toHaveLength(20);
    for (const [i, loss] of deep.losses.entries()) expect(losses[i], `iteration ${i + 1}`).toBeCloseTo(loss, 4);
    const step = events.findLast(({ kind }) => kind === "step");
    expect(step).toMatchObject({ done: 20, total: 20, epoch: deep.evaluations - 1 });
  });

  test("the loss never rises", async () => {
    const { losses } = await fit(deep, { recipe: { epochs: 60 } });
    expect(losses).toHaveLength(60);
    for (const [i, loss] of losses.entries()) if (i > 0) expect(loss).toBeLessThanOrEqual(losses[i - 1]!);
  });

  test("validates and keeps checkpoints on the way; stopped, it goes on from where it was", async () => {
    const stop = new AbortController();
    const network = networkOf(deep);
    const options = { examples: examples(), validation: examples(30), recipe: { epochs: 40 }, checkpointEvery: 10 };
    const events: TrainEvent[] = [];
    const onProgress = (event: TrainEvent): void => {
      events.push(event);
      if (event.kind === "step" && event.done === 13) stop.abort(new Error("stopped here"));
    };
    const stopped = trainClassifier(runtime, network, { ...options, seed: 5, signal: stop.signal, onProgress });
    await expect(stopped).rejects.toThrow("stopped here");
    const kept = events.flatMap((event) => (event.kind === "checkpoint" ? [event.checkpoint] : []));
    expect(kept.map(({ state }) => state.step)).toEqual([10, 13]);
    const resumed = await finish(network, { ...options, seed: 5, resume: kept[1]! });
    expect(resumed.events[0]).toMatchObject({ kind: "step", done: 14 });
    expect(resumed.losses[0]).toBeLessThan(lossesOf(events).at(-1)!);
    expect(resumed.last.state.step).toBe(40);
    const validations = resumed.events.filter(({ kind }) => kind === "validation");
    expect(validations).toMatchObject([
      { done: 25, metrics: { loss: expect.any(Number), accuracy: expect.any(Number) } },
      { done: 40 },
    ]);
    const other = trainClassifier(runtime, network, { ...options, seed: 6, resume: kept[1]! });
    await expect(other).rejects.toThrow("resume: the checkpoint was made with seed 5, not 6");
  });
});

describe("what L-BFGS cannot train is refused by name", () => {
  const network = networkOf({ units: [6, 4], lambda: [0, 0] });
  const start = (changes: Partial<TrainClassifierOptions>, of = network) =>
    trainClassifier(runtime, of, { examples: examples(), ...changes });

  test("a loss that is another at every call", async () => {
    await expect(start({}, networkOf({ units: [6, 4], lambda: [0, 0] }, 0.5))).rejects.toThrow(
      /training: fc6-4 drops units at random, but lbfgs needs a loss that stays the same; use adam or sgd/,
    );
    await expect(start({ augment: (images) => images })).rejects.toThrow(/the images are changed at random/);
  });

  test("running statistics, and a weight decay that is not the network's", async () => {
    const images = tensor("float32", [4, 3, 32, 32], new Float32Array(4 * 3 * 32 * 32));
    const labels = tensor("int64", [4], [0, 1, 2, 3]);
    const run = trainClassifier(runtime, resnetCifar({ depth: 20 }), {
      examples: { images, labels },
      recipe: { ...recipe, weightDecay: 0 },
    });
    await expect(run).rejects.toThrow(/objective: the network updates .*running_mean.* use an optimizer that/);
    await expect(start({ recipe: { weightDecay: 1e-4 } })).rejects.toThrow("weight decay is 0.0001; lbfgs takes none");
  });

  test("a loss that is not finite at the start", async () => {
    const { images, labels } = examples();
    (images.data as Float32Array)[3] = Number.NaN;
    await expect(start({ examples: { images, labels } })).rejects.toThrow(
      /training: the loss over all examples is NaN, .* Check these weights and the examples/,
    );
  });
});
