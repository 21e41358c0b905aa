// Flips without a search, as faults of memory are: what an attack has to be compared with.
import { type MeanInterval, meanInterval, Random } from "@reprise/data";
import { accuracyOf, type TestSet } from "./attack.ts";
import { flipBit } from "./bits.ts";
import type { GraphVictim } from "./graph-victim.ts";
import { type BitFlip, changesOf } from "./search.ts";
import type { VictimLayer } from "./victim.ts";

export interface RandomFlipsOptions {
  /** After how many flips the accuracy is measured, rising, e.g. [1, 10, 100]. */
  readonly counts: readonly number[];
  readonly trials: number;
  readonly seed: number;
  readonly test: TestSet;
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: {
    readonly kind: "trial";
    readonly done: number;
    readonly total: number;
  }) => void | Promise<void>;
}

/** Accuracy after so many random flips, over all trials. */
export interface RandomPoint {
  readonly flips: number;
  readonly accuracies: readonly number[];
  /** Of the accuracy, with its 95 % interval; the interval is NaN for one trial. */
  readonly accuracy: MeanInterval;
}

/**
 * Each trial flips bits drawn evenly from all bits of all layers, none twice; afterwards the network is as before.
 *
 * @throws RangeError when there are fewer bits than flips, or counts do not rise
 */
export async function randomFlips(
  victim: GraphVictim,
  { counts, trials, seed, test, signal, onProgress }: RandomFlipsOptions,
): Promise<RandomPoint[]> {
  const most = counts.at(-1) ?? 0;
  const bits = victim.layers.reduce((sum, layer) => sum + layer.values.length * layer.bits, 0);
  if (most > bits) throw new RangeError(`randomFlips: ${most} flips of ${bits} bits; there are not so many.`);
  if (counts.some((count, i) => !(count > (counts[i - 1] ?? -1))))
    throw new RangeError(`randomFlips: counts are ${counts.join(", ")}; expected rising numbers.`);
  const random = new Random(seed);
  const accuracies = counts.map(() => [] as number[]);
  for (let trial = 0; trial < trials; trial++) {
    const flips = drawFlips(victim.layers, most, random);
    const clean = flips.map(({ layer, index }) => ({ layer, index, value: victim.layers[layer]!.values[index]! }));
    try {
      for (const [i, count] of counts.entries()) {
        victim.set(changesOf(flips.slice(0, count)));
        accuracies[i]!.push(await accuracyOf(victim, test, signal));
      }
    } finally {
      victim.set(clean);
    }
    await onProgress?.({ kind: "trial", done: trial + 1, total: trials });
  }
  return counts.map((flips, i) => ({ flips, accuracies: accuracies[i]!, accuracy: meanInterval(accuracies[i]!) }));
}

/** Distinct bits, evenly from all of them; several bits of a weight follow each other. */
export function drawFlips(layers: readonly VictimLayer[], count: number, random: Random): BitFlip[] {
  const ends: number[] = [];
  for (const { values, bits } of layers) ends.push((ends.at(-1) ?? 0) + values.length * bits);
  const drawn = new Set<number>();
  while (drawn.size < count) drawn.add(random.integer(ends.at(-1)!));
  const now = new Map<string, number>();
  return [...drawn].map((place) => {
    const layer = ends.findIndex((end) => place < end);
    const { values, bits, signed } = layers[layer]!;
    const inside = place - (ends[layer - 1] ?? 0);
    const [index, bit] = [Math.floor(inside / bits), inside % bits];
    const key = `${layer}/${index}`;
    const before = now.get(key) ?? values[index]!;
    const after = flipBit(before, bit, bits, signed);
    now.set(key, after);
    return { layer, index, bit, before, after };
  });
}
