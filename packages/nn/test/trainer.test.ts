import { Random } from "@reprise/data";
import {
  add,
  mul,
  type Runtime,
  reduceMean,
  reduceSum,
  reshape,
  sgd,
  sqrt,
  sub,
  type Tensor,
  type TrainingProgram,
  tensor,
} from "@reprise/engine";
import { nodeRuntime, nodeWorkerRuntime } from "@reprise/engine/node";
import { afterAll, describe, expect, test } from "vitest";
import {
  type BatchSource,
  type Checkpoint,
  constantRate,
  DivergedError,
  ExampleBatches,
  type Examples,
  evaluator,
  initialize,
  linear,
  linearParameters,
  mlp,
  type Network,
  type Recipe,
  type TrainClassifierOptions,
  type TrainEvent,
  train,
  trainClassifier,
} from "../src/index.ts";

const runtime: Runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

/** Points around three corners of a square, in 8 coordinates of which 6 are noise. */
function corners(count: number, seed: number): Examples {
  const random = new Random(seed);
  const labels = Array.from({ length: count }, () => random.integer(3));
  const images = labels.flatMap((label) =>
    Array.from(
      { length: 8 },
      (_, i) => (i === 0 ? +(label === 1) : i === 1 ? +(label === 2) : 0) + random.normal(0, 0.2),
    ),
  );
  return { images: tensor("float32", [count, 8], images), labels: tensor("int64", [count], labels) };
}

const recipe: Recipe = {
  optimizer: "adam",
  epochs: 4,
  batchSize: 16,
  learningRate: 0.02,
  schedule: "cosine",
  source: "this test",
};
const small = mlp({ units: [12, 3], inputShape: [8], dropout: 0.3, lambda: [1e-3, 1e-3], name: "small", recipe });
/** A network with a buffer: the running mean of its inputs is taken off them. */
const centred: Network = {
  name: "centred",
  summary: "a linear classifier of centred inputs",
  inputShape: [8],
  classes: 3,
  parameters: linearParameters("fc", 8, 3),
  buffers: { mean: [8] },
  init: (random) => initialize(linearParameters("fc", 8, 3), random),
  forward(p, x, { training = false, buffers = {} } = {}) {
    const mean = buffers.mean!;
    const logits = linear(p, "fc", sub(x, mean));
    const next = add(mul(mean, 0.9), mul(reshape(reduceMean(x, { axes: [0] }), [8]), 0.1));
    return training ? { logits, buffers: { mean: next } } : { logits };
  },
  recipe,
};

/** What a run tells, and where it ends. */
async function collect(
  run: (onProgress: (event: TrainEvent) => void) => Promise<Checkpoint>,
): Promise<{ events: TrainEvent[]; end: Checkpoint }> {
  const events: TrainEvent[] = [];
  const end = await run((event) => void events.push(event));
  return { events, end };
}
const follow = (on: Runtime, network: Network, options: TrainClassifierOptions) =>
  collect((onProgress) => trainClassifier(on, network, { ...options, onProgress }));

test("learns, and tells about it", async () => {
  const validation = corners(100, 2);
  const { events, end } = await follow(runtime, small, {
    examples: corners(330, 1),
    validation,
    recipe: { epochs: 10 },
  });
  const steps = events.filter((event) => event.kind === "step");
  expect(steps).toHaveLength(200); // 20 whole batches of 16 in 330, 10 epochs
  expect(steps[0]).toMatchObject({ done: 1, total: 200, epoch: 0, learningRate: 0.02 });
  expect(steps[199]).toMatchObject({ done: 200, epoch: 9 });
  expect(steps[199]!.learningRate).toBeLessThan(1e-5);
  expect(steps[199]!.examplesPerSecond).toBeGreaterThan(0);
  expect(steps[199]!.report.accuracy!.data[0]).toBeGreaterThan(0.5);
  expect(events.filter((event) => event.kind === "validation").map(({ epoch }) => epoch)).toEqual([
    ...Array(10).keys(),
  ]);
  expect(events.filter((event) => event.kind === "checkpoint")).toHaveLength(10);
  const last = events.findLast((event) => event.kind === "validation")!;
  expect(last.metrics.accuracy).toBeGreaterThan(0.95);
  const scorer = evaluator(runtime, small, { batchSize: 7 });
  const { accuracy, count, errors } = await scorer.evaluate(end.state, validation);
  expect(accuracy).toBe(last.metrics.accuracy);
  expect(count).toBe(100);
  expect((100 - errors) / 100).toBe(accuracy);
  await scorer.release();
});

