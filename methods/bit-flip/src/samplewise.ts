// One image sent to one class by as few flips as it takes, each image from the clean network: the targeted attack on samples
// of TBA (Dong et al., ICCV 2023), here by progressive search through the bits of all layers.
import type { Tensor } from "@reprise/engine";
import { accuracyOf, type TestSet } from "./attack.ts";
import { flipBit } from "./bits.ts";
import { type GraphVictim, largestOfRows } from "./graph-victim.ts";
import { type BitFlip, bestBits, changesOf } from "./search.ts";

/** An image and the class that it is to get. */
export interface ImageAim {
  /** [1, …] */
  readonly image: Tensor<"float32">;
  readonly target: number;
}

export interface ImageAttackOptions {
  /** Images that are to keep their labels: of several flips that reach the target, the one that costs them least is made. */
  readonly others?: TestSet | undefined;
  /** Bits of each layer that are tried alone in an iteration. */
  readonly perLayer?: number;
  /** How many flips that reach the target are compared by what they cost the others. */
  readonly compared?: number;
  readonly maxFlips?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: {
    readonly kind: "flip";
    readonly done: number;
    readonly total: number;
  }) => void | Promise<void>;
}

export interface ImageAttack {
  /** Whether the network gives the target to the image in the end. */
  readonly reached: boolean;
  /** Each with the cross-entropy of image and target after it. */
  readonly flips: readonly (BitFlip & { readonly loss: number })[];
  /** Share of the other images that is right before and after; NaN without any. */
  readonly others: { readonly before: number; readonly after: number };
  readonly seconds: number;
}

/** Below it the target has more than half of the probability. */
const certain = Math.log(2);

/**
 * Each iteration tries the most promising bits of every layer alone and keeps the flip with the lowest loss; where some
 * reach the target, the one of them that leaves most of the others right. The victim is left with its integers as before.
 *
 * @throws RangeError where the image has the target before the first flip; the signal's reason when aborted
 */
export async function flipsForImage(
  victim: GraphVictim,
  { image, target }: ImageAim,
  { others, perLayer = 2, compared = 6, maxFlips = 20, signal, onProgress }: ImageAttackOptions = {},
): Promise<ImageAttack> {
  const started = performance.now();
  victim.aim({ images: image, targets: Int32Array.of(target) });
  const answer = async () => {
    const scores = await victim.logits(image);
    return largestOfRows(scores, scores.length)[0];
  };
  if ((await answer()) === target)
    throw new RangeError(`flipsForImage: the image gets class ${target} before the first flip.`);
  const rightOf = () => (others ? accuracyOf(victim, others, signal) : Promise.resolve(Number.NaN));
  const before = await rightOf();
  let after = before;
  let reached = false;
  const made: Tried[] = [];
  try {
    while (!reached && made.length < maxFlips) {
      signal?.throwIfAborted();
      const { loss, tried } = await candidates(victim, perLayer, signal);
      const [best] = tried;
      if (!best || best.loss >= loss) break;
      let chosen = best;
      let share: number | undefined;
      const reaching = others ? tried.filter((each) => each.loss < certain).slice(0, compared) : [];
      for (const each of reaching) {
        const left = await withFlip(victim, each, rightOf);
        if (share === undefined || left > share) [share, chosen] = [left, each];
      }
      victim.set(changesOf([chosen]));
      made.push(chosen);
      reached = (await answer()) === target;
      after = share ?? (await rightOf());
      await onProgress?.({ kind: "flip", done: made.length, total: maxFlips });
    }
  } finally {
    victim.set(made.toReversed().map(({ layer, index, before: value }) => ({ layer, index, value })));
  }
  return { reached, flips: made, others: { before, after }, seconds: (performance.now() - started) / 1000 };
}

type Tried = BitFlip & { readonly loss: number };

/** The loss, and the most promising flips of every layer with the loss after each alone, the lowest first. */
async function candidates(
  victim: GraphVictim,
  perLayer: number,
  signal: AbortSignal | undefined,
): Promise<{ loss: number; tried: Tried[] }> {
  const { loss, gradients } = await victim.lossAndGradients(signal);
  const flips = victim.layers.flatMap((layer, i) =>
    bestBits(layer, i, gradients[i]!, { count: perLayer, topK: Infinity, sign: -1 }).map(({ index, bit }) => {
      const before = layer.values[index]!; // several bits of a weight are candidates of their own here
      return { layer: i, index, bit, before, after: flipBit(before, bit, layer.bits, layer.signed) };
    }),
  );
  const losses = await victim.losses(
    flips.map((flip) => changesOf([flip])),
    signal,
  );
  const tried = flips.map((flip, i) => ({ ...flip, loss: losses[i]! })).filter((each) => Number.isFinite(each.loss));
  return { loss, tried: tried.sort((a, b) => a.loss - b.loss) };
}

async function withFlip(victim: GraphVictim, flip: BitFlip, measure: () => Promise<number>): Promise<number> {
  victim.set(changesOf([flip]));
  try {
    return await measure();
  } finally {
    victim.set([{ layer: flip.layer, index: flip.index, value: flip.before }]);
  }
}
