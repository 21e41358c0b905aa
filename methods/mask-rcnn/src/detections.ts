// Detections from what the box head says of each proposal.

import { clipBoxes, largeBoxes, takeBoxes } from "./box.ts";
import { type BoxWeights, decodeBoxes } from "./box-coder.ts";
import { nms } from "./nms.ts";

export interface BoxHeadOutput {
  /** [R, 4] */
  readonly proposals: Float32Array;
  /** [R, K + 1], background first. */
  readonly logits: Float32Array;
  /** [R, K + 1, 4] */
  readonly deltas: Float32Array;
  /** K + 1 */
  readonly classes: number;
}

export interface DetectionOptions {
  readonly height: number;
  readonly width: number;
  readonly scoreThreshold?: number;
  readonly nmsThreshold?: number;
  /** Detections of an image. */
  readonly most?: number;
  readonly weights?: BoxWeights;
}

export interface Detections {
  /** [D, 4] */
  readonly boxes: Float32Array;
  readonly scores: Float32Array;
  /** 1 … K */
  readonly labels: Int32Array;
}

/** Every class of every proposal is a candidate: those above the score, suppressed class by class, the best of them. */
export function detectionsOf(
  { proposals, logits, deltas, classes }: BoxHeadOutput,
  { height, width, scoreThreshold = 0.05, nmsThreshold = 0.5, most = 100, weights = [10, 10, 5, 5] }: DetectionOptions,
): Detections {
  const all = clipBoxes(decodeBoxes(deltas, proposals, weights), height, width);
  const candidates: { at: number; label: number; score: number }[] = [];
  for (let r = 0; r * classes < logits.length; r++) {
    const row = logits.subarray(r * classes, (r + 1) * classes);
    const top = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const exps = Array.from(row, (value) => Math.exp(value - top));
    const sum = exps.reduce((a, b) => a + b, 0);
    for (let label = 1; label < classes; label++) {
      const score = Math.fround(exps[label]! / sum);
      if (score > scoreThreshold) candidates.push({ at: r * classes + label, label, score });
    }
  }
  const boxes = takeBoxes(
    all,
    candidates.map(({ at }) => at),
  );
  const large = largeBoxes(boxes, 1e-2);
  const scores = Float32Array.from(large, (i) => candidates[i]!.score);
  const labels = Int32Array.from(large, (i) => candidates[i]!.label);
  const kept = nms(takeBoxes(boxes, large), scores, nmsThreshold, labels).slice(0, most);
  return {
    boxes: takeBoxes(
      boxes,
      kept.map((i) => large[i]!),
    ),
    scores: Float32Array.from(kept, (i) => scores[i]!),
    labels: Int32Array.from(kept, (i) => labels[i]!),
  };
}
