// Greedy non-maximum suppression.
import { boxCount, iouOf } from "./box.ts";

/**
 * Indices of the boxes that stay, by falling score; of equal scores the earlier box comes first. A box goes if its IoU
 * with one that stays is greater than the threshold.
 *
 * @param classes  boxes of different classes leave each other alone; all are of one class if left out
 */
export function nms(
  boxes: Float32Array,
  scores: Float32Array,
  threshold: number,
  classes?: ArrayLike<number>,
): number[] {
  const order = Array.from({ length: boxCount(boxes) }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
  const kept: number[] = [];
  const keptOfClass = new Map<number, number[]>();
  for (const i of order) {
    const label = classes?.[i] ?? 0;
    const rivals = keptOfClass.get(label) ?? [];
    keptOfClass.set(label, rivals);
    if (rivals.some((j) => iouOf(boxes, j, boxes, i) > threshold)) continue;
    rivals.push(i);
    kept.push(i);
  }
  return kept;
}
