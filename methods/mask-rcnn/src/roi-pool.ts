// RoIPool (Girshick 2015): the maximum of the features in each bin, region and bins rounded to whole features.
import type { Features } from "./roi-align.ts";

export interface RoiPoolOptions {
  readonly outputSize: number | readonly [height: number, width: number];
  readonly spatialScale?: number;
}

/** [R, C, height, width]; 0 for bins without a feature. @param regions  [R, 5], the image's index and x₁, y₁, x₂, y₂ */
export function roiPool(features: Features, regions: Float32Array, options: RoiPoolOptions): Float32Array {
  const places = largestPlaces(features, regions, options);
  return Float32Array.from(places, (place) => (place < 0 ? 0 : features.data[place]!));
}

/** Gradient of the features: each bin's goes to its first largest feature. */
export function roiPoolGradient(
  features: Features,
  regions: Float32Array,
  outputGradient: Float32Array,
  options: RoiPoolOptions,
): Float32Array {
  const out = new Float64Array(features.data.length);
  largestPlaces(features, regions, options).forEach((place, i) => {
    if (place >= 0) out[place]! += outputGradient[i]!;
  });
  return Float32Array.from(out);
}

/** Where in the features each bin's maximum is, −1 for empty bins. */
function largestPlaces(
  { data, shape: [, C, H, W] }: Features,
  regions: Float32Array,
  { outputSize, spatialScale = 1 }: RoiPoolOptions,
): Int32Array {
  const [height, width] = typeof outputSize === "number" ? [outputSize, outputSize] : outputSize;
  const out = new Int32Array((regions.length / 5) * C * height * width).fill(-1);
  for (let r = 0; r * 5 < regions.length; r++) {
    const edge = (i: number) => roundHalfAway(Math.fround(regions[5 * r + i]! * Math.fround(spatialScale)));
    const rows = binsBetween(edge(2), edge(4), height, H);
    const columns = binsBetween(edge(1), edge(3), width, W);
    for (let c = 0; c < C; c++) {
      const plane = (regions[5 * r]! * C + c) * H * W;
      for (let i = 0; i < height; i++)
        for (let j = 0; j < width; j++) {
          let best = -1;
          for (let y = rows[i]![0]; y < rows[i]![1]; y++)
            for (let x = columns[j]![0]; x < columns[j]![1]; x++) {
              const at = plane + y * W + x;
              if (best < 0 || data[at]! > data[best]!) best = at;
            }
          out[((r * C + c) * height + i) * width + j] = best;
        }
    }
  }
  return out;
}

function binsBetween(from: number, to: number, count: number, size: number): readonly [number, number][] {
  const bin = Math.fround(Math.max(to - from + 1, 1) / count);
  const inside = (value: number) => Math.min(Math.max(value + from, 0), size);
  return Array.from({ length: count }, (_, i) => [
    inside(Math.floor(Math.fround(i * bin))),
    inside(Math.ceil(Math.fround((i + 1) * bin))),
  ]);
}

/** As C's round. */
const roundHalfAway = (value: number) => Math.sign(value) * Math.floor(Math.abs(value) + 0.5);
