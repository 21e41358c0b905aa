// COCO's matching of detections with ground truth within one image and category.

/** Detections and truths of one image and category. */
export interface Cell {
  /** [D, G], detections by falling score. */
  readonly iou: Float64Array;
  /** Areas of the detections, [D]. */
  readonly areas: Float64Array;
  /** Areas of the truths, [G]. */
  readonly truthAreas: Float64Array;
  /** [G], 1 where a match with the truth counts neither way (crowds; no labelled keypoints). */
  readonly ignore: Uint8Array;
  /** [G], 1 for crowds, which match any number of detections. */
  readonly crowd: Uint8Array;
  /** [G], 1 where the annotation's id is 0, which pycocotools takes for "no match". */
  readonly idZero: Uint8Array;
}

export const wrong = 0;
export const right = 1;
export const ignored = 2;

/** IoU thresholds .5, .55, … .95, to the bit those of `numpy.linspace(.5, .95, 10)`. */
export const iouThresholds: readonly number[] = linspace(0.5, 0.95, 10);

/** Recall thresholds 0, .01, … 1. */
export const recallThresholds: readonly number[] = linspace(0, 1, 101);

function linspace(from: number, to: number, n: number): number[] {
  const step = (to - from) / (n - 1);
  return Array.from({ length: n }, (_, i) => (i === n - 1 ? to : i * step + from));
}

/**
 * Matches greedily, detections by falling score, each with the best truth that is left; truths that count come before
 * those that are ignored.
 *
 * @param out     at `offset + t · stride + d`: wrong, right or ignored
 * @returns       how many truths count
 */
export function matchCell(
  { iou, areas, truthAreas, ignore, crowd, idZero }: Cell,
  [low, high]: readonly [number, number],
  out: Uint8Array,
  offset: number,
  stride: number,
): number {
  const D = areas.length;
  const G = truthAreas.length;
  const order = new Int32Array(G); // those that count first, else as they came
  let counted = 0;
  for (let g = 0; g < G; g++) if (counts(g)) order[counted++] = g;
  for (let g = 0, at = counted; g < G; g++) if (!counts(g)) order[at++] = g;
  const taken = new Uint8Array(G);
  for (let t = 0; t < iouThresholds.length; t++) {
    taken.fill(0);
    const least = Math.min(iouThresholds[t]!, 1 - 1e-10);
    for (let d = 0; d < D; d++) {
      let best = least;
      let match = -1;
      for (let i = 0; i < G; i++) {
        const g = order[i]!;
        if (taken[g] && !crowd[g]) continue;
        // A match that counts is not given up for one that does not.
        if (i >= counted && match >= 0 && match < counted) break;
        const value = iou[d * G + g]!;
        if (value < best) continue;
        best = value;
        match = i;
      }
      if (match >= 0) taken[order[match]!] = 1;
      // pycocotools keeps the annotation's id as the match: with id 0 the detection counts as unmatched.
      const unmatched = match < 0 || (match < counted && idZero[order[match]!]);
      const outside = areas[d]! < low || areas[d]! > high;
      out[offset + t * stride + d] = unmatched ? (outside ? ignored : wrong) : match < counted ? right : ignored;
    }
  }
  return counted;

  function counts(g: number): boolean {
    return !ignore[g] && truthAreas[g]! >= low && truthAreas[g]! <= high;
  }
}
