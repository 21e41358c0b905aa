// RoIAlign (§3): features of regions by bilinear samples at places that nothing rounds.
import { roundHalfEven } from "./anchors.ts";

/** Features [N, C, H, W]. */
export interface Features {
  readonly data: Float32Array;
  readonly shape: readonly [N: number, C: number, H: number, W: number];
}

export interface RoiAlignOptions {
  /** Height and width of the result, or one number for both. */
  readonly outputSize: number | readonly [height: number, width: number];
  /** Samples along each side of a bin; below 1, as many as features in the bin. */
  readonly samplingRatio?: number;
  /** Size of the features over that of the image. */
  readonly spatialScale?: number;
  /** Pixel centres at ½ (true, Detectron2's), or at 0 with regions at least one feature wide (false, torchvision's). */
  readonly aligned?: boolean;
  /** What becomes of the samples of a bin. */
  readonly aggregate?: "average" | "maximum";
}

/** Weighted neighbours of a sample along one axis; none outside. */
interface Tap {
  readonly low: number;
  readonly high: number;
  readonly weightLow: number;
  readonly weightHigh: number;
}

/**
 * @param regions  [R, 5], the image's index and x₁, y₁, x₂, y₂
 * @returns        [R, C, height, width]
 */
export function roiAlign(features: Features, regions: Float32Array, options: RoiAlignOptions): Float32Array {
  const [, C, _H, W] = features.shape;
  const { data } = features;
  const [height, width] = sizeOf(options);
  const out = new Float32Array((regions.length / 5) * C * height * width);
  forEachBin(features, regions, options, (plane, rows, columns, at) => {
    let sum = 0;
    let best = Number.NEGATIVE_INFINITY;
    for (const y of rows)
      for (const x of columns) {
        const value = sampleAt(data, plane, W, y, x);
        sum += value;
        if (value > best) best = value;
      }
    const count = rows.length * columns.length;
    out[at] = options.aggregate === "maximum" ? (count ? best : 0) : sum / Math.max(count, 1);
  });
  return out;
}

/** Gradient of the features, [N, C, H, W], from that of `roiAlign`'s result. A maximum's goes to its first sample. */
export function roiAlignGradient(
  features: Features,
  regions: Float32Array,
  outputGradient: Float32Array,
  options: RoiAlignOptions,
): Float32Array {
  const W = features.shape[3];
  const out = new Float64Array(features.data.length);
  const spread = (plane: number, y: Tap | null, x: Tap | null, g: number) => {
    if (!y || !x) return;
    out[plane + y.low * W + x.low]! += g * y.weightLow * x.weightLow;
    out[plane + y.low * W + x.high]! += g * y.weightLow * x.weightHigh;
    out[plane + y.high * W + x.low]! += g * y.weightHigh * x.weightLow;
    out[plane + y.high * W + x.high]! += g * y.weightHigh * x.weightHigh;
  };
  forEachBin(features, regions, options, (plane, rows, columns, at) => {
    const g = outputGradient[at]!;
    if (options.aggregate !== "maximum") {
      const share = g / Math.max(rows.length * columns.length, 1);
      for (const y of rows) for (const x of columns) spread(plane, y, x, share);
      return;
    }
    let best = Number.NEGATIVE_INFINITY;
    let where: readonly [Tap | null, Tap | null] = [null, null];
    for (const y of rows)
      for (const x of columns) {
        const value = sampleAt(features.data, plane, W, y, x);
        if (value > best) {
          best = value;
          where = [y, x];
        }
      }
    spread(plane, ...where, g);
  });
  return Float32Array.from(out);
}

/** RoIWarp (Dai et al. 2016): the region's borders are rounded to whole features first, as RoIPool does. */
export function roiWarp(
  features: Features,
  regions: Float32Array,
  { spatialScale = 1, ...options }: Omit<RoiAlignOptions, "aligned">,
): Float32Array {
  return roiAlign(features, roundedRegions(regions, spatialScale), { ...options, aligned: false });
}

export function roiWarpGradient(
  features: Features,
  regions: Float32Array,
  outputGradient: Float32Array,
  { spatialScale = 1, ...options }: Omit<RoiAlignOptions, "aligned">,
): Float32Array {
  return roiAlignGradient(features, roundedRegions(regions, spatialScale), outputGradient, {
    ...options,
    aligned: false,
  });
}

function roundedRegions(regions: Float32Array, scale: number): Float32Array {
  return regions.map((value, i) => (i % 5 === 0 ? value : roundHalfEven(Math.fround(value * Math.fround(scale)))));
}

const sizeOf = ({ outputSize }: RoiAlignOptions): readonly [number, number] =>
  typeof outputSize === "number" ? [outputSize, outputSize] : outputSize;

function sampleAt(data: Float32Array, plane: number, W: number, y: Tap | null, x: Tap | null): number {
  if (!y || !x) return 0;
  const low = data[plane + y.low * W + x.low]! * x.weightLow + data[plane + y.low * W + x.high]! * x.weightHigh;
  const high = data[plane + y.high * W + x.low]! * x.weightLow + data[plane + y.high * W + x.high]! * x.weightHigh;
  return y.weightLow * low + y.weightHigh * high;
}

/** Calls for every bin and channel with the samples of the bin along both axes and the place in the result. */
function forEachBin(
  { shape: [, C, H, W] }: Features,
  regions: Float32Array,
  options: RoiAlignOptions,
  visit: (plane: number, rows: readonly (Tap | null)[], columns: readonly (Tap | null)[], at: number) => void,
): void {
  const [height, width] = sizeOf(options);
  for (let r = 0; r * 5 < regions.length; r++) {
    const [image, x1, y1, x2, y2] = regions.subarray(5 * r, 5 * r + 5) as unknown as [
      number,
      number,
      number,
      number,
      number,
    ];
    const rows = bins(y1, y2, height, H, options);
    const columns = bins(x1, x2, width, W, options);
    for (let c = 0; c < C; c++)
      for (let i = 0; i < height; i++)
        for (let j = 0; j < width; j++)
          visit((image * C + c) * H * W, rows[i]!, columns[j]!, ((r * C + c) * height + i) * width + j);
  }
}

/** Samples of each bin along one axis, in float32 as torchvision: whether a sample lies inside depends on it. */
function bins(
  from: number,
  to: number,
  count: number,
  size: number,
  { spatialScale = 1, samplingRatio = 2, aligned = false }: RoiAlignOptions,
): readonly (readonly (Tap | null)[])[] {
  const f = Math.fround;
  const scale = f(spatialScale);
  const offset = aligned ? 0.5 : 0;
  const start = f(f(from * scale) - offset);
  const end = f(f(to * scale) - offset);
  const length = aligned ? f(end - start) : Math.max(f(end - start), 1);
  const bin = f(length / count);
  const samples = samplingRatio > 0 ? samplingRatio : Math.max(Math.ceil(f(length / count)), 0);
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: samples }, (_, s) => tapAt(f(f(start + f(i * bin)) + f(f(f(s + 0.5) * bin) / samples)), size)),
  );
}

function tapAt(place: number, size: number): Tap | null {
  if (place < -1 || place > size) return null;
  const at = Math.max(place, 0);
  const low = Math.floor(at);
  if (low >= size - 1) return { low: size - 1, high: size - 1, weightLow: 1, weightHigh: 0 };
  const weightHigh = at - low;
  return { low, high: low + 1, weightLow: 1 - weightHigh, weightHigh };
}
