// Kendall's τ of an alignment: whether nearest neighbours in another video come in the order of their queries. No labels.
import { orderedPairs } from "../loss.ts";
import { type Frames, rowsOf, squaredDistance } from "../plain.ts";

/** τ-b of two rankings with ties, null where one of them is constant. */
export function kendallTau(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  let [agree, tiedX, tiedY] = [0, 0, 0];
  for (let i = 0; i < x.length; i++)
    for (let j = 0; j < i; j++) {
      const dx = Math.sign(x[i]! - x[j]!);
      const dy = Math.sign(y[i]! - y[j]!);
      agree += dx * dy;
      if (dx === 0) tiedX++;
      if (dy === 0) tiedY++;
    }
  const pairs = (x.length * (x.length - 1)) / 2;
  return tiedX === pairs || tiedY === pairs ? null : agree / Math.sqrt((pairs - tiedX) * (pairs - tiedY));
}

export interface KendallOptions {
  /** Every such frame counts. */
  readonly stride?: number;
  readonly distance?: "sqeuclidean" | "cosine";
}

export interface PairTau {
  readonly query: number;
  readonly candidate: number;
  /** The nearest frame of the candidate for each of the query; the first of equal ones. */
  readonly neighbours: Int32Array;
  /** Null where all frames have one and the same neighbour. */
  readonly tau: number | null;
}

/** τ of every ordered pair of videos, and their mean, null where no pair has one. */
export function alignmentTau(
  embeddings: readonly Frames[],
  { stride = 1, distance = "sqeuclidean" }: KendallOptions = {},
): { readonly tau: number | null; readonly pairs: readonly PairTau[] } {
  const rows = embeddings.map((video) => rowsOf(video).filter((_, t) => t % stride === 0));
  const pairs = orderedPairs(rows.length).map(([query, candidate]): PairTau => {
    const neighbours = nearestRows(rows[query]!, rows[candidate]!, distance);
    return {
      query,
      candidate,
      neighbours,
      tau: kendallTau(
        neighbours.map((_, i) => i),
        neighbours,
      ),
    };
  });
  const defined = pairs.flatMap(({ tau }) => (tau === null ? [] : [tau]));
  return { tau: defined.length === 0 ? null : defined.reduce((a, b) => a + b) / defined.length, pairs };
}

/** For each query the candidate nearest to it, the first of equal ones. */
export function nearestRows(
  queries: readonly Float64Array[],
  candidates: readonly Float64Array[],
  distance: "sqeuclidean" | "cosine" = "sqeuclidean",
): Int32Array {
  const between = distance === "cosine" ? cosineDistance : squaredDistance;
  return Int32Array.from(queries, (query) => {
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    for (const [j, candidate] of candidates.entries()) {
      const d = between(query, candidate);
      if (d < least) [best, least] = [j, d];
    }
    return best;
  });
}

function cosineDistance(a: Float64Array, b: Float64Array): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let d = 0; d < a.length; d++) {
    ab += a[d]! * b[d]!;
    aa += a[d]! * a[d]!;
    bb += b[d]! * b[d]!;
  }
  return 1 - ab / Math.sqrt(aa * bb);
}
