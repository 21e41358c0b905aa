// Regions' features as the networks take them, against the same by plain loops, which is equal to torchvision's.
import { Random } from "@reprise/data";
import { compile, type Inputs } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { expect, test } from "vitest";
import { roiAlign, roiWarp } from "../src/index.ts";
import { pooled, type RoiPooling } from "../src/network.ts";

const random = new Random(4);
const shape = [2, 3, 16, 16] as const;
const data = Float32Array.from({ length: 2 * 3 * 256 }, () => random.normal());
const boxes = [3.3, 4.9, 40.2, 50.7, 0, 0, 63, 20.5, 30.1, 17.7, 33.3, 60];
const images = [0, 1, 0];
const regions = Float32Array.from(images.flatMap((n, r) => [n, ...boxes.slice(4 * r, 4 * r + 4)]));

test.each<RoiPooling>(["align", "align-max", "warp", "warp-max"])("%s", async (pooling) => {
  const runtime = nodeRuntime({ threads: 1 });
  const graph = compile(
    runtime,
    ({ x, at, of }: Inputs<"x" | "at" | "of">) => ({ y: pooled(x, at, of, 7, { stride: 4, pooling }) }),
    { purpose: "infer" },
  );
  const { y } = await graph.run({
    x: { dtype: "float32", shape, data },
    at: { dtype: "float32", shape: [3, 4], data: Float32Array.from(boxes) },
    of: { dtype: "int64", shape: [3], data: BigInt64Array.from(images, BigInt) },
  });
  await graph.release();
  const options = {
    ...{ outputSize: 7, samplingRatio: 2, spatialScale: 1 / 4 },
    aggregate: pooling.endsWith("max") ? "maximum" : "average",
  } as const;
  const wanted = (pooling.startsWith("warp") ? roiWarp : roiAlign)({ data, shape }, regions, options);
  const worst = wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - Number(y.data[i]))), 0);
  expect(worst).toBeLessThan(1e-5);
});
