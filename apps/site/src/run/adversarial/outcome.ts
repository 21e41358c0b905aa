// What an attack of one image found, whichever attack it was.
import type { AttackStatus, Distance, SearchStep } from "@reprise/adversarial";

/** One problem of the search over c, and for which label. */
export interface SearchPoint extends SearchStep {
  readonly target: number;
}

/** What is known while the search goes on. */
export interface AttackSoFar {
  /** Pixels in [0, 1], [C, H, W] as `shape` says. */
  readonly original: Float32Array;
  readonly shape: readonly [channels: number, height: number, width: number];
  /** The nearest image so far that reaches a target, or, of an attack that does not tell, the one it tries. */
  readonly best: Float32Array | null;
  /** The label that `best` is known to reach. */
  readonly bestTarget: number | null;
  /** Of the paper's attack. */
  readonly points: readonly SearchPoint[];
}

/** An attack's result, checked by running the model again. */
export interface Outcome extends Distance {
  readonly status: AttackStatus;
  readonly image: Float32Array;
  /** The label aimed at, null for any wrong one. */
  readonly target: number | null;
  readonly predictedBefore: number;
  readonly predictedAfter: number;
  readonly probabilitiesBefore: Float64Array;
  readonly probabilitiesAfter: Float64Array;
  /** Images the model has seen with and without a gradient. */
  readonly gradients: number;
  readonly forwardPasses: number;
  /** Of the paper's attack: the largest c that reached the label (NaN if none) and the iterations of L-BFGS-B. */
  readonly penalty: { readonly c: number; readonly iterations: number } | null;
  /** Of the other attacks: logits by which the image meets the goal (above 0) or misses it; null where they are no numbers. */
  readonly lead: number | null;
}

/** Pixels as they are kept in a file, 0…255. */
export const inEightBits = (image: Float32Array): Uint8Array => Uint8Array.from(image, (v) => Math.round(255 * v));
export const fromEightBits = (levels: Uint8Array): Float32Array => Float32Array.from(levels, (level) => level / 255);
