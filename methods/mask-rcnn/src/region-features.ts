// Features of regions outside of the networks: RoIAlign and RoIPool on the same maps and boxes, to be compared.
import type { Tensor } from "@reprise/engine";
import { roiAlign } from "./roi-align.ts";
import { roiPool } from "./roi-pool.ts";

/** Of a mask's features. */
const outputSize = 14;

export interface RegionFeatures {
  /** [R, C, 14, 14] */
  readonly features: Float32Array;
  /** C */
  readonly channels: number;
}

/**
 * @param found   levels by name as the first pass gives them, of one picture
 * @param boxes   [R, 4]
 * @param levels  of each box, from 0
 */
export function regionFeatures(
  found: Readonly<Record<string, Tensor>>,
  boxes: Float32Array,
  levels: Int32Array,
  { strides, kind }: { readonly strides: readonly number[]; readonly kind: "align" | "pool" },
): RegionFeatures {
  const channels = found.level0!.shape[1]!;
  const each = channels * outputSize * outputSize;
  const features = new Float32Array(levels.length * each);
  levels.forEach((k, r) => {
    const { data, shape } = found[`level${k}`]!;
    const map = { data: data as Float32Array, shape: shape as readonly [number, number, number, number] };
    const region = Float32Array.from([0, ...boxes.subarray(4 * r, 4 * r + 4)]);
    const spatialScale = 1 / strides[k]!;
    const own =
      kind === "align"
        ? roiAlign(map, region, { outputSize, samplingRatio: 2, spatialScale })
        : roiPool(map, region, { outputSize, spatialScale });
    features.set(own, r * each);
  });
  return { features, channels };
}

/** Mean over the channels of what is made of each value, [R, 14, 14]. */
export function channelMeans(
  { features, channels }: RegionFeatures,
  of: (value: number, at: number) => number,
): Float32Array {
  const area = outputSize * outputSize;
  const out = new Float32Array(features.length / channels);
  features.forEach((value, at) => {
    const r = Math.floor(at / (channels * area));
    out[r * area + (at % area)]! += of(value, at) / channels;
  });
  return out;
}
