// Every frame of a sequence through an encoder.
import { compile, type Runtime, unflatten, type Value } from "@reprise/engine";
import type { Encoder } from "./encoder.ts";
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
  const { spec } = encoder;
  const weights = unflatten(parameters, encoder.parameters);
  const program = compile(runtime, ({ x, ...p }: Record<string, Value>) => ({ y: encoder.forward(p, x!) }));
  const D = spec.dimensions;
  const embeddings: Embedding[] = [];
  try {
    for (const [done, sequence] of sequences.entries()) {
      const T = frameCount(sequence);
      const data = new Float32Array(T * D);
      for (let from = 0; from < T; from += batch) {
        signal?.throwIfAborted();
        // The last batch repeats the last frame: one shape, one session.
        const steps = Array.from({ length: batch }, (_, i) => Math.min(from + i, T - 1));
        const { y } = await program.run({ x: framesTensor(spec, sequence, steps), ...weights });
        data.set((y!.data as Float32Array).subarray(0, Math.min(batch, T - from) * D), from * D);
      }
      embeddings.push({ shape: [T, D], data });
      onProgress?.({ done: done + 1, total: sequences.length });
    }
  } finally {
    await program.release();
  }
  return embeddings;
}

/** Frames as they are: the baseline that learns nothing. */
export const rawFrames = (sequence: Sequence): Embedding => {
  const T = frameCount(sequence);
  return { shape: [T, sequence.data.length / T], data: Float32Array.from(sequence.data) };
};