describe("a resumed run ends in the weights of one that went through, bit for bit", () => {
  test.each([
    { network: small, optimizer: "adam", stopAfter: 13 }, // with dropout's noise, mid-epoch
    { network: small, optimizer: "sgd", stopAfter: 20 }, // at the end of an epoch
    { network: centred, optimizer: "adam", stopAfter: 1 }, // with a buffer
  ] as const)("$network.name, $optimizer, stopped after step $stopAfter", async ({ network, optimizer, stopAfter }) => {
    const options = {
      examples: corners(330, 1),
      recipe: { epochs: 2, optimizer, momentum: 0.9 },
      seed: 3,
      checkpointEvery: 1,
    } as const;
    const whole = await follow(runtime, network, options);
    const stop = new AbortController();
    let kept: Checkpoint | undefined;
    const onProgress = (event: TrainEvent): void => {
      if (event.kind === "checkpoint") kept = event.checkpoint;
      if (event.kind === "step" && event.done === stopAfter) stop.abort();
    };
    const stopped = trainClassifier(runtime, network, { ...options, signal: stop.signal, onProgress });
    await expect(stopped).rejects.toThrow(/aborted/);
    expect(kept!.state.step).toBe(stopAfter);
    const json = structuredClone({ ...kept!, batches: JSON.parse(JSON.stringify(kept!.batches)) as unknown });
    const resumed = await follow(runtime, network, { ...options, resume: json });
    expect(resumed.events[0]).toMatchObject({ kind: "step", done: stopAfter + 1 });
    expect(resumed.end).toEqual(whole.end);
    expect(resumed.end.state.slots).toHaveLength(optimizer === "adam" ? 2 : 1);
    if (network === centred) expect(Math.max(...resumed.end.state.buffers)).toBeGreaterThan(0.1);
  });
});

test("in a worker thread: the same weights, and the main event loop is free meanwhile", async () => {
  const worker = nodeWorkerRuntime({ threads: 1 });
  const options = { examples: corners(330, 1), validation: corners(50, 2), recipe: { epochs: 3 } };
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  const there = await follow(worker, small, options);
  clearInterval(timer);
  const seen = ticks;
  await worker.release();
  const here = await follow(runtime, small, options);
  expect(there.end).toEqual(here.end);
  expect(seen).toBeGreaterThan(3);
});

