// Progressive bit search, §3.2: the bit whose flip raises the loss most, then the next, and so on.
import { bitOf, bitWeight, flipBit } from "./bits.ts";
import { exponentPlaces, type FloatFormat, floatOf } from "./floats.ts";
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
  /** How many flips of floats were passed over because the loss became NaN or infinite. */
  readonly overflowed?: number;
}

export interface SearchOptions {
  readonly signal?: AbortSignal;
  /** Only the k weights of a layer with the largest gradients are looked at; all if left out. */
  readonly topK?: number;
  /** Up to how many bits of a layer are flipped at once where no single one raises the loss. */
  readonly mostAtOnce?: number;
  /** Raise the loss (untargeted), or lower it (the loss of a target). */
  readonly goal?: "raise" | "lower";
  /** Only bits at these places, 0 = least significant; left out, all bits of integers and the exponent's of floats. */
  readonly positions?: readonly number[];
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
export async function searchStep(victim: Victim, options: SearchOptions = {}): Promise<SearchStep | undefined> {
  const { signal, mostAtOnce = 10, goal = "raise" } = options;
  signal?.throwIfAborted();
  const { loss: lossBefore, gradients } = await victim.lossAndGradients(signal);
  if (!Number.isFinite(lossBefore)) throw new RangeError(`The loss on the sample is ${lossBefore}; expected a number.`);
  const sign = goal === "raise" ? 1 : -1;
  let overflowed = 0;
  for (let atOnce = 1; atOnce <= mostAtOnce; atOnce++) {
    signal?.throwIfAborted();
    const tried = await candidates(victim, gradients, atOnce, options);
    if (tried.length === 0) return undefined;
    overflowed += tried.reduce((sum, each) => sum + each.overflowed, 0);
    let best = -1;
    const score = (i: number) => (Number.isNaN(tried[i]!.loss) ? -Infinity : sign * tried[i]!.loss);
    for (let i = 0; i < tried.length; i++) if (best < 0 || score(i) > score(best)) best = i;
    if (score(best) > sign * lossBefore) {
      const { flips, loss } = tried[best]!;
      victim.set(changesOf(flips));
      return { flips, lossBefore, loss, atOnce, ...(overflowed > 0 ? { overflowed } : {}) };
    }
  }
  return undefined;
}

interface Candidate {
  readonly flips: readonly BitFlip[];
  /** NaN where all that the layer has overflow. */
  readonly loss: number;
  readonly overflowed: number;
}

/** Each layer's best flips and the loss with them alone. A layer of floats that overflows gives the best of its lower bits. */
async function candidates(
  victim: Victim,
  gradients: readonly Float32Array[],
  count: number,
  { signal, topK = Infinity, goal = "raise", positions, onProgress }: SearchOptions,
): Promise<Candidate[]> {
  const { layers } = victim;
  const sign = goal === "raise" ? 1 : -1;
  const found = new Map<number, Candidate>();
  const below = layers.map(() => Infinity);
  for (let left = [...layers.keys()]; left.length > 0; ) {
    const flips = new Map<number, BitFlip[]>();
    for (const layer of left) {
      const allowed = placesOf(layers[layer]!, positions).filter((bit) => bit < below[layer]!);
      const best = bestBits(layers[layer]!, layer, gradients[layer]!, { count, topK, sign, places: allowed });
      if (best.length > 0) flips.set(layer, best);
      if (below[layer] === Infinity) await onProgress?.({ kind: "layer", done: layer + 1, total: layers.length });
    }
    const losses = flips.size > 0 ? await victim.losses([...flips.values()].map(changesOf), signal) : [];
    const again: number[] = [];
    for (const [i, [layer, each]] of [...flips].entries()) {
      const loss = losses[i]!;
      const overflowed = (found.get(layer)?.overflowed ?? 0) + (Number.isFinite(loss) ? 0 : 1);
      const isFloat = layers[layer]!.format !== undefined;
      found.set(layer, { flips: each, loss: isFloat && !Number.isFinite(loss) ? Number.NaN : loss, overflowed });
      if (!isFloat || Number.isFinite(loss)) continue;
      below[layer] = Math.max(...each.map(({ bit }) => bit));
      again.push(layer);
    }
    left = again;
  }
  return [...found.values()];
}

/** The bits that are looked at, the most significant first. */
function placesOf({ bits, format }: VictimLayer, positions: readonly number[] | undefined): readonly number[] {
  const all = Array.from({ length: bits }, (_, i) => bits - 1 - i);
  if (positions) return all.filter((bit) => positions.includes(bit));
  return format ? exponentPlaces(format) : all;
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
  /** Only bits at these places, in their order; all, the most significant first, where left out. */
  readonly places?: readonly number[];
}

/**
 * The bits of a layer with the largest |dL/db| among those whose flip moves the loss the right way to first order, eq. (5)
 * and (6): dL/db_i = dL/dW_q · b_i, where b_i is the bit's weight. A float's bit has no weight of its own: there it is
 * dL/dW times what the flip adds to the number; flips that make NaN or infinity are left out.
 */
export function bestBits(
  { values, bits, signed, format }: VictimLayer,
  layer: number,
  gradient: Float32Array,
  { count, topK, sign, places = Array.from({ length: bits }, (_, i) => bits - 1 - i) }: BestBitsOptions,
): BitFlip[] {
  // Ordered, best first. Equal ones keep the order of bits as they are stored: sign bit first, then weights in order.
  const best: { index: number; bit: number; size: number }[] = [];
  const least = topK < gradient.length ? nthLargest(gradient, topK) : 0;
  for (const bit of places) {
    const weight = sign * bitWeight(bit, bits, signed);
    const magnitude = Math.abs(weight);
    for (let index = 0; index < gradient.length; index++) {
      const g = gradient[index]!;
      let size = Math.abs(g) * magnitude;
      if (format) {
        const gain = sign * g * floatDifference(values[index]!, bit, format);
        if (!(gain > 0 && gain < Infinity)) continue;
        size = gain;
      }
      if (best.length === count && size <= best[count - 1]!.size) continue;
      if (Math.abs(g) < least || size === 0) continue;
      // 0 → 1 adds the bit's weight, 1 → 0 takes it away.
      if (!format && g * weight > 0 !== (bitOf(values[index]!, bit) === 0)) continue;
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

/** What the flip of one bit adds to a float; not finite where it makes NaN or infinity. */
function floatDifference(pattern: number, bit: number, format: FloatFormat): number {
  return floatOf((pattern ^ (1 << bit)) >>> 0, format) - floatOf(pattern, format);
}

/** The k-th largest |x|. */
function nthLargest(values: Float32Array, k: number): number {
  return Float32Array.from(values, Math.abs).sort()[values.length - k]!;
}
