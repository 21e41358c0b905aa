// Features of a network that was trained elsewhere, for other ends: the baseline that needs no training of ours.
import { compile, globalAveragePool, type Runtime, reshape, tensor, type Value } from "@reprise/engine";
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

/** The means over each frame's feature maps [T, channels], of every sequence of pictures. */
export async function pooledFeatures(
  runtime: Runtime,
  { onnx, cut, pixels }: FeatureNetwork,
  sequences: readonly Sequence[],
  { signal, onProgress, batch = 32 }: EmbedOptions = {},
): Promise<Embedding[]> {
  const program = compile(
    runtime,
    ({ x }: { readonly x: Value }) => {
      const maps = throughOnnx(onnx, { cut, pixels }, x);
      return { y: reshape(globalAveragePool(maps), maps.shape.slice(0, 2)) };
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
