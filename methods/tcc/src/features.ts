// Features of a network that was trained elsewhere, for other ends: the baseline that needs no training of ours.
import { adaptiveAveragePool, compile, type Runtime, reshape, tensor, type Value } from "@reprise/engine";
import { throughOnnx } from "./backbones.ts";
import type { Embedding, EmbedOptions } from "./embed.ts";
import type { Pixels } from "./encoder-spec.ts";
import { framesTensor } from "./frames.ts";
import { frameCount, type Sequence } from "./video.ts";

export interface FeatureNetwork {
  /** An ONNX model, cut at a value of its graph. */
  readonly onnx: Uint8Array;
  readonly cut: string;
  readonly pixels: Pixels;
}

/**
 * Features of each frame of every sequence of pictures [T, channels · grid²]: the means of its feature maps, over the
 * whole frame or over each cell of a grid.
 */
export async function pooledFeatures(
  runtime: Runtime,
  { onnx, cut, pixels }: FeatureNetwork,
  sequences: readonly Sequence[],
  { signal, onProgress, batch = 32, grid = 1 }: EmbedOptions & { readonly grid?: number } = {},
): Promise<Embedding[]> {
  const program = compile(
    runtime,
    ({ x }: { readonly x: Value }) => {
      const maps = throughOnnx(onnx, { cut, pixels }, x);
      const pooled = adaptiveAveragePool(maps, [grid, grid]);
      return { y: reshape(pooled, [maps.shape[0]!, maps.shape[1]! * grid * grid]) };
    },
    { purpose: "infer" },
  );
  const features: Embedding[] = [];
  try {
    for (const [done, sequence] of sequences.entries()) {
      const T = frameCount(sequence);
      const [, H, W, C] = sequence.shape as [number, number, number, number];
      const frame = { kind: "onnx", frameShape: [C, H, W], context: 1, contextStride: 1, dimensions: 1 } as const;
      const rows: number[] = [];
      for (let from = 0; from < T; from += batch) {
        signal?.throwIfAborted();
        // One shape, one session: the last batch repeats the last frame.
        const steps = Array.from({ length: batch }, (_, i) => Math.min(from + i, T - 1));
        const { data } = framesTensor(frame, sequence, steps);
        const { y } = await program.run({ x: tensor("float32", [batch, C, H, W], data) });
        const own = Math.min(batch, T - from) * y.shape[1]!;
        for (let i = 0; i < own; i++) rows.push(y.data[i] as number);
      }
      features.push({ shape: [T, rows.length / T], data: Float32Array.from(rows) });
      onProgress?.({ done: done + 1, total: sequences.length });
    }
  } finally {
    await program.release();
  }
  return features;
}
