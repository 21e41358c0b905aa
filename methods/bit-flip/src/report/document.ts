// The result of an attack as --json gives it and results.json keeps it.
import type { AttackResult, Measured } from "../attack.ts";
import { hammingDistance } from "../bits.ts";
import { type FlipAddress, type FlippableFile, namedFlip } from "../flip-list.ts";
import type { RandomPoint } from "../random-flips.ts";

/** A flip, and what the network is after its iteration. */
export interface FlipRow {
  readonly iteration: number;
  /** The weight's name in the model without its ending. */
  readonly layer: string;
  /** Place in the weight's own shape, row-major. */
  readonly index: number;
  /** 0 = least significant. */
  readonly bit: number;
  readonly before: number;
  readonly after: number;
  readonly loss: number;
  /** Null without a test set. */
  readonly accuracy: number | null;
  readonly success?: number;
  /** Byte and mask in the quantised file. */
  readonly address: FlipAddress;
}

type Given = Omit<Measured, "accuracy"> & { readonly accuracy: number | null };

export interface AttackDocument {
  readonly model: string;
  /** Bits of a weight. */
  readonly bits: number;
  readonly sample: { readonly size: number; readonly seed: number; readonly sha256: string };
  readonly before: Given & { readonly loss: number };
  readonly flips: readonly FlipRow[];
  readonly after: Given & { readonly loss: number };
  /** "reached" what it was to reach, or "not reached". */
  readonly status: "reached" | "not reached";
  readonly stopped: AttackResult["stopped"];
  readonly seconds: number;
  /** Bits by which the weights differ from the clean ones: fewer than flips where one was flipped back. */
  readonly hammingDistance: number;
  /** Of the quantised file, clean and with the flips. */
  readonly file: { readonly sha256: string; readonly flippedSha256: string };
  /** Accuracy after as many random flips. */
  readonly random?: readonly RandomRow[];
  readonly command?: string;
}

export interface RandomRow {
  readonly flips: number;
  readonly trials: number;
  readonly mean: number;
  /** Ends of the 95 % interval; null for one trial. */
  readonly low: number | null;
  readonly high: number | null;
}

/** The rows of an attack, each with its place in the file. */
export function flipRows(file: FlippableFile, { steps }: Pick<AttackResult, "steps">): FlipRow[] {
  return steps.flatMap(({ iteration, flips, loss, accuracy, success }) =>
    flips.map((flip) => {
      const { layer, index, bit, before, after, floats, address } = namedFlip(file, flip);
      const own = { iteration, layer, index, bit, before, after, loss, accuracy: numberOrNull(accuracy) };
      return { ...own, ...(floats ? { floats } : {}), ...(success === undefined ? {} : { success }), address };
    }),
  );
}

export function randomRow({ flips, accuracies, accuracy }: RandomPoint): RandomRow {
  const { mean, low, high } = accuracy;
  return { flips, trials: accuracies.length, mean, low: numberOrNull(low), high: numberOrNull(high) };
}

/** Bits by which weights differ after their flips. */
export function distanceOf(rows: readonly FlipRow[], bits: number): number {
  const weights = new Map<string, { first: number; last: number }>();
  for (const { layer, index, before, after } of rows) {
    const key = `${layer}/${index}`;
    weights.set(key, { first: weights.get(key)?.first ?? before, last: after });
  }
  return [...weights.values()].reduce((sum, { first, last }) => sum + hammingDistance(first, last, bits), 0);
}

export function given<T extends Measured>({ accuracy, ...rest }: T): Omit<T, "accuracy"> & { accuracy: number | null } {
  return { ...rest, accuracy: numberOrNull(accuracy) };
}

/** JSON has no NaN. */
const numberOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null);
