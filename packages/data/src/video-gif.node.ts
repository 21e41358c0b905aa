// Animated GIF files through sharp.
import { readFile } from "node:fs/promises";
import { DataError } from "./error.ts";
import { fileError } from "./file.node.ts";
import { bytesText } from "./format.ts";
import { loadSharp } from "./image/sharp.node.ts";
import { dueFrames, type ReadVideoOptions, sizeOf, type VideoFile } from "./video-reading.ts";
import { resizeVideo, type VideoFrames } from "./video-size.ts";

/** What browsers make of a frame that says nothing, in milliseconds. */
const DELAY = 100;

/** @throws DataError when it is damaged, or would take too much memory */
export async function readGif(path: string, options: ReadVideoOptions): Promise<VideoFile> {
  const sharp = await loadSharp();
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw fileError(path, cause, "read");
  });
  const damaged = (cause: unknown) =>
    new DataError(
      path,
      `cannot be decoded: ${(cause as Error).message.split("\n", 1)[0]}. It is cut short or damaged.`,
      {
        cause,
      },
    );
  const picture = () => sharp(bytes, { animated: true, limitInputPixels: false });
  const about = await picture()
    .metadata()
    .catch((cause: unknown) => {
      throw damaged(cause);
    });
  const { width, height, pages = 1, pageHeight = height, delay = [] } = about;
  const { maxBytes = 2 ** 32 } = options;
  const needed = pages * width * pageHeight * 3;
  if (needed > maxBytes)
    throw new DataError(
      path,
      `its ${pages} frames would take ${bytesText(needed)} of memory, more than ${bytesText(maxBytes)}. Cut it, or make it smaller.`,
    );
  options.signal?.throwIfAborted();
  const { data } = await picture()
    .flatten({ background: "white" })
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch((cause: unknown) => {
      throw damaged(cause);
    });
  options.signal?.throwIfAborted();
  const times: number[] = [];
  const isDue = dueFrames(options.framesPerSecond);
  const kept: number[] = [];
  let now = 0; // milliseconds
  for (let t = 0; t < pages; t++) {
    if (isDue(now / 1000)) {
      kept.push(t);
      times.push(now / 1000);
    }
    now += (delay[t] ?? 0) > 10 ? delay[t]! : DELAY;
  }
  const each = width * pageHeight * 3;
  const frames = new Uint8Array(kept.length * each);
  for (const [k, t] of kept.entries()) frames.set(data.subarray(t * each, (t + 1) * each), k * each);
  const whole = { shape: [kept.length, pageHeight, width, 3], data: frames };
  return { ...resizeVideo(whole, sizeOf(width, pageHeight, options)), times: Float64Array.from(times) };
}

/** @param times  seconds at which each frame is shown, and when the last one ends */
export async function encodeGif({ shape, data }: VideoFrames, times: ArrayLike<number>): Promise<Uint8Array> {
  const sharp = await loadSharp();
  const [T, H, W] = shape as [number, number, number, number];
  // Hundredths of a second are what the format has; a frame's end is rounded, not its length, so that nothing drifts.
  const ends = Array.from({ length: T }, (_, t) => 10 * Math.round(100 * (times[t + 1]! - times[0]!)));
  const delay = ends.map((end, t) => Math.max(20, end - (ends[t - 1] ?? 0)));
  return sharp(data, { raw: { width: W, height: H * T, channels: 3, pageHeight: H }, limitInputPixels: false })
    .gif({ delay, loop: 0, effort: 1, keepDuplicateFrames: true })
    .toBuffer();
}
