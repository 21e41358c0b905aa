// Every frame of a sequence through an encoder.
import {
  type Compiled,
  compile,
  type Runtime,
  sizeOf,
  type Tensor,
  tensor,
  unflatten,
  type Value,
  type Values,
} from "@reprise/engine";
import { type Encoder, type EncoderSpec, inputShapeOf } from "./encoder-spec.ts";
import { framesTensor } from "./frames.ts";
import type { Frames } from "./plain.ts";
import { frameCount, type Sequence } from "./video.ts";

export interface EmbedOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: { readonly done: number; readonly total: number }) => void;
  /** Frames at once. */
  readonly batch?: number;
}

export interface Embedding extends Frames {
  readonly data: Float32Array;
}

/** Embeddings [T, D] of each sequence, at every frame. */
export async function embed(
  runtime: Runtime,
  encoder: Encoder,
  parameters: Float32Array,
  sequences: readonly Sequence[],
  { signal, onProgress, batch = 32 }: EmbedOptions = {},
): Promise<Embedding[]> {
  const T = sequences.reduce((most, sequence) => Math.max(most, frameCount(sequence)), 0);
  const size = Math.min(batch, T);
  const weights = unflatten(parameters, encoder.parameters);
  // As constants of the graph, which the runtime folds and lays out once.
  const constants = ({ graph }: Value) =>
    Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, graph.constant(weight)]));
  const program = encoder.parts
    ? new PartsProgram(runtime, encoder.spec, encoder.parts, constants, size)
    : new WholeProgram(runtime, encoder, constants, size);
  const embeddings: Embedding[] = [];
  try {
    for (const [done, sequence] of sequences.entries()) {
      const data = await program.run(sequence, signal);
      embeddings.push({ shape: [frameCount(sequence), encoder.spec.dimensions], data });
      onProgress?.({ done: done + 1, total: sequences.length });
    }
  } finally {
    await program.release();
  }
  return embeddings;
}

type Constants = (like: Value) => Values;

/** Frames in batches of one size, of which the last repeats the last frame: one shape, one session. */
async function inBatches(
  T: number,
  size: number,
  signal: AbortSignal | undefined,
  run: (steps: readonly number[]) => Promise<Tensor>,
): Promise<Float32Array> {
  let all = new Float32Array(0);
  for (let from = 0; from < T; from += size) {
    signal?.throwIfAborted();
    const { data } = await run(Array.from({ length: size }, (_, i) => Math.min(from + i, T - 1)));
    const each = data.length / size;
    if (from === 0) all = new Float32Array(T * each);
    all.set((data as Float32Array).subarray(0, Math.min(size, T - from) * each), from * each);
  }
  return all;
}

/** Frames with their context at once. */
class WholeProgram {
  readonly #spec: EncoderSpec;
  readonly #size: number;
  readonly #program: Compiled<"x", "y">;

  constructor(runtime: Runtime, encoder: Encoder, constants: Constants, size: number) {
    this.#spec = encoder.spec;
    this.#size = size;
    this.#program = compile(runtime, ({ x }) => ({ y: encoder.forward(constants(x), x) }), { purpose: "infer" });
  }

  run(sequence: Sequence, signal: AbortSignal | undefined): Promise<Float32Array> {
    return inBatches(frameCount(sequence), this.#size, signal, async (steps) => {
      const { y } = await this.#program.run({ x: framesTensor(this.#spec, sequence, steps) });
      return y;
    });
  }

  release(): Promise<void> {
    return this.#program.release();
  }
}

/** Each frame once, then features in their contexts. */
class PartsProgram {
  readonly #spec: EncoderSpec;
  readonly #size: number;
  readonly #frames: Compiled<"x", "y">;
  readonly #join: Compiled<"features", "y">;
  /** Of one frame: [C, h, w]. */
  #shape: readonly number[] = [];

  constructor(
    runtime: Runtime,
    spec: EncoderSpec,
    parts: NonNullable<Encoder["parts"]>,
    constants: Constants,
    size: number,
  ) {
    this.#spec = spec;
    this.#size = size;
    this.#frames = compile(runtime, ({ x }) => ({ y: parts.frames(constants(x), x) }), { purpose: "infer" });
    this.#join = compile(runtime, ({ features }) => ({ y: parts.join(constants(features), features) }), {
      purpose: "infer",
    });
  }

  async run(sequence: Sequence, signal: AbortSignal | undefined): Promise<Float32Array> {
    const { context: k, contextStride } = this.#spec;
    const alone = { ...this.#spec, context: 1 };
    const T = frameCount(sequence);
    const features = await inBatches(T, this.#size, signal, async (steps) => {
      const { data } = framesTensor(alone, sequence, steps);
      const { y } = await this.#frames.run({ x: tensor("float32", [steps.length, ...inputShapeOf(this.#spec)], data) });
      this.#shape = y.shape.slice(1);
      return y;
    });
    const each = sizeOf(this.#shape);
    return inBatches(T, this.#size, signal, async (steps) => {
      const joined = new Float32Array(steps.length * k * each);
      for (const [i, step] of steps.entries())
        for (let c = 0; c < k; c++) {
          const from = Math.max(0, step - (k - 1 - c) * contextStride) * each;
          joined.set(features.subarray(from, from + each), (i * k + c) * each);
        }
      const x = tensor("float32", [steps.length, k, ...this.#shape], joined);
      return (await this.#join.run({ features: x })).y;
    });
  }

  async release(): Promise<void> {
    await this.#frames.release();
    await this.#join.release();
  }
}

/** Frames as they are: the baseline that learns nothing. */
export const rawFrames = (sequence: Sequence): Embedding => {
  const T = frameCount(sequence);
  return { shape: [T, sequence.data.length / T], data: Float32Array.from(sequence.data) };
};
