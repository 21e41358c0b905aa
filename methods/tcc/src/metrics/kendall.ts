// Kendall's τ of an alignment: whether nearest neighbours in another video come in the order of their queries. No labels.
import { orderedPairs } from "../loss.ts";
import { type Frames, rowsOf, squaredDistance } from "../plain.ts";

/**
 * τ-b of two rankings with ties, null where one of them is constant. Pairs that disagree are counted as the exchanges of
 * a merge sort: O(n log n).
 *
 * @see Knight 1966, "A computer method for calculating Kendall's tau with ungrouped data"
 */
export function kendallTau(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  const n = x.length;
  const order = Int32Array.from({ length: n }, (_, i) => i).sort((a, b) => x[a]! - x[b]! || y[a]! - y[b]!);
  const inOrder = Float64Array.from(order, (i) => y[i]!);
  const tiedX = tied(n, (i) => x[order[i]!] === x[order[i - 1]!]);
  const tiedBoth = tied(n, (i) => x[order[i]!] === x[order[i - 1]!] && inOrder[i] === inOrder[i - 1]);
  const disagree = exchanges(inOrder);
  const tiedY = tied(n, (i) => inOrder[i] === inOrder[i - 1]); // sorted by now
  const pairs = (n * (n - 1)) / 2;
  const difference = pairs - tiedX - tiedY + tiedBoth - 2 * disagree;
  return tiedX === pairs || tiedY === pairs ? null : difference / Math.sqrt((pairs - tiedX) * (pairs - tiedY));
}

/** Pairs within runs of places that equal the one before them. */
function tied(n: number, isLikeBefore: (i: number) => boolean): number {
  let [pairs, run] = [0, 0];
  for (let i = 1; i < n; i++) {
    run = isLikeBefore(i) ? run + 1 : 0;
    pairs += run;
  }
  return pairs;
}

/** Sorts, and counts the pairs that stood the wrong way round. */
function exchanges(values: Float64Array): number {
  let count = 0;
  let from: Float64Array = values;
  let to: Float64Array = new Float64Array(values.length);
  for (let width = 1; width < values.length; width *= 2) {
    for (let low = 0; low < values.length; low += 2 * width) {
      const middle = Math.min(low + width, values.length);
      const high = Math.min(low + 2 * width, values.length);
      let [left, right] = [low, middle];
      for (let at = low; at < high; at++) {
        if (right >= high || (left < middle && from[left]! <= from[right]!)) to[at] = from[left++]!;
        else {
          to[at] = from[right++]!;
          count += middle - left;
        }
      }
    }
    [from, to] = [to, from];
  }
  if (from !== values) values.set(from);
  return count;
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
  const sketches = distance === "sqeuclidean" ? sketched(rows) : undefined;
  const pairs = orderedPairs(rows.length).map(([query, candidate]): PairTau => {
    const [queries, candidates] = [rows[query]!, rows[candidate]!];
    const neighbours = sketches
      ? nearestBySketch(queries, candidates, sketches[query]!, sketches[candidate]!)
      : nearestRows(queries, candidates, distance);
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

/** The same with sketches, whose distances are never more: only candidates that these do not rule out are looked at. */
function nearestBySketch(
  queries: readonly Float64Array[],
  candidates: readonly Float64Array[],
  ofQueries: Float64Array,
  ofCandidates: Float64Array,
): Int32Array {
  const K = ofQueries.length / queries.length;
  // Where the query before this one found its own, the nearest is likely to be.
  let before = 0;
  return Int32Array.from(queries, (query, i) => {
    let best = before;
    let least = squaredDistance(query, candidates[best]!);
    if (Number.isNaN(least)) [best, least] = [0, Number.POSITIVE_INFINITY];
    for (let j = 0; j < candidates.length; j++) {
      if (j === before) continue;
      const limit = least * (1 + 1e-9); // of rounding
      let bound = 0;
      for (let k = 0; k < K && bound <= limit; k++) {
        const difference = ofQueries[i * K + k]! - ofCandidates[j * K + k]!;
        bound += difference * difference;
      }
      if (bound > limit) continue;
      const d = squaredDistance(query, candidates[j]!);
      if (d < least || (d === least && j < best)) [best, least] = [j, d];
    }
    before = best;
    return best;
  });
}

/** Directions of a sketch, and the rows that they are taken from. */
const DIRECTIONS = 16;
const SAMPLES = 256;

/**
 * Coordinates of all rows along a few orthonormal directions in which they differ: each is that of the row that is
 * furthest from what the directions before it span.
 */
function sketched(videos: readonly (readonly Float64Array[])[]): Float64Array[] {
  const all = videos.flat();
  const every = Math.max(1, Math.floor(all.length / SAMPLES));
  const origin = all[0]!;
  const left = all.filter((_, i) => i % every === 0).map((row) => row.map((x, d) => x - origin[d]!));
  const directions: Float64Array[] = [];
  const first = left.map(lengthOf).reduce((a, b) => Math.max(a, b), 0);
  while (directions.length < DIRECTIONS) {
    const lengths = left.map(lengthOf);
    const most = lengths.reduce((a, b) => Math.max(a, b), 0);
    if (!(most > 1e-6 * first)) break;
    const unit = left[lengths.indexOf(most)]!.map((x) => x / most);
    directions.push(unit);
    for (const row of left) {
      const along = dot(row, unit);
      for (let d = 0; d < row.length; d++) row[d]! -= along * unit[d]!;
    }
  }
  return videos.map((rows) => Float64Array.from(rows.flatMap((row) => directions.map((unit) => dot(row, unit)))));
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d]! * b[d]!;
  return sum;
}

const lengthOf = (a: Float64Array): number => Math.sqrt(dot(a, a));

function cosineDistance(a: Float64Array, b: Float64Array): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let d = 0; d < a.length; d++) {
    ab += a[d]! * b[d]!;
    aa += a[d]! * a[d]!;
    bb += b[d]! * b[d]!;
  }
  return 1 - ab / Math.sqrt(aa * bb);
}
