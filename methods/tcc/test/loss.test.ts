import { existsSync, readFileSync } from "node:fs";
import { compile, gradient, tensor, type Value } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { describe, expect, test } from "vitest";
import { deterministicLoss, type TccLossOptions, tccLoss, traceCycle } from "../src/index.ts";
import {
  type BatchCase,
  compareBatch,
  comparePair,
  comparePairOnArrays,
  type PairCase,
  type Rows,
} from "./loss-cases.ts";

const reference = nodeRuntime({ target: "reference", threads: 1 });
const cpu = nodeRuntime({ threads: 1 });
const read = (path: string | URL) => JSON.parse(readFileSync(path, "utf8"));
const mean = (x: readonly number[]) => x.reduce((a, b) => a + b) / x.length;

describe("PyTorch's losses and gradients", () => {
  const { pair, batch } = read(new URL("fixtures/losses.json", import.meta.url)) as {
    pair: { U: Rows; V: Rows; steps: number[]; length: number; cases: PairCase[] };
    batch: { embeddings: Rows[]; steps: Rows; lengths: number[]; cases: (BatchCase & { perCycle: number[] })[] };
  };

  test("of a pair in float64 to 1e-9", async () => {
    for (const one of pair.cases) await comparePair(reference, pair, one, 1e-9);
  });

  test("of a pair on arrays", () => {
    for (const one of pair.cases) comparePairOnArrays(pair, one);
  });

  test("of a pair in float32 to 1e-4, at the temperature that keeps variances", async () => {
    const safe = pair.cases.filter(({ options }) => options.temperature === 1);
    for (const one of safe) await comparePair(cpu, pair, one, 1e-4);
  });

  test("of all ordered pairs and of given cycles of length 2 and 3, in float64", async () => {
    for (const one of batch.cases) await compareBatch(reference, batch, { ...one, loss: mean(one.perCycle) }, 1e-9);
  });
});

const folder = `${process.env.REPRISE_DATA}/tcc/fixtures`;
const missing = existsSync(folder) ? "" : " (skipped: no folder tcc/fixtures in REPRISE_DATA)";
describe.skipIf(missing)(`the 280 cases of the authors' rules${missing}`, () => {
  interface TheirOptions {
    readonly loss_type: string;
    readonly similarity_type: "l2" | "cosine";
    readonly temperature: number;
    readonly label_smoothing: number;
    readonly variance_lambda: number;
    readonly huber_delta: number;
    readonly normalize_indices: boolean;
    readonly normalize_embeddings: boolean;
  }
  const ours = (o: TheirOptions): TccLossOptions => ({
    loss: o.loss_type.replaceAll("_", "-") as NonNullable<TccLossOptions["loss"]>,
    similarity: o.similarity_type,
    temperature: o.temperature,
    labelSmoothing: o.label_smoothing,
    varianceLambda: o.variance_lambda,
    huberDelta: o.huber_delta,
    normalizeIndices: o.normalize_indices,
    normalizeEmbeddings: o.normalize_embeddings,
    varianceEps: 1e-300,
  });

  test("256 pairs", { timeout: 300_000 }, async () => {
    const { data, cases } = read(`${folder}/pair_loss.json`);
    expect(cases).toHaveLength(256);
    for (const one of cases) {
      const given = { ...data[one.data], steps: one.steps, length: one.seq_len };
      const wanted = { options: ours(one.options), perCycle: one.per_frame, gradU: one.grad_U, gradV: one.grad_V };
      comparePairOnArrays(given, wanted);
      await comparePair(reference, given, wanted, 1e-9);
      const float32 = { ...wanted, options: { ...wanted.options, varianceEps: 1e-12 } };
      if (one.float32_safe) await comparePair(cpu, given, float32, 1e-4);
    }
  });

  test("24 batches", { timeout: 60_000 }, async () => {
    const { embs, steps, seq_lens, cases } = read(`${folder}/batch_loss.json`);
    expect(cases).toHaveLength(24);
    for (const one of cases) {
      const cycles = one.cycles?.map((videos: number[], i: number) => ({
        videos: videos.slice(0, -1),
        start: one.starts[i],
      }));
      const wanted = { options: ours(one.options), cycles: cycles ?? null, loss: one.loss, grad: one.grad };
      await compareBatch(reference, { embeddings: embs, steps, lengths: seq_lens }, wanted, 1e-9);
    }
  });
});

test.each(["classification", "regression-mse", "regression-mse-var", "regression-huber"] as const)(
  "embeddings in one point, and far from each other, have a finite %s loss and gradient in float32",
  async (loss) => {
    const program = compile(cpu, ({ x, times }: { x: Value; times: Value }) => {
      const value = deterministicLoss(x, times, { loss, varianceEps: 1e-4 });
      return { loss: value, dx: gradient(value, [x])[0]! };
    });
    const times = tensor("float32", [2, 3], [0, 0.3, 0.6, 0, 0.3, 0.6]);
    for (const size of [0, 1, 1000]) {
      const x = tensor(
        "float32",
        [2, 3, 2],
        Array.from({ length: 12 }, (_, i) => size * (size === 1 ? 1 : i)),
      );
      const out = await program.run({ x, times });
      expect(Number.isFinite(out.loss.data[0]), `loss at ${size}`).toBe(true);
      expect(Array.from(out.dx.data as Float32Array).every(Number.isFinite), `gradient at ${size}`).toBe(true);
    }
    await program.release();
  },
);

test("a frame's own copy brings its cycle back", () => {
  const video = { shape: [3, 1], data: [0, 10, 20] };
  const { alpha, mu, truth } = traceCycle([video, video], { videos: [0, 1], start: 1 });
  expect(alpha[1]).toBeCloseTo(1);
  expect(mu).toBeCloseTo(truth);
});

test("what cannot be compared is refused", () => {
  const two = { shape: [2, 1], data: [0, 1] };
  expect(() => tccLoss([two])).toThrow("tccLoss: 1 videos given; a cycle needs two");
  expect(() => tccLoss([two, { shape: [1, 2], data: [0, 1] }])).toThrow(
    "tccLoss: video 1 has embeddings [1, 2]; expected [frames, 1]",
  );
  expect(() => tccLoss([two, two], [[0], [0, 1]])).toThrow("tccLoss: video 0 has 2 frames, its steps are 1");
  expect(() => tccLoss([two, two], undefined, undefined, { temperature: 0 })).toThrow(
    "temperature is 0; expected a number above 0",
  );
  expect(() => tccLoss([two, two], undefined, undefined, { labelSmoothing: 1 })).toThrow(
    "labelSmoothing is 1; expected a number from 0 up to below 1",
  );
  expect(() => tccLoss([two, two], undefined, undefined, { varianceLambda: -1 })).toThrow(
    "varianceLambda is -1; expected a number from 0 up",
  );
});
