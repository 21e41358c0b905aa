// How features of a region are taken from a map (Table 2c), as a graph that has a gradient: RoIAlign, which rounds nothing;
// RoIWarp, which rounds the region's borders; RoIPool, which rounds them and those of its bins.
import {
  add,
  cast,
  ceil,
  concat,
  constant,
  div,
  floor,
  gather,
  greater,
  max,
  maxPool,
  min,
  mul,
  reshape,
  roiAlign,
  round,
  slice,
  sub,
  transpose,
  type Value,
} from "@reprise/engine";
import type { Conventions, RoiPooling } from "./settings.ts";

export interface PooledOptions {
  /** Image pixels a feature. */
  readonly stride: number;
  readonly pooling?: RoiPooling | undefined;
  readonly conventions?: Conventions | undefined;
  /** To be differentiated: detectron2's number of samples depends on the region and has no gradient; two are taken. */
  readonly trained?: boolean;
}

/** Features of regions of one map, [R, C, size, size]. @param images  of each region, [R] int64 */
export function pooled(
  level: Value,
  boxes: Value,
  images: Value,
  outputSize: number,
  { stride, pooling = "align", conventions = "torchvision", trained = false }: PooledOptions,
): Value {
  if (pooling === "pool") return largestOfBins(level, boxes, images, outputSize, stride);
  const at = pooling.startsWith("warp") ? mul(round(mul(boxes, 1 / stride)), stride) : boxes;
  const spatialScale = 1 / stride;
  const aligned = conventions !== "torchvision" && pooling.startsWith("align");
  const samplingRatio = aligned && !trained ? 0 : 2;
  if (!pooling.endsWith("max"))
    return roiAlign(level, at, images, { outputSize, samplingRatio, spatialScale, aligned });
  // The largest of four samples, each by itself; ONNX's own maximum is that of weighted neighbours.
  const samples = roiAlign(level, at, images, { outputSize: 2 * outputSize, samplingRatio: 1, spatialScale, aligned });
  return maxPool(samples, { kernel: [2, 2], strides: [2, 2] });
}

/**
 * RoIPool (Girshick 2015). A bin has as many features as its region's size asks for, a graph has one size: as many as the
 * largest bin has are gathered for every bin, the last one again and again, which leaves the maximum as it is.
 */
function largestOfBins(level: Value, boxes: Value, images: Value, size: number, stride: number): Value {
  const [N, C, H, W] = level.shape as [number, number, number, number];
  const R = boxes.shape[0]!;
  const [left, top, right, bottom] = [0, 1, 2, 3].map((i) =>
    floor(add(mul(slice(boxes, [{ axis: 1, start: i, end: i + 1 }]), 1 / stride), 0.5)),
  ) as [Value, Value, Value, Value]; // [R, 1] each, half rounded up
  const rows = placesOfBins(top, bottom, size, H);
  const columns = placesOfBins(left, right, size, W);
  const [S, T] = [rows.count, columns.count];
  const image = mul(reshape(cast(images, "float32"), [R, 1, 1]), H * W);
  const at = add(add(image, mul(reshape(rows.places, [R, size * S, 1]), W)), reshape(columns.places, [R, 1, size * T]));
  const flat = reshape(transpose(level, [0, 2, 3, 1]), [N * H * W, C]);
  const found = transpose(gather(flat, cast(at, "int64")), [0, 3, 1, 2]); // [R, C, size·S, size·T]
  const largest = maxPool(found, { kernel: [S, T], strides: [S, T] });
  const filled = mul(reshape(rows.filled, [R, 1, size, 1]), reshape(columns.filled, [R, 1, 1, size]));
  return mul(largest, filled);
}

/**
 * For each bin of RoIPool along one axis: the places of the features in it, [R, size, count], and 1 if it has any, else 0,
 * [R, size]. An empty bin has the value 0.
 */
function placesOfBins(from: Value, to: Value, size: number, length: number) {
  const numbers = (values: readonly number[], shape: readonly number[]) =>
    constant(from, { dtype: "float32", shape, data: Float32Array.from(values) });
  const R = from.shape[0]!;
  const steps = Array.from({ length: size + 1 }, (_, i) => i);
  const bin = div(max(add(sub(to, from), 1), 1), size); // [R, 1]
  const inside = (edges: Value) => min(max(add(edges, from), 0), length);
  const start = inside(floor(mul(bin, numbers(steps.slice(0, size), [1, size]))));
  const end = inside(ceil(mul(bin, numbers(steps.slice(1), [1, size]))));
  const count = Math.ceil((length + 1) / size) + 1;
  const places = Array.from({ length: count }, (_, s) =>
    reshape(max(min(add(start, s), sub(end, 1)), 0), [R, size, 1]),
  );
  return { places: concat(places, 2), filled: cast(greater(end, start), "float32"), count };
}
