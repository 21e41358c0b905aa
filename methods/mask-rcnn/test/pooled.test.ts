// Regions' features as the networks take them, against the same by plain loops, which is equal to torchvision's.
import { Random } from "@reprise/data";
import { compile, gradient, type Inputs, mul, reduceSum } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { expect, test } from "vitest";
import { roiAlign, roiAlignGradient, roiPool, roiPoolGradient, roiWarp, roiWarpGradient } from "../src/index.ts";
import { pooled } from "../src/region-pooling.ts";
import { roiPoolings } from "../src/settings.ts";

const random = new Random(4);
const shape = [2, 3, 16, 16] as const;
const data = Float32Array.from({ length: 2 * 3 * 256 }, () => random.normal());
// The last two: half outside, and outside, where bins are empty.
const boxes = [3.3, 4.9, 40.2, 50.7, 0, 0, 63, 20.5, 30.1, 17.7, 33.3, 60, 50, 40, 80, 90, 70, 70, 90, 90];
const images = [0, 1, 0, 1, 0];
const regions = Float32Array.from(images.flatMap((n, r) => [n, ...boxes.slice(4 * r, 4 * r + 4)]));

test.each(roiPoolings)("%s, forward and gradient", async (pooling) => {
  const runtime = nodeRuntime({ threads: 1 });
  const R = images.length;
  const weights = Float32Array.from({ length: R * 3 * 49 }, () => random.normal());
  const graph = compile(runtime, ({ x, at, of, g }: Inputs<"x" | "at" | "of" | "g">) => {
    const y = pooled(x, at, of, 7, { stride: 4, pooling });
    return { y, dx: gradient(reduceSum(mul(y, g)), [x])[0]! };
  });
  const { y, dx } = await graph.run({
    x: { dtype: "float32", shape, data },
    at: { dtype: "float32", shape: [R, 4], data: Float32Array.from(boxes) },
    of: { dtype: "int64", shape: [R], data: BigInt64Array.from(images, BigInt) },
    g: { dtype: "float32", shape: [R, 3, 7, 7], data: weights },
  });
  await graph.release();
  const options = {
    ...{ outputSize: 7, samplingRatio: 2, spatialScale: 1 / 4 },
    aggregate: pooling.endsWith("max") ? "maximum" : "average",
  } as const;
  const features = { data, shape };
  const [forward, backward] =
    pooling === "pool"
      ? [roiPool(features, regions, options), roiPoolGradient(features, regions, weights, options)]
      : pooling.startsWith("warp")
        ? [roiWarp(features, regions, options), roiWarpGradient(features, regions, weights, options)]
        : [roiAlign(features, regions, options), roiAlignGradient(features, regions, weights, options)];
  expect(worst(forward, y.data as Float32Array)).toBeLessThan(1e-5);
  expect(worst(backward, dx.data as Float32Array)).toBeLessThan(1e-5);
});

const worst = (wanted: Float32Array, got: Float32Array) =>
  wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i]!)), 0);
