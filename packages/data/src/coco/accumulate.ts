// Precision and recall of one category over all images.
import type { Cells } from "./cells.ts";
import { ignored, iouThresholds, matchCell, recallThresholds, right } from "./matching.ts";

export interface CategoryCurves {
  /** Objects of any size that count. */
  readonly truths: number;
  /** [A, T, R]; −1 where no truth is of that size. */
  readonly precision: Float64Array;
  /** The score at which each recall is reached, [A, T, R]; 0 where it is not. */
  readonly scores: Float64Array;
  /** [A + 2, T]: the areas at most detections an image, then all areas at the first and the second lower limit. */
  readonly recall: Float64Array;
}

/** All, small, medium, large: squared pixels. */
const areaRanges = [
  [0, 1e10],
  [0, 32 ** 2],
  [32 ** 2, 96 ** 2],
  [96 ** 2, 1e10],
] as const;

/** Precision and recall of the category at index k. */
export function curvesOfCategory(cells: Cells, k: number): CategoryCurves {
  const A = areaRanges.length;
  const T = iouThresholds.length;
  const R = recallThresholds.length;
  const ofCategory = cells.of(k);
  const N = ofCategory.detections;
  const outcome = new Uint8Array(A * T * N);
  const scores = new Float64Array(N);
  const ranks = new Uint8Array(N);
  const counted = new Array<number>(A).fill(0);
  let at = 0;
  for (const { cell, scores: own } of ofCategory.cells()) {
    areaRanges.forEach((range, a) => {
      counted[a]! += matchCell(cell, range, outcome, a * T * N + at, N);
    });
    for (let rank = 0; rank < own.length; rank++, at++) {
      scores[at] = own[rank]!;
      ranks[at] = rank;
    }
  }

  const order = Uint32Array.from({ length: N }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
  const precision = new Float64Array(A * T * R);
  const scoresAt = new Float64Array(A * T * R);
  const recall = new Float64Array((A + 2) * T);
  const position = new Uint32Array(N); // how many detections count up to each right one, itself among them
  const score = new Float64Array(N);
  for (let a = 0; a < A; a++) {
    const truths = counted[a]!;
    if (truths === 0) {
      precision.fill(-1, a * T * R, (a + 1) * T * R);
      recall.fill(-1, a * T, (a + 1) * T);
      if (a === 0) recall.fill(-1, A * T);
      continue;
    }
    for (let t = 0; t < T; t++) {
      const row = (a * T + t) * N;
      let found = 0;
      let seen = 0;
      const few = [0, 0];
      for (let i = 0; i < N; i++) {
        const d = order[i]!;
        const result = outcome[row + d]!;
        if (result === ignored) continue;
        seen++;
        if (result !== right) continue;
        position[found] = seen;
        score[found++] = scores[d]!;
        if (ranks[d]! < cells.limits[0]) few[0]!++;
        if (ranks[d]! < cells.limits[1]) few[1]!++;
      }
      recall[a * T + t] = found / truths;
      if (a === 0) for (const m of [0, 1]) recall[(A + m) * T + t] = few[m]! / truths;
      interpolate(found, truths, (a * T + t) * R);
    }
  }
  return { truths: counted[0]!, precision, scores: scoresAt, recall };

  /** Precision at each recall threshold: the best at that recall or a higher one. */
  function interpolate(found: number, truths: number, offset: number): void {
    let best = 0;
    let j = found;
    for (let r = R - 1; r >= 0; r--) {
      const threshold = recallThresholds[r]!;
      // pycocotools adds NumPy's spacing(1) to every divisor: of the first detection alone that makes a difference.
      while (j > 0 && j / truths >= threshold) {
        j--;
        best = Math.max(best, (j + 1) / (position[j]! + Number.EPSILON));
      }
      if (j === found) continue; // recall not reached
      precision[offset + r] = best;
      scoresAt[offset + r] = score[j]!;
    }
  }
}
