// Video files (mp4, mov, webm, mkv) through mediabunny, which reads and writes containers, over WebCodecs, which on Node
// comes from @napi-rs/webcodecs. Both are loaded when the first video is read or written.
import { stat } from "node:fs/promises";
import { extname } from "node:path";
import type * as Mediabunny from "mediabunny";
import { DataError } from "./error.ts";
import { fileError, writeFileAtomic } from "./file.node.ts";
import { bytesText } from "./format.ts";
import { resizeVideo, type VideoFrames } from "./video-size.ts";

export interface VideoFile extends VideoFrames {
  /** Seconds from the beginning at which each frame is shown. */
  readonly times: Float64Array;
}

export interface ReadVideoOptions {
  /** Every frame is brought to it; the file's own if left out. Without a width the sides stay to each other as they are. */
  readonly size?: { readonly width?: number; readonly height: number };
  /** Frames a second that are kept, for files that have more; all if left out. */
  readonly framesPerSecond?: number;
  /** Videos that would take more memory are refused before they are decoded. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: { readonly done: number; readonly total: number | null }) => void;
}

let loaded: Promise<typeof Mediabunny> | undefined;

/** @throws Error that says how to install what is missing */
function loadMediabunny(): Promise<typeof Mediabunny> {
  loaded ??= (async () => {
    try {
      await import("@napi-rs/webcodecs/polyfill");
      return await import("mediabunny");
    } catch (cause) {
      loaded = undefined;
      throw new Error(
        `videos are read and written with mediabunny and @napi-rs/webcodecs, which could not be loaded: npm install mediabunny @napi-rs/webcodecs (${(cause as Error).message.split("\n", 1)[0]})`,
        { cause },
      );
    }
  })();
  return loaded;
}

/**
 * The frames of a video file, upright, [T, H, W, 3].
 *
 * @throws DataError when it is no video, its codec cannot be decoded, it is cut short, or it would take too much memory
 */
export async function readVideoFile(path: string, options: ReadVideoOptions = {}): Promise<VideoFile> {
  const found = await stat(path).catch((cause: unknown) => {
    throw fileError(path, cause, "read");
  });
  if (found.isDirectory()) throw new DataError(path, "is a folder, not a video file.");
  const bunny = await loadMediabunny();
  // The native decoder does not keep Node's event loop alive.
  const awake = setInterval(() => {}, 1000);
  const input = new bunny.Input({ formats: bunny.ALL_FORMATS, source: new bunny.FilePathSource(path) });
  try {
    const track = await input.getPrimaryVideoTrack().catch((cause: unknown) => {
      throw new DataError(path, "is no video file that is read: mp4, mov, webm and mkv are.", { cause });
    });
    if (!track) throw new DataError(path, "has no video in it.");
    if (!(await track.canDecode()))
      throw new DataError(
        path,
        `its video is coded in ${track.codec ?? "an unknown way"}, which cannot be decoded here. H.264, HEVC, VP8, VP9 and AV1 can.`,
      );
    const { height = track.displayHeight, width = Math.round((height * track.displayWidth) / track.displayHeight) } =
      options.size ?? {};
    const size = { width, height };
    const seconds = await track.computeDuration();
    const { framesPerSecond: rate, maxBytes = 2 ** 32 } = options;
    const expected = Math.ceil(seconds * (rate ?? (await track.computePacketStats(100)).averagePacketRate));
    const bytes = expected * size.width * size.height * 3;
    if (bytes > maxBytes)
      throw new DataError(
        path,
        `its ${Math.round(seconds)} seconds would take ${bytesText(bytes)} of memory, more than ${bytesText(maxBytes)}. Cut it, or take fewer frames a second.`,
      );
    const frames: Uint8Array[] = [];
    const times: number[] = [];
    try {
      for await (const sample of new bunny.VideoSampleSink(track).samples()) {
        try {
          options.signal?.throwIfAborted();
          const due =
            rate === undefined || times.length === 0 || sample.timestamp >= times[0]! + times.length / rate - 1e-6;
          if (!due) continue;
          frames.push(resizeVideo(await uprightFrame(sample), size).data);
          times.push(sample.timestamp);
          options.onProgress?.({ done: frames.length, total: expected });
        } finally {
          sample.close();
        }
      }
    } catch (cause) {
      if (options.signal?.aborted) throw cause;
      throw new DataError(
        path,
        `cannot be decoded after frame ${frames.length}: ${(cause as Error).message}. It is cut short or damaged.`,
        { cause },
      );
    }
    if (frames.length === 0) throw new DataError(path, "has no frame that can be decoded.");
    const each = size.width * size.height * 3;
    const data = new Uint8Array(frames.length * each);
    for (const [t, frame] of frames.entries()) data.set(frame, t * each);
    return { shape: [frames.length, size.height, size.width, 3], data, times: Float64Array.from(times) };
  } finally {
    clearInterval(awake);
    input[Symbol.dispose]();
  }
}

/** A decoded picture as [1, H, W, 3], turned as its file says. */
async function uprightFrame(sample: Mediabunny.VideoSample): Promise<VideoFrames> {
  const [W, H] = [sample.codedWidth, sample.codedHeight];
  const rgba = new Uint8Array(sample.allocationSize({ format: "RGBA" }));
  await sample.copyTo(rgba, { format: "RGBA" });
  const turned = sample.rotation % 180 !== 0;
  const [width, height] = turned ? [H, W] : [W, H];
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      // Where the pixel was before the picture was turned clockwise.
      const [fromX, fromY] =
        sample.rotation === 90
          ? [y, H - 1 - x]
          : sample.rotation === 180
            ? [W - 1 - x, H - 1 - y]
            : sample.rotation === 270
              ? [W - 1 - y, x]
              : [x, y];
      const from = (fromY * W + fromX) * 4;
      data.set(rgba.subarray(from, from + 3), (y * width + x) * 3);
    }
  return { shape: [1, height, width, 3], data };
}

