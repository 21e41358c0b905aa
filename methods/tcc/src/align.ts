// Time maps between two videos by their embeddings: nearest neighbours, dynamic time warping, and its soft distance.

import { bytesText } from "@reprise/data";
import { nearestRows } from "./metrics/kendall.ts";
import { type Frames, rowsOf, squaredDistance } from "./plain.ts";

/** For each frame of the query the nearest of the candidate, the first of equal ones. */
export const nearestFrames = (query: Frames, candidate: Frames): Int32Array =>
  nearestRows(rowsOf(query), rowsOf(candidate));

export interface Warping {
  /** Sum of the distances along the path. */
  readonly cost: number;
  /** Frames that belong together, from first to last. */
  readonly path: readonly (readonly [query: number, candidate: number])[];
  /** For each frame of the query the first one of the candidate on the path. */
  readonly map: Int32Array;
}

export interface WarpOptions {
  /** Pairs of frames that the path must pass, such as events that are set by hand. */
  readonly through?: readonly (readonly [query: number, candidate: number])[];
  readonly distance?: "euclidean" | "sqeuclidean";
}

/**
 * The cheapest path through all distances that never goes back in either video.
 *
 * @throws RangeError for pairs outside the videos, or in another order in one than in the other, and for videos that are
 *   too long
 */
export function warp(
  query: Frames,
  candidate: Frames,
  { through = [], distance = "euclidean" }: WarpOptions = {},
): Warping {
  const [N, M] = [query.shape[0]!, candidate.shape[0]!];
  checkWarpSize(N, M);
  const stops = checkedStops(through, N, M);
  const between = distancesOf(query, candidate, distance);
  const path: [number, number][] = [];
  let cost = 0;
  // From stop to stop; each leg begins at the last one's end.
  let from: readonly [number, number] = [0, 0];
  for (const to of [...stops, [N - 1, M - 1] as const]) {
    const leg = cheapest(between, M, from, to);
    const fresh = path.length === 0 ? leg : leg.slice(1);
    path.push(...fresh);
    from = to;
  }
  for (const [i, j] of path) cost += between[i * M + j]!;
  const map = new Int32Array(N).fill(-1);
  for (const [i, j] of path) if (map[i] === -1) map[i] = j;
  return { cost, path, map };
}

/** Bytes for a pair of frames: distance, cost so far, the step that led there. */
const PAIR_BYTES = 17;
const WARP_BYTES = 2 ** 32;

/** @throws RangeError when warping videos of so many frames would take more than 4 GB */
export function checkWarpSize(N: number, M: number): void {
  const bytes = PAIR_BYTES * N * M;
  if (bytes > WARP_BYTES)
    throw new RangeError(
      `warping ${N} by ${M} frames takes ${bytesText(bytes)} of memory, more than ${bytesText(WARP_BYTES)}. Cut the videos, or take fewer frames a second.`,
    );
}

/** Labels of the candidate's frames, from the first frame of the query that the path sets beside each. */
export function labelsAlong(
  path: readonly (readonly [query: number, candidate: number])[],
  labels: ArrayLike<number>,
  candidateFrames: number,
): number[] {
  const out = new Array<number>(candidateFrames).fill(-1);
  for (const [i, j] of path) if (out[j] === -1) out[j] = labels[i]!;
  return out;
}

function checkedStops(through: readonly (readonly [number, number])[], N: number, M: number) {
  const stops = [...through].sort(([a, b], [c, d]) => a - c || b - d);
  for (const [k, [i, j]] of stops.entries()) {
    if (!(Number.isInteger(i) && Number.isInteger(j) && i >= 0 && j >= 0 && i < N && j < M))
      throw new RangeError(`frames ${i} and ${j} are set together; the videos have ${N} and ${M}.`);
    if (k > 0 && stops[k - 1]![1] > j)
      throw new RangeError(
        `frames ${stops[k - 1]!.join(" and ")} are set together, and so are ${i} and ${j}; time would run back in one.`,
      );
  }
  return stops;
}

function distancesOf(query: Frames, candidate: Frames, kind: "euclidean" | "sqeuclidean"): Float64Array {
  const [rows, columns] = [rowsOf(query), rowsOf(candidate)];
  const out = new Float64Array(rows.length * columns.length);
  for (const [i, a] of rows.entries())
    for (const [j, b] of columns.entries()) {
      const squared = squaredDistance(a, b);
      out[i * columns.length + j] = kind === "euclidean" ? Math.sqrt(squared) : squared;
    }
  return out;
}

