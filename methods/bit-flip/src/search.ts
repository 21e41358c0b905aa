// Progressive bit search, §3.2: the bit whose flip raises the loss most, then the next, and so on.
import { bitOf, bitWeight, flipBit } from "./bits.ts";
import type { Victim, VictimLayer, WeightChange } from "./victim.ts";

/** A bit that is flipped. */
export interface BitFlip {
  /** Place of the layer in `Victim.layers`. */
  readonly layer: number;
  /** Place in the layer's row-major values. */
  readonly index: number;
  /** 0 = least significant. */
  readonly bit: number;
  readonly before: number;
  readonly after: number;
}

/** What one iteration flips, and the loss after it. */
export interface SearchStep {
  readonly flips: readonly BitFlip[];
  /** L before and after. */
  readonly lossBefore: number;
  readonly loss: number;
  /** n_b, bits that were flipped at once. */
  readonly atOnce: number;
}

export interface SearchOptions {
  readonly signal?: AbortSignal;
  /** Only the k weights of a layer with the largest gradients are looked at; all if left out. */
  readonly topK?: number;
  /** Up to how many bits of a layer are flipped at once where no single one raises the loss. */
  readonly mostAtOnce?: number;
  /** Raise the loss (untargeted), or lower it (the loss of a target). */
  readonly goal?: "raise" | "lower";
  readonly onProgress?: (event: {
    readonly kind: "layer";
    readonly done: number;
    readonly total: number;
  }) => void | Promise<void>;
}

/**
 * One iteration: the n_b most promising bits of each layer are tried alone, and the layer whose flips change the loss
 * most keeps them. n_b grows from 1 while none changes it the right way.
 *
 * @returns the step, already made in the victim; undefined when no flip of up to `mostAtOnce` bits helps
 * @throws  RangeError when the loss or a gradient is not finite; the signal's reason when aborted
 */
export async function searchStep(
  victim: Victim,
  { signal, topK = Infinity, mostAtOnce = 10, goal = "raise", onProgress }: SearchOptions = {},
): Promise<SearchStep | undefined> {
  signal?.throwIfAborted();
  const { loss: lossBefore, gradients } = await victim.lossAndGradients(signal);
  if (!Number.isFinite(lossBefore)) throw new RangeError(`The loss on the sample is ${lossBefore}; expected a number.`);
  const { layers } = victim;
  const sign = goal === "raise" ? 1 : -1;
  for (let atOnce = 1; atOnce <= mostAtOnce; atOnce++) {
    signal?.throwIfAborted();
    const candidates: BitFlip[][] = [];
    for (const [layer, weights] of layers.entries()) {
      const flips = bestBits(weights, layer, gradients[layer]!, { count: atOnce, topK, sign });
      if (flips.length > 0) candidates.push(flips);
      await onProgress?.({ kind: "layer", done: layer + 1, total: layers.length });
    }
    if (candidates.length === 0) return undefined;
    const losses = await victim.losses(candidates.map(changesOf), signal);
    let best = -1;
    // A loss that overflows is as high as it gets.
    const score = (i: number) => (Number.isNaN(losses[i]!) ? -Infinity : sign * losses[i]!);
    for (let i = 0; i < losses.length; i++) if (best < 0 || score(i) > score(best)) best = i;
    if (score(best) > sign * lossBefore) {
      const flips = candidates[best]!;
      victim.set(changesOf(flips));
      return { flips, lossBefore, loss: losses[best]!, atOnce };
    }
  }
  return undefined;
}

/** The changes of some flips: several bits of one weight are one change. */
export function changesOf(flips: readonly BitFlip[]): WeightChange[] {
  const changes = new Map<string, WeightChange>();
  for (const { layer, index, after } of flips) changes.set(`${layer}/${index}`, { layer, index, value: after });
  return [...changes.values()];
}

interface BestBitsOptions {
  readonly count: number;
  readonly topK: number;
  /** 1 to raise the loss, −1 to lower it. */
  readonly sign: number;
  /** Only this bit position. */
  readonly only?: number;
}

/**
 * The bits of a layer with the largest |dL/db| among those whose flip moves the loss the right way to first order, eq. (5)
 * and (6): dL/db_i = dL/dW_q · b_i, where b_i is the bit's weight.
 */
export function bestBits(
  { values, bits, signed }: VictimLayer,
  layer: number,
  gradient: Float32Array,
  { count, topK, sign, only }: BestBitsOptions,
): BitFlip[] {
  // Ordered, best first. Equal ones keep the order of bits as they are stored: sign bit first, then weights in order.
  const best: { index: number; bit: number; size: number }[] = [];
  const least = topK < gradient.length ? nthLargest(gradient, topK) : 0;
  for (let bit = bits - 1; bit >= 0; bit--) {
    if (only !== undefined && bit !== only) continue;
    const weight = sign * bitWeight(bit, bits, signed);
    const magnitude = Math.abs(weight);
    for (let index = 0; index < gradient.length; index++) {
      const g = gradient[index]!;
      const size = Math.abs(g) * magnitude;
      if (best.length === count && size <= best[count - 1]!.size) continue;
      if (Math.abs(g) < least || size === 0) continue;
      // 0 → 1 adds the bit's weight, 1 → 0 takes it away.
      if (g * weight > 0 !== (bitOf(values[index]!, bit) === 0)) continue;
      let place = best.length;
      while (place > 0 && best[place - 1]!.size < size) place--;
      best.splice(place, 0, { index, bit, size });
      if (best.length > count) best.pop();
    }
  }
  const now = new Map<number, number>();
  return best.map(({ index, bit }) => {
    const before = now.get(index) ?? values[index]!;
    const after = flipBit(before, bit, bits, signed);
    now.set(index, after);
    return { layer, index, bit, before, after };
  });
}

/** The k-th largest |x|. */
function nthLargest(values: Float32Array, k: number): number {
  return Float32Array.from(values, Math.abs).sort()[values.length - k]!;
}