export interface WriteVideoOptions {
  readonly framesPerSecond: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: { readonly done: number; readonly total: number }) => void;
}

/**
 * Frames as an mp4 (H.264) or webm (VP9) file, written atomically. Odd sizes lose their last row or column.
 *
 * @throws DataError when the name says neither, or the file cannot be written
 */
export async function writeVideoFile(
  path: string,
  { shape, data }: VideoFrames,
  { framesPerSecond, signal, onProgress }: WriteVideoOptions,
): Promise<void> {
  const extension = extname(path).toLowerCase();
  if (extension !== ".mp4" && extension !== ".webm")
    throw new DataError(path, "the name says no video format that is written. End it in .mp4 or .webm.");
  const bunny = await loadMediabunny();
  const [T, H, W] = shape as [number, number, number, number];
  const [width, height] = [W - (W % 2), H - (H % 2)];
  const target = new bunny.BufferTarget();
  const output = new bunny.Output({
    format: extension === ".mp4" ? new bunny.Mp4OutputFormat() : new bunny.WebMOutputFormat(),
    target,
  });
  const source = new bunny.VideoSampleSource({
    codec: extension === ".mp4" ? "avc" : "vp9",
    bitrate: Math.max(300_000, Math.round(width * height * framesPerSecond * 0.2)),
  });
  const awake = setInterval(() => {}, 1000);
  try {
    output.addVideoTrack(source, { frameRate: framesPerSecond });
    await output.start();
    for (let t = 0; t < T; t++) {
      signal?.throwIfAborted();
      const planes = planarYuv(data.subarray(t * H * W * 3, (t + 1) * H * W * 3), W, width, height);
      const sample = new bunny.VideoSample(planes, {
        format: "I420",
        codedWidth: width,
        codedHeight: height,
        timestamp: t / framesPerSecond,
        duration: 1 / framesPerSecond,
      });
      await source.add(sample);
      sample.close();
      onProgress?.({ done: t + 1, total: T });
    }
    await output.finalize();
  } catch (cause) {
    await output.cancel().catch(() => {}); // the first error is the one to tell
    throw cause;
  } finally {
    clearInterval(awake);
  }
  await writeFileAtomic(path, new Uint8Array(target.buffer!), { ...(signal ? { signal } : {}) });
}

/** RGB as I420 in BT.601's limited range: encoders take it without a conversion of their own. */
function planarYuv(rgb: Uint8Array, stride: number, width: number, height: number): Uint8Array {
  const half = (width / 2) * (height / 2);
  const out = new Uint8Array(width * height + 2 * half);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = (y * stride + x) * 3;
      out[y * width + x] = 16.5 + 0.257 * rgb[at]! + 0.504 * rgb[at + 1]! + 0.098 * rgb[at + 2]!;
    }
  for (let y = 0; y < height; y += 2)
    for (let x = 0; x < width; x += 2) {
      let [r, g, b] = [0, 0, 0];
      for (const at of [y * stride + x, y * stride + x + 1, (y + 1) * stride + x, (y + 1) * stride + x + 1]) {
        r += rgb[at * 3]! / 4;
        g += rgb[at * 3 + 1]! / 4;
        b += rgb[at * 3 + 2]! / 4;
      }
      const at = width * height + (y / 2) * (width / 2) + x / 2;
      out[at] = 128.5 - 0.148 * r - 0.291 * g + 0.439 * b;
      out[at + half] = 128.5 + 0.439 * r - 0.368 * g - 0.071 * b;
    }
  return out;
}
