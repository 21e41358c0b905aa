// Videos in step as one video.
import type { VideoFrames } from "@reprise/data";
import type { Sequence } from "./video.ts";

/**
 * A grid of ⌈√n⌉ columns, two videos beside each other; each in the middle of its cell.
 *
 * @param rows  for each frame of the result the frame of each video
 */
export function sideBySide(
  videos: readonly Pick<Sequence, "shape" | "data">[],
  rows: readonly (readonly number[])[],
): VideoFrames {
  const columns = Math.ceil(Math.sqrt(videos.length));
  const [cellH, cellW] = [1, 2].map((axis) => Math.max(...videos.map(({ shape }) => shape[axis]!))) as [number, number];
  const [H, W] = [cellH * Math.ceil(videos.length / columns), cellW * columns];
  const data = new Uint8Array(rows.length * H * W * 3);
  for (const [t, row] of rows.entries())
    for (const [k, { shape, data: from }] of videos.entries()) {
      const [, h, w] = shape as [number, number, number];
      const top = Math.floor(k / columns) * cellH + Math.floor((cellH - h) / 2);
      const left = (k % columns) * cellW + Math.floor((cellW - w) / 2);
      for (let y = 0; y < h; y++) {
        const at = (row[k]! * h + y) * w * 3;
        data.set(from.subarray(at, at + w * 3), ((t * H + top + y) * W + left) * 3);
      }
    }
  return { shape: [rows.length, H, W, 3], data };
}
