import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { resizeVideo } from "../src/index.ts";

const { shape, pixels, results } = JSON.parse(
  readFileSync(new URL("fixtures/video-size.json", import.meta.url), "utf8"),
) as { shape: number[]; pixels: number[]; results: { width: number; height: number; pixels: number[] }[] };

test.each(results)("Pillow's bilinear picture at $width × $height, to a rounding", ({ width, height, ...expected }) => {
  const resized = resizeVideo({ shape, data: Uint8Array.from(pixels) }, { width, height });
  expect(resized.shape).toEqual([1, height, width, 3]);
  const worst = Math.max(...expected.pixels.map((value, i) => Math.abs(value - resized.data[i]!)));
  expect(worst).toBeLessThanOrEqual(1); // Pillow rounds between its two passes
});