test("a listener is waited for before the next step; what it throws ends the run", async () => {
  const order: string[] = [];
  const run = trainClassifier(runtime, small, {
    examples: corners(64, 1),
    recipe: { epochs: 1 },
    async onProgress({ kind, done }) {
      order.push(`${kind} ${done}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
      order.push("heard");
      if (done === 2) throw new Error("the disk is full");
    },
  });
  await expect(run).rejects.toThrow("the disk is full");
  expect(order).toEqual(["step 1", "heard", "step 2", "heard"]);
});

test("a checkpoint of another run is refused, naming what differs", async () => {
  const options = { examples: corners(64, 1), recipe: { epochs: 1 } };
  const { end } = await follow(runtime, small, options);
  const resume = (changes: object) => follow(runtime, small, { ...options, resume: end, ...changes });
  await expect(resume({ seed: 7 })).rejects.toThrow(/made with seed 0, not 7\. Resume with the same settings/);
  await expect(resume({ recipe: { epochs: 2, batchSize: 8 } })).rejects.toThrow(
    /made with epochs 1, not 2; batchSize 16, not 8\. /,
  );
  const state = { ...end.state, slots: end.state.slots.slice(1) };
  await expect(resume({ resume: { ...end, state } })).rejects.toThrow(/holds 1 vectors of an optimizer, adam has 2\./);
  await expect(resume({ config: { data: "abc" } })).rejects.toThrow(/made with data \(none\), not abc/);
  await expect(resume({ examples: corners(80, 1) })).rejects.toThrow(/made with count 64, this run has 80/);
  await expect(resume({ resume: { ...end, batches: { epoch: 0 } } })).rejects.toThrow(
    /place in the data is \{"epoch":0\}/,
  );
});

describe("numbers that are not finite stop the run", () => {
  const broken = (value: number, example: number): Examples => {
    const { images, labels } = corners(64, 1);
    const data = (images.data as Float32Array).slice();
    data[example * 8 + 3] = value;
    return { images: tensor("float32", [64, 8], data), labels };
  };
  test("a NaN in the data: step, batch, example, and the weights before it", async () => {
    const examples = broken(Number.NaN, 17);
    // The batch that example 17 falls in, found by the same order.
    const random = new Random(0);
    random.fork();
    const batches = new ExampleBatches(examples, { batchSize: 16, seed: random.uniform() * 2 ** 53 });
    let step = 1;
    while (!batches.next().indices.includes(17)) step++;
    const checkpoints: Checkpoint[] = [];
    const onProgress = (event: TrainEvent): void => {
      if (event.kind === "checkpoint") checkpoints.push(event.checkpoint);
    };
    const run = trainClassifier(runtime, centred, { examples, checkpointEvery: 1, onProgress });
    const error = (await run.catch((e: unknown) => e)) as DivergedError;
    expect(error).toBeInstanceOf(DivergedError);
    expect(error.message).toMatch(
      new RegExp(
        `the loss is NaN at step ${step} \\(epoch 1, examples .*16 in all\\).*after step ${step - 1} are kept.*"x" of the batch holds NaN in example 17`,
      ),
    );
    expect([error.problem, error.step]).toEqual(["the loss is NaN", step]);
    expect(error.indices).toContain(17);
    expect(error.checkpoint.state.parameters.every(Number.isFinite)).toBe(true);
    expect(error.checkpoint.state.step).toBe(step - 1);
    if (step > 1) expect(error.checkpoint).toEqual(checkpoints.at(-1));
    // The checkpoint goes on with the very batch that failed, so a corrected example is not skipped.
    const mended = await follow(runtime, centred, { examples: corners(64, 1), resume: error.checkpoint });
    expect(mended.events[0]).toMatchObject({ kind: "step", done: step });
  });
  test.each([
    1, // found when the weights after step 3 are to be kept
    10, // found by the loss of step 4
  ])("a finite loss with an infinite gradient, checkpoints every %i steps", async (checkpointEvery) => {
    // |w·x| as √(w·x)²: its gradient is 0·∞ where w·x = 0, which batch 2 brings about.
    const program: TrainingProgram = {
      parameters: { w: [2] },
      optimizer: sgd(),
      forward: ({ w }, { x }) => {
        const y = reduceSum(mul(w!, x!));
        return { loss: sqrt(mul(y, y)) };
      },
    };
    let given = 0;
    const batches: BatchSource = {
      batchesPerEpoch: 10,
      next() {
        const x = tensor("float32", [2], given === 2 ? [0, 0] : [1, 1]);
        return { feeds: { x }, indices: Uint32Array.of(given++), epoch: 0 };
      },
      get state() {
        return given;
      },
      restore() {},
    };
    const from = { parameters: Float32Array.of(5, 6) };
    const run = train(runtime, { program, batches, schedule: constantRate(0.1), steps: 10, from, checkpointEvery });
    const error = (await run.catch((e: unknown) => e)) as DivergedError;
    expect(error).toBeInstanceOf(DivergedError);
    expect([error.problem, error.step]).toEqual(["the weights are not finite, though the loss was", 3]);
    expect(error.message).toMatch(/the weights are not finite after step 3 \(epoch 1, examples 2\)/);
    expect(error.checkpoint.state.step).toBe(checkpointEvery === 1 ? 2 : 0);
    expect(error.checkpoint.state.parameters.every(Number.isFinite)).toBe(true);
  });
});

test("bad examples are refused before anything runs", async () => {
  const { images, labels } = corners(64, 1);
  const run = (examples: { images: Tensor; labels: Tensor }, changes: Partial<Recipe> = {}) =>
    trainClassifier(runtime, small, { examples, recipe: changes });
  await expect(run({ images, labels: tensor("int64", [64], Array(64).fill(3)) })).rejects.toThrow(
    /labels: number 0 is 3; expected an integer from 0 to 2/,
  );
  await expect(run({ images, labels: tensor("int64", [3], [0, 1, 2]) })).rejects.toThrow(
    /labels are \[3\]; expected \[64\], one for each image/,
  );
  await expect(run({ images: tensor("float32", [128, 4], images.data as Float32Array), labels })).rejects.toThrow(
    /images are float32 \[128, 4\]; expected float32 \[M, 8\]/,
  );
  await expect(run({ images, labels }, { batchSize: 65 })).rejects.toThrow(/64 examples do not fill one batch of 65/);
});

test("an aborted signal stops a run before its first step", async () => {
  const signal = AbortSignal.abort();
  await expect(trainClassifier(runtime, small, { examples: corners(64, 1), signal })).rejects.toThrow(/aborted/);
});
