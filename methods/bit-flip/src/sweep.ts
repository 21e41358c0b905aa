// One flip at a time: how much each layer and each bit position can do, as a map.
import { accuracyOf, type TestSet } from "./attack.ts";
import type { GraphVictim } from "./graph-victim.ts";
import { type BitFlip, bestBits, changesOf } from "./search.ts";

/** The most promising flip of a bit position in a layer, made alone. */
export interface SweepPoint {
  readonly flip: BitFlip;
  readonly loss: number;
  /** NaN without a test set. */
  readonly accuracy: number;
}

export interface SweepOptions {
  readonly test?: TestSet;
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: {
    readonly kind: "bit";
    readonly done: number;
    readonly total: number;
  }) => void | Promise<void>;
}

/**
 * For every layer and bit position the loss and accuracy after the flip that raises the loss most to first order.
 *
 * @returns by layer, then bit position from 0 up; null where no flip of that position raises the loss to first order
 */
export async function sweep(
  victim: GraphVictim,
  { test, signal, onProgress }: SweepOptions = {},
): Promise<(SweepPoint | null)[][]> {
  const { gradients } = await victim.lossAndGradients(signal);
  const flips = victim.layers.map((layer, i) =>
    Array.from({ length: layer.bits }, (_, bit) => {
      const [flip] = bestBits(layer, i, gradients[i]!, { count: 1, topK: Infinity, sign: 1, places: [bit] });
      return flip;
    }),
  );
  const tried = flips.flat().filter((flip) => flip !== undefined);
  const losses = await victim.losses(
    tried.map((flip) => changesOf([flip])),
    signal,
  );
  const points = new Map<BitFlip, SweepPoint>();
  for (const [i, flip] of tried.entries()) {
    signal?.throwIfAborted();
    points.set(flip, {
      flip,
      loss: losses[i]!,
      accuracy: test ? await accuracyAfter(victim, flip, test, signal) : NaN,
    });
    await onProgress?.({ kind: "bit", done: i + 1, total: tried.length });
  }
  return flips.map((row) => row.map((flip) => (flip && points.get(flip)) ?? null));
}

async function accuracyAfter(victim: GraphVictim, flip: BitFlip, test: TestSet, signal?: AbortSignal): Promise<number> {
  victim.set(changesOf([flip]));
  try {
    return await accuracyOf(victim, test, signal);
  } finally {
    victim.set([{ layer: flip.layer, index: flip.index, value: flip.before }]);
  }
}
