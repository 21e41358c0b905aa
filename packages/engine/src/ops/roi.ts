// Where the samples of a region fall, as weights of the rows (or columns) of a feature map.
import type { Value } from "../ir/graph.ts";
import { tensor } from "../ir/type.ts";
import {
  abs,
  add,
  and,
  cast,
  clip,
  equal,
  floor,
  greaterOrEqual,
  lessOrEqual,
  max,
  min,
  mul,
  reduceMean,
  relu,
  reshape,
  slice,
  sub,
} from "./build.ts";

/** One axis of the sampling: `bins` of a box, each with `samples`, over `size` rows; the box's columns low and high. */
export interface RoiGrid {
  readonly size: number;
  readonly bins: number;
  readonly samples: number;
  /** Features per pixel of the boxes. */
  readonly scale: number;
  /** Pixel centres at ½, as torchvision's aligned: true; otherwise at 0, and boxes are at least one feature wide. */
  readonly aligned: boolean;
  readonly low: number;
  readonly high: number;
}

/** Places of the samples, [R, bins·samples], limited to the map; and 1 where they were at most one feature outside it. */
function places(boxes: Value, grid: RoiGrid): { readonly at: Value; readonly valid: Value } {
  const { size, bins, samples, scale, aligned } = grid;
  const R = boxes.shape[0]!;
  const side = (i: number) => sub(mul(slice(boxes, [{ axis: 1, start: i, end: i + 1 }]), scale), aligned ? 0.5 : 0);
  const low = side(grid.low);
  const length = aligned ? sub(side(grid.high), low) : max(sub(side(grid.high), low), 1);
  const steps = Array.from({ length: bins * samples }, (_, i) => (i + 0.5) / samples / bins);
  const at = add(low, mul(length, boxes.graph.constant(tensor(boxes.dtype, [1, bins * samples], steps))));
  const valid = cast(and(greaterOrEqual(at, -1), lessOrEqual(at, size)), boxes.dtype);
  const column = (x: Value) => reshape(x, [R, bins * samples, 1]);
  return { at: column(clip(at, { min: 0, max: size - 1 })), valid: column(valid) };
}

const rowNumbers = (like: Value, size: number): Value =>
  like.graph.constant(
    tensor(
      like.dtype,
      [1, 1, size],
      Array.from({ length: size }, (_, i) => i),
    ),
  );

/** Weights of the rows in the mean of each bin, [R, bins, size]: 1 − |distance| of each sample, at least 0. */
export function binWeights(boxes: Value, grid: RoiGrid): Value {
  const { at, valid } = places(boxes, grid);
  const weights = mul(relu(sub(1, abs(sub(at, rowNumbers(at, grid.size))))), valid);
  return reduceMean(reshape(weights, [boxes.shape[0]!, grid.bins, grid.samples, grid.size]), { axes: [2] });
}

/** Weights of the two neighbours of each sample apart, [R, bins·samples·2, size], one element each. */
export function neighbourWeights(boxes: Value, grid: RoiGrid): Value {
  const { at, valid } = places(boxes, grid);
  const rows = rowNumbers(at, grid.size);
  const below = floor(at);
  const share = sub(at, below);
  const above = min(add(below, 1), grid.size - 1);
  const lower = mul(mul(cast(equal(rows, below), at.dtype), sub(1, share)), valid);
  const upper = mul(mul(cast(equal(rows, above), at.dtype), share), valid);
  const n = boxes.shape[0]!;
  const m = grid.bins * grid.samples;
  const both = lower.graph.add("Concat", [reshape(lower, [n, m, 1, grid.size]), reshape(upper, [n, m, 1, grid.size])], {
    axis: 2,
  })[0]!;
  return reshape(both, [n, 2 * m, grid.size]);
}
