// COCO's evaluation: average precision and recall of boxes, masks or keypoints, number for number as pycocotools.
import { DataError } from "../error.ts";
import { type CategoryCurves, curvesOfCategory } from "./accumulate.ts";
import type { CocoDataset, CocoDetection } from "./annotations.ts";
import { Cells, type EvaluationType } from "./cells.ts";
import { iouThresholds, recallThresholds } from "./matching.ts";
import { meanOfKnown } from "./pairwise.ts";

export interface EvaluationOptions {
  readonly type: EvaluationType;
  /** Spread of each keypoint; COCO's 17 by default. */
  readonly sigmas?: readonly number[];
  /** Names in messages. */
  readonly sources?: { readonly groundTruth: string; readonly detections: string };
}

/** Numbers of one category, −1 where it has no ground truth of that size. */
export interface CategoryNumbers {
  readonly id: number;
  readonly name: string;
  /** Objects that count (no crowds). */
  readonly truths: number;
  readonly ap: number;
  readonly ap50: number;
  readonly ap75: number;
  readonly apSmall: number;
  readonly apMedium: number;
  readonly apLarge: number;
  readonly ar: number;
  /** Precision at recall 0, .01, … 1 with IoU .5 and .75, and the scores there. */
  readonly curves: {
    readonly iou: number;
    readonly precision: readonly number[];
    readonly scores: readonly number[];
  }[];
}

export interface CocoEvaluation {
  readonly type: EvaluationType;
  /** COCO's twelve numbers (ten of keypoints) in its order. */
  readonly stats: readonly number[];
  /** What each of `stats` is, as `AP50`, `AR100`. */
  readonly names: readonly string[];
  readonly perCategory: readonly CategoryNumbers[];
}

const boxNames = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"] as const;
const keypointNames = ["AP", "AP50", "AP75", "APm", "APl", "AR", "AR50", "AR75", "ARm", "ARl"] as const;

/**
 * Evaluates detections against a data set.
 *
 * @throws DataError if detections name images that the data set lacks, or masks do not fit their images
 */
export function evaluateCoco(
  dataset: CocoDataset,
  detections: readonly CocoDetection[],
  { type, sigmas, sources = { groundTruth: "ground truth", detections: "detections" } }: EvaluationOptions,
): CocoEvaluation {
  if (dataset.categories.length === 0)
    throw new DataError(sources.groundTruth, "has no categories: nothing to evaluate.");
  const cells = new Cells(dataset, detections, { type, sources, ...(sigmas && { sigmas }) });
  const curves = cells.categories.map((_, k) => curvesOfCategory(cells, k));

  const T = iouThresholds.length;
  const R = recallThresholds.length;
  /** Mean precision over thresholds from..to, recalls and categories, in NumPy's order [T, R, K]. */
  const precision = (of: readonly CategoryCurves[], area: number, from = 0, to = T) => {
    const values = new Float64Array((to - from) * R * of.length);
    let at = 0;
    for (let i = from * R; i < to * R; i++) for (const c of of) values[at++] = c.precision[area * T * R + i]!;
    return meanOfKnown(values);
  };
  const recall = (of: readonly CategoryCurves[], column: number, from = 0, to = T) => {
    const values: number[] = [];
    for (let t = from; t < to; t++) for (const c of of) values.push(c.recall[column * T + t]!);
    return meanOfKnown(values);
  };

  // Columns of recall: the areas (all, small, medium, large) at most detections, then "all" at fewer.
  const stats =
    type === "keypoints"
      ? [
          precision(curves, 0),
          precision(curves, 0, 0, 1),
          precision(curves, 0, 5, 6),
          precision(curves, 2),
          precision(curves, 3),
          recall(curves, 0),
          recall(curves, 0, 0, 1),
          recall(curves, 0, 5, 6),
          recall(curves, 2),
          recall(curves, 3),
        ]
      : [
          precision(curves, 0),
          precision(curves, 0, 0, 1),
          precision(curves, 0, 5, 6),
          ...[1, 2, 3].map((area) => precision(curves, area)),
          ...[4, 5, 0, 1, 2, 3].map((column) => recall(curves, column)),
        ];
  const perCategory = cells.categories.map((category, k): CategoryNumbers => {
    const own = [curves[k]!];
    const [c] = own as [CategoryCurves];
    return {
      id: category.id,
      name: category.name,
      truths: c.truths,
      ap: precision(own, 0),
      ap50: precision(own, 0, 0, 1),
      ap75: precision(own, 0, 5, 6),
      apSmall: precision(own, 1),
      apMedium: precision(own, 2),
      apLarge: precision(own, 3),
      ar: recall(own, 0),
      curves: [0, 5].map((t) => ({
        iou: iouThresholds[t]!,
        precision: Array.from(c.precision.subarray(t * R, (t + 1) * R)),
        scores: Array.from(c.scores.subarray(t * R, (t + 1) * R)),
      })),
    };
  });
  return { type, stats, names: type === "keypoints" ? keypointNames : boxNames, perCategory };
}
