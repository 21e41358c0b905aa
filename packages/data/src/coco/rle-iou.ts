// Intersection over union of boxes and masks, detections against ground truth. A ground truth that is a crowd divides
// by the detection's own area: a detection inside a crowd is no error.
import { type Rle, requireSameSize, rleArea, writeRleBox } from "./rle.ts";

/**
 * IoU of boxes [x, y, width, height].
 *
 * @param detections  [D, 4]
 * @param truths      [G, 4]
 * @param crowd       [G], nonzero for crowds
 * @returns           [D, G]
 */
export function boxIou(
  detections: Float64Array,
  truths: Float64Array,
  crowd: ArrayLike<number | boolean>,
): Float64Array {
  const D = detections.length / 4;
  const G = truths.length / 4;
  const out = new Float64Array(D * G);
  for (let g = 0; g < G; g++) {
    const gx = truths[4 * g]!;
    const gy = truths[4 * g + 1]!;
    const gw = truths[4 * g + 2]!;
    const gh = truths[4 * g + 3]!;
    const areaG = gw * gh;
    for (let d = 0; d < D; d++) {
      const dx = detections[4 * d]!;
      const dy = detections[4 * d + 1]!;
      const dw = detections[4 * d + 2]!;
      const dh = detections[4 * d + 3]!;
      const w = Math.min(dw + dx, gw + gx) - Math.max(dx, gx);
      if (w <= 0) continue;
      const h = Math.min(dh + dy, gh + gy) - Math.max(dy, gy);
      if (h <= 0) continue;
      const i = w * h;
      const areaD = dw * dh;
      out[d * G + g] = i / (crowd[g] ? areaD : areaD + areaG - i);
    }
  }
  return out;
}

/** IoU of masks, [D, G]. @throws DataError where sizes differ */
export function rleIou(
  detections: readonly Rle[],
  truths: readonly Rle[],
  crowd: ArrayLike<number | boolean>,
): Float64Array {
  const boxes = (masks: readonly Rle[]) => {
    const out = new Float64Array(masks.length * 4);
    masks.forEach((mask, i) => {
      writeRleBox(mask, out, 4 * i);
    });
    return out;
  };
  const G = truths.length;
  const out = boxIou(boxes(detections), boxes(truths), crowd);
  const areasG = truths.map(rleArea);
  for (let d = 0; d < detections.length; d++) {
    const a = detections[d]!;
    let areaD = -1;
    for (let g = 0; g < G; g++) {
      const b = truths[g]!;
      requireSameSize(a, b);
      if (!out[d * G + g]) continue; // boxes apart
      if (areaD < 0) areaD = rleArea(a);
      const i = intersection(a.counts, b.counts);
      out[d * G + g] = i === 0 ? 0 : i / (crowd[g] ? areaD : areaD + areasG[g]! - i);
    }
  }
  return out;
}

/** Pixels in both masks: a walk over the runs of ones of either. */
function intersection(a: Uint32Array, b: Uint32Array): number {
  const [endA, endB] = [a.length - 1, b.length - 1];
  let [i, j] = [0, 0];
  let [fromA, toA, fromB, toB] = [0, 0, 0, 0];
  let sum = 0;
  for (;;) {
    if (toA <= toB) {
      if (i >= endA) return sum;
      fromA = toA + a[i]!;
      toA = fromA + a[i + 1]!;
      i += 2;
    } else {
      if (j >= endB) return sum;
      fromB = toB + b[j]!;
      toB = fromB + b[j + 1]!;
      j += 2;
    }
    const from = Math.max(fromA, fromB);
    const to = Math.min(toA, toB);
    if (to > from) sum += to - from;
  }
}
