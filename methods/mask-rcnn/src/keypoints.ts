// Keypoints (§5): each one a one-hot map of 56 × 56 within its region, learnt by a softmax over the places.
import { conv, convTranspose, relu, resize, type Value } from "@reprise/engine";
import type { Arrays, StateDict } from "./state-dict.ts";

/** Side of a keypoint's map. */
export const keypointMapSize = 56;
const head = "roi_heads.keypoint_head";
const predictor = "roi_heads.keypoint_predictor.kps_score_lowres";

/** Keypoints of an object: 0 of a network without a head for them. */
export const keypointCount = (state: StateDict): number => state[`${predictor}.bias`]?.shape[0] ?? 0;

/** Logits [R, J, 56, 56] from features [R, C, 14, 14]. Layers are numbered by twos: torchvision counts ReLUs too. */
export function keypointHead(state: StateDict, w: Arrays, features: Value): Value {
  let h = features;
  for (let i = 0; `${head}.${i}.weight` in state; i += 2)
    h = relu(conv(h, w(`${head}.${i}.weight`), w(`${head}.${i}.bias`), { pads: [1, 1] }));
  h = convTranspose(h, w(`${predictor}.weight`), w(`${predictor}.bias`), { strides: [2, 2], pads: [1, 1] });
  return resize(h, [keypointMapSize, keypointMapSize], { mode: "linear" });
}

/**
 * The place of each keypoint in the map of a region, row by row, −1 for those that are not to be learnt: not labelled or
 * outside.
 *
 * @param keypoints  x, y, visibility of each, [J, 3]
 * @param box        the region
 */
export function keypointPlaces(keypoints: ArrayLike<number>, box: ArrayLike<number>): Int32Array {
  const f = Math.fround;
  const M = keypointMapSize;
  const at = (value: number, low: number, high: number) =>
    value === high ? M - 1 : Math.floor(f(f(value - low) * f(M / f(high - low))));
  return Int32Array.from({ length: keypoints.length / 3 }, (_, j) => {
    const x = at(keypoints[3 * j]!, box[0]!, box[2]!);
    const y = at(keypoints[3 * j + 1]!, box[1]!, box[3]!);
    const inside = x >= 0 && y >= 0 && x < M && y < M;
    return inside && keypoints[3 * j + 2]! > 0 ? y * M + x : -1;
  });
}

export interface RegionKeypoints {
  /** x, y and 1 of each, [J, 3], as COCO has them. */
  readonly keypoints: Float32Array;
  /** The logit of each. */
  readonly scores: Float32Array;
}

/** Keypoints from a region's logits [J, 56, 56]: the largest value of each map enlarged to the region, bicubic. */
export function keypointsOf(logits: Float32Array, box: ArrayLike<number>): RegionKeypoints {
  const M = keypointMapSize;
  const J = logits.length / (M * M);
  const [width, height] = [Math.max(box[2]! - box[0]!, 1), Math.max(box[3]! - box[1]!, 1)];
  const [columns, rows] = [Math.ceil(width), Math.ceil(height)];
  const [across, down] = [cubicTaps(columns, M), cubicTaps(rows, M)];
  const keypoints = new Float32Array(3 * J);
  const scores = new Float32Array(J);
  const wide = new Float32Array(M * columns);
  for (let j = 0; j < J; j++) {
    for (let y = 0; y < M; y++)
      for (let x = 0; x < columns; x++) wide[y * columns + x] = tapped(across, x, (i) => logits[(j * M + y) * M + i]!);
    let best = Number.NEGATIVE_INFINITY;
    let place = 0;
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < columns; x++) {
        const value = tapped(down, y, (i) => wide[i * columns + x]!);
        if (value > best) [best, place] = [value, y * columns + x];
      }
    keypoints[3 * j] = ((place % columns) + 0.5) * (width / columns) + box[0]!;
    keypoints[3 * j + 1] = (Math.floor(place / columns) + 0.5) * (height / rows) + box[1]!;
    keypoints[3 * j + 2] = 1;
    scores[j] = best;
  }
  return { keypoints, scores };
}

interface Taps {
  readonly places: Int32Array;
  readonly weights: Float32Array;
}

/** Four neighbours of each of `count` pixels in `size`, and their weights: Keys' cubic with a = −¾, as PyTorch. */
function cubicTaps(count: number, size: number): Taps {
  const a = -0.75;
  const near = (t: number) => ((a + 2) * t - (a + 3)) * t * t + 1;
  const far = (t: number) => ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
  const places = new Int32Array(4 * count);
  const weights = new Float32Array(4 * count);
  for (let i = 0; i < count; i++) {
    const at = (i + 0.5) * (size / count) - 0.5;
    const low = Math.floor(at);
    const t = at - low;
    weights.set([far(t + 1), near(t), near(1 - t), far(2 - t)], 4 * i);
    for (let n = 0; n < 4; n++) places[4 * i + n] = Math.min(Math.max(low - 1 + n, 0), size - 1);
  }
  return { places, weights };
}

function tapped({ places, weights }: Taps, at: number, value: (place: number) => number): number {
  let sum = 0;
  for (let n = 4 * at; n < 4 * at + 4; n++) sum += weights[n]! * value(places[n]!);
  return sum;
}
