// Weights and pictures as tools/reference/mask_rcnn_network.py makes them.
import { readFileSync } from "node:fs";
import type { Tensor } from "@reprise/engine";
import type { Picture } from "../src/index.ts";

interface Fixture {
  settings: Record<string, number>;
  anchorSizes: number[];
  shapes: Record<string, number[]>;
  pictures: [number, number][];
  targets: { boxes: number[][]; labels: number[]; keypoints?: number[][][] }[];
  losses: Record<string, number>;
  gradientNorms: Record<string, number>;
  found: {
    boxes: number[];
    scores: number[];
    labels: number[];
    maskSums: number[];
    keypoints?: number[];
    keypointScores?: number[];
  }[];
}

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), "utf8")) as Fixture;
export const fixture = read("network");
export const fixtureV2 = read("network-v2");
export const fixtureC4 = read("network-c4");
export const fixtureC5 = read("network-c5");
export const fixtureKeypoints = read("network-keypoints");

/** (k / 2²³) − 1 for 24 bits k of a linear congruential generator. */
function uniform(count: number, seed: number): Float64Array {
  let state = seed;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 23 - 1;
  });
}

const stateOf = (shapes: Fixture["shapes"]): Record<string, Tensor<"float32">> =>
  Object.fromEntries(
    Object.entries(shapes).map(([name, shape], seed) => {
      const f = Math.fround;
      const drawn = Float32Array.from(
        uniform(
          shape.reduce((a, b) => a * b, 1),
          seed,
        ),
      );
      const small = /cls_|bbox_pred|mask_fcn_logits|mask_fc\./.test(name);
      const fan = shape.slice(1).reduce((a, b) => a * b, 1);
      const factor = f(Math.sqrt((small ? 0.5 : 4) / fan));
      const data = drawn.map((value) => {
        if (name.includes("running_var")) return f(value * 0.25) + 1;
        if (shape.length > 1) return value * factor;
        if (name.replace(/[^.]+$/, "running_mean") in shapes)
          return f(value * 0.25) + (name.endsWith("weight") ? 1 : 0);
        return value * 0.125;
      });
      return [name, { dtype: "float32", shape, data }];
    }),
  );

export const state = stateOf(fixture.shapes);
export const stateV2 = stateOf(fixtureV2.shapes);
export const stateC4 = stateOf(fixtureC4.shapes);
export const stateC5 = stateOf(fixtureC5.shapes);
export const stateKeypoints = stateOf(fixtureKeypoints.shapes);
/** How the network of `fixtureC5` takes regions and draws masks. */
export const optionsC5 = { pooling: "pool", maskLoss: "softmax" } as const;

/** Two discs on noise. */
const discs = [
  [30, 35, 18],
  [40, 44, 12],
] as const;

export const pictures: readonly Picture[] = fixture.pictures.map(([height, width], i) => {
  const data = Uint8Array.from(uniform(3 * height * width, 1000 + i), (value) => Math.floor((value + 1) * 127.9));
  masksOf(height, width).forEach((mask, k) => {
    mask.forEach((inside, at) => {
      if (inside) data[k * height * width + at] = 255;
    });
  });
  return { data, height, width };
});

export function masksOf(height: number, width: number): Uint8Array[] {
  return discs.map(([cy, cx, r]) =>
    Uint8Array.from({ length: height * width }, (_, at) => {
      const [y, x] = [Math.floor(at / width), at % width];
      return (y - cy) ** 2 + (x - cx) ** 2 < r * r ? 1 : 0;
    }),
  );
}
