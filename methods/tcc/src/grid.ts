// Videos in step as one video, or as one picture.
import { bytesText, type VideoFrames } from "@reprise/data";
import { writeCaption } from "./caption.ts";
import type { Sequence } from "./video.ts";

type Picture = Pick<Sequence, "shape" | "data">;

export interface GridOptions {
  /** What is written into the cell of a video at one of its frames; nothing if left out. */
  readonly caption?: (video: number, frame: number) => string;
  /** More bytes are refused before they are taken. */
  readonly maxBytes?: number;
}

/**
 * A grid of ⌈√n⌉ columns, two videos beside each other; each in the middle of its cell.
 *
 * @param rows  for each frame of the result the frame of each video
 * @throws RangeError when it would take too much memory
 */
export function sideBySide(
  videos: readonly Picture[],
  rows: readonly (readonly number[])[],
  options: GridOptions = {},
): VideoFrames {
  const columns = Math.ceil(Math.sqrt(videos.length));
  const grid = newGrid(videos, rows.length, [Math.ceil(videos.length / columns), columns], options);
  for (const [t, row] of rows.entries())
    for (const [k, frame] of row.entries()) grid.put(t, [Math.floor(k / columns), k % columns], k, frame);
  return grid.frames;
}

/** One picture: a row for each video, a column for each of so many moments, evenly spread from first to last. */
export function momentsOf(
  videos: readonly Picture[],
  rows: readonly (readonly number[])[],
  { moments, ...options }: GridOptions & { readonly moments: number },
): VideoFrames {
  const columns = Math.min(moments, rows.length);
  const grid = newGrid(videos, 1, [videos.length, columns], options);
  for (let column = 0; column < columns; column++) {
    const row = rows[Math.round((column * (rows.length - 1)) / Math.max(1, columns - 1))]!;
    for (const [k, frame] of row.entries()) grid.put(0, [k, column], k, frame);
  }
  return grid.frames;
}

function newGrid(
  videos: readonly Picture[],
  T: number,
  [down, across]: readonly [number, number],
  { caption, maxBytes = 2 ** 32 }: GridOptions,
) {
  const [height, width] = [1, 2].map((axis) => Math.max(...videos.map(({ shape }) => shape[axis]!))) as [
    number,
    number,
  ];
  const [H, W] = [height * down, width * across];
  const bytes = T * H * W * 3;
  if (bytes > maxBytes)
    throw new RangeError(
      `${T} frames of ${W} by ${H} take ${bytesText(bytes)} of memory, more than ${bytesText(maxBytes)}. Choose a smaller height, or cut the videos.`,
    );
  const frames = { shape: [T, H, W, 3], data: new Uint8Array(bytes) };
  return {
    frames,
    put(t: number, [row, column]: readonly [number, number], video: number, frame: number) {
      const { shape, data: from } = videos[video]!;
      const [, h, w] = shape as [number, number, number];
      const cell = { top: row * height, left: column * width, width, height };
      const top = cell.top + Math.floor((height - h) / 2);
      const left = cell.left + Math.floor((width - w) / 2);
      for (let y = 0; y < h; y++) {
        const at = (frame * h + y) * w * 3;
        frames.data.set(from.subarray(at, at + w * 3) as Uint8Array, ((t * H + top + y) * W + left) * 3);
      }
      if (caption) writeCaption(frames, t, cell, caption(video, frame));
    },
  };
}