/** The cheapest path between two pairs of frames, both on it; of equal ones the diagonal, then the query's step. */
function cheapest(
  between: Float64Array,
  M: number,
  [i0, j0]: readonly [number, number],
  [i1, j1]: readonly [number, number],
): [number, number][] {
  const [rows, columns] = [i1 - i0 + 1, j1 - j0 + 1];
  const total = new Float64Array(rows * columns).fill(Number.POSITIVE_INFINITY);
  const came = new Uint8Array(rows * columns); // 0 diagonal, 1 from the row above, 2 from the column before
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const at = i * columns + j;
      const own = between[(i0 + i) * M + j0 + j]!;
      if (at === 0) {
        total[0] = own;
        continue;
      }
      const before = [
        i > 0 && j > 0 ? total[at - columns - 1]! : Number.POSITIVE_INFINITY,
        i > 0 ? total[at - columns]! : Number.POSITIVE_INFINITY,
        j > 0 ? total[at - 1]! : Number.POSITIVE_INFINITY,
      ];
      let best = 0;
      for (const step of [1, 2]) if (before[step]! < before[best]!) best = step;
      came[at] = best;
      total[at] = own + before[best]!;
    }
  const path: [number, number][] = [];
  let [i, j] = [rows - 1, columns - 1];
  for (;;) {
    path.push([i0 + i, j0 + j]);
    if (i === 0 && j === 0) return path.reverse();
    const step = came[i * columns + j]!;
    if (step !== 2) i--;
    if (step !== 1) j--;
  }
}

/**
 * Soft-DTW of Cuturi and Blondel (2017) with squared distances: the soft minimum, at smoothing γ, over all paths.
 *
 * @throws RangeError unless γ is above 0
 */
export function softDtw(query: Frames, candidate: Frames, { gamma = 1 } = {}): number {
  if (!(gamma > 0)) throw new RangeError(`softDtw: gamma is ${gamma}; expected a number above 0`);
  const [N, M] = [query.shape[0]!, candidate.shape[0]!];
  const between = distancesOf(query, candidate, "sqeuclidean");
  let above = new Float64Array(M + 1).fill(Number.POSITIVE_INFINITY);
  above[0] = 0;
  for (let i = 0; i < N; i++) {
    const row = new Float64Array(M + 1).fill(Number.POSITIVE_INFINITY);
    for (let j = 0; j < M; j++) row[j + 1] = between[i * M + j]! + softMin([above[j]!, above[j + 1]!, row[j]!], gamma);
    above = row;
  }
  return above[M]!;
}

function softMin(values: readonly number[], gamma: number): number {
  const least = Math.min(...values);
  if (least === Number.POSITIVE_INFINITY) return least;
  return least - gamma * Math.log(values.reduce((sum, x) => sum + Math.exp((least - x) / gamma), 0));
}

/**
 * Area between two time maps, as a share of the rectangle of both videos: 0 where they agree. Maps are polygons through
 * their pairs of frames, which begin and end together.
 */
export function enclosedArea(
  path: readonly (readonly [number, number])[],
  truth: readonly (readonly [number, number])[],
): number {
  const [N, M] = truth.at(-1)!;
  // Where a map rises straight up it has two heights: the one that it arrives at and the one that it leaves from.
  const at = (points: readonly (readonly [number, number])[], x: number, end: "arrives" | "leaves"): number => {
    const level = points.filter(([i]) => i === x).map(([, j]) => j);
    if (level.length > 0) return end === "arrives" ? level[0]! : level.at(-1)!;
    const after = points.findIndex(([i]) => i > x);
    const [[x0, y0], [x1, y1]] = [points[after - 1]!, points[after]!];
    return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
  };
  let area = 0;
  for (let x = 0; x < N; x++) {
    const d0 = at(path, x, "leaves") - at(truth, x, "leaves");
    const d1 = at(path, x + 1, "arrives") - at(truth, x + 1, "arrives");
    // Two triangles where the maps cross in between.
    area += d0 * d1 >= 0 ? Math.abs(d0 + d1) / 2 : (d0 * d0 + d1 * d1) / (2 * (Math.abs(d0) + Math.abs(d1)));
  }
  return area / (N * M);
}
