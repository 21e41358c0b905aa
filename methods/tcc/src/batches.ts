// Batches of frames of a few videos, in a seeded order that a checkpoint can hold.
import { Random, type RandomState } from "@reprise/data";
import { sizeOf, type Tensor, tensor } from "@reprise/engine";
import type { Batch, BatchSource } from "@reprise/nn";
import { type EncoderSpec, inputShapeOf } from "./encoder-spec.ts";
import { drawChange, sampleSteps, writeFrames } from "./frames.ts";
import { shareOf } from "./metrics/classification.ts";
import type { TrainSettings } from "./settings.ts";
import { frameCount, type Sequence } from "./video.ts";

/** SAL looks at so many triplets of a video (config.py), three quarters of them out of order. */
const TRIPLETS = 8;
const SHUFFLED = 0.75;
/** TCN's positives are at most so many frames away (config.py). */
const WINDOW = 5;

/** x [B·N, context, …], times [B, N], and what the objective asks for besides. */
export class VideoBatches implements BatchSource {
  readonly #sequences: readonly Sequence[];
  readonly #spec: EncoderSpec;
  readonly #settings: TrainSettings;
  #random: Random;
  #drawn = 0;

  constructor(sequences: readonly Sequence[], spec: EncoderSpec, settings: TrainSettings) {
    const { objective, labelled } = settings;
    this.#sequences = objective === "supervised" ? shareOf(sequences, labelled) : sequences;
    this.#spec = spec;
    this.#settings = settings;
    this.#random = new Random(settings.seed + 1);
  }

  get batchesPerEpoch(): number {
    return Math.max(1, Math.ceil(this.#sequences.length / this.#settings.videosPerStep));
  }

  get state(): { readonly random: RandomState; readonly drawn: number } {
    return { random: this.#random.state, drawn: this.#drawn };
  }

  restore(state: unknown): void {
    const { random, drawn } = state as VideoBatches["state"]; // a wrong one is refused by Random
    this.#random = new Random(random);
    this.#drawn = drawn;
  }

  next(): Batch {
    const random = this.#random;
    const { framesPerVideo: N, augment, mirror, objective } = this.#settings;
    const spec = this.#spec;
    const B = Math.min(this.#settings.videosPerStep, this.#sequences.length);
    const indices = random.permutation(this.#sequences.length).slice(0, B);
    const x = new Float32Array(B * N * spec.context * sizeOf(inputShapeOf(spec)));
    const times = new Float32Array(B * N);
    const labels: number[] = [];
    let at = 0;
    for (const [i, which] of indices.entries()) {
      const sequence = this.#sequences[which]!;
      const length = frameCount(sequence);
      const steps = objective === "tcn" ? sampleNeighbours(length, N, random) : sampleSteps(length, N, random);
      const changed = augment ? { augment: { change: drawChange(random, { mirror }), random } } : {};
      at = writeFrames(spec, sequence, steps, x, at, changed.augment);
      for (const [n, step] of steps.entries()) times[i * N + n] = step / length;
      if (objective === "supervised") labels.push(...steps.map((step) => sequence.labels![step]!));
    }
    const epoch = Math.floor(this.#drawn++ / this.batchesPerEpoch);
    const feeds = {
      x: tensor("float32", [B * N, spec.context, ...inputShapeOf(spec)], x),
      times: tensor("float32", [B, N], times),
      ...this.#others(B, N),
      ...(objective === "supervised" ? { labels: tensor("int64", [B * N], labels) } : {}),
    };
    return { feeds, indices, epoch };
  }

  #others(B: number, N: number): Record<string, Tensor> {
    const { objective, cycles } = this.#settings;
    if (objective === "sal") return drawTriplets(B, N, this.#random);
    return objective === "tcc" && cycles === "stochastic" ? this.#cycles(B, N) : {};
  }

  #cycles(B: number, N: number): Record<string, Tensor> {
    const { cycleCount: C, cycleLength } = this.#settings;
    const length = Math.min(cycleLength, B);
    // The authors' shuffle may put a video into a cycle twice; here each is drawn without replacement.
    const all = Array.from({ length: C }, () => this.#random.permutation(B));
    const starts = new Float32Array(C * N);
    for (let c = 0; c < C; c++) starts[c * N + this.#random.integer(N)] = 1;
    const feeds: Record<string, Tensor> = { starts: tensor("float32", [C, N], starts) };
    for (let k = 0; k < length; k++)
      feeds[`cycle${k}`] = tensor(
        "int64",
        [C],
        all.map((order) => order[k]!),
      );
    return feeds;
  }
}

/** N/2 anchors, then as many frames each near its anchor. */
function sampleNeighbours(length: number, N: number, random: Random): number[] {
  const anchors = sampleSteps(length, N / 2, random);
  const near = anchors.map((t) => {
    const low = Math.max(0, t - WINDOW);
    return low + random.integer(Math.min(length - 1, t + WINDOW) - low + 1);
  });
  return [...anchors, ...near];
}

/** Rows of three frames of a video each, and whether they are in order [rows, 2]. */
function drawTriplets(B: number, N: number, random: Random): Record<string, Tensor> {
  const rows: number[] = [];
  const labels: number[] = [];
  for (let video = 0; video < B; video++)
    for (let i = 0; i < TRIPLETS; i++) {
      const [a, b, c] = Array.from(random.permutation(N).subarray(0, 3)).sort((x, y) => x - y) as [
        number,
        number,
        number,
      ];
      const shuffled = random.uniform() < SHUFFLED;
      const order = shuffled ? (random.uniform() < 0.5 ? [b, a, c] : [a, c, b]) : [a, b, c];
      rows.push(...order.map((n) => video * N + n));
      labels.push(...(shuffled ? [0, 1] : [1, 0]));
    }
  const count = labels.length / 2;
  return {
    triplets: tensor("int64", [count * 3], rows),
    ordered: tensor("float32", [count, 2], labels),
  };
}
