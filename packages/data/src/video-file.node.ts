// Video files (mp4, mov, webm, mkv) through mediabunny, which reads and writes containers, over WebCodecs, which on Node
// comes from @napi-rs/webcodecs. Both are loaded when the first video is read or written. GIF goes through sharp.
import { open, stat } from "node:fs/promises";
import { basename, extname } from "node:path";
import type * as Mediabunny from "mediabunny";
import { DataError } from "./error.ts";
import { fileError, writeFileAtomic } from "./file.node.ts";
import { bytesText } from "./format.ts";
import { soundOf } from "./video-audio.node.ts";
import { encodeGif, readGif } from "./video-gif.node.ts";
import { dueFrames, type ReadVideoOptions, sizeOf, type VideoFile } from "./video-reading.ts";
import { resizeVideo, type VideoFrames } from "./video-size.ts";

export type { ReadVideoOptions, VideoFile };

let loaded: Promise<typeof Mediabunny> | undefined;

/** @throws Error that says how to install what is missing */
function loadMediabunny(): Promise<typeof Mediabunny> {
  loaded ??= (async () => {
    try {
      await import("@napi-rs/webcodecs/polyfill");
      const bunny = await import("mediabunny");
      bunny.Logging.level = bunny.LogLevel.Silent; // what is wrong with a file, our own message tells
      return bunny;
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
  if (await isGif(path)) return readGif(path, options);
  const bunny = await loadMediabunny();
  // The native decoder does not keep Node's event loop alive.
  const awake = setInterval(() => {}, 1000);
  const input = new bunny.Input({ formats: bunny.ALL_FORMATS, source: new bunny.FilePathSource(path) });
  try {
    const track = await input.getPrimaryVideoTrack().catch((cause: unknown) => {
      if (found.size === 0) throw new DataError(path, "is empty: it holds no bytes.", { cause });
      throw new DataError(
        path,
        "is no video file that is read, or its end is missing: mp4, mov, webm, mkv and gif are read.",
        { cause },
      );
    });
    if (!track) throw new DataError(path, "has no video in it.");
    if (!(await track.canDecode())) {
      const codec = track.codec ?? (await track.getInternalCodecId()) ?? "an unknown way";
      throw new DataError(
        path,
        `its video is coded in ${codec}, which cannot be decoded here. H.264, HEVC, VP8, VP9 and AV1 can: ffmpeg -i ${basename(path)} -c:v libx264 new.mp4`,
      );
    }
    const size = sizeOf(track.displayWidth, track.displayHeight, options);
    const each = size.width * size.height * 3;
    const seconds = await secondsOf(input, track);
    const { framesPerSecond: rate, maxBytes = 2 ** 32, signal, onProgress } = options;
    const expected = Math.ceil(seconds * (rate ?? (await track.computePacketStats(100)).averagePacketRate));
    if (expected * each > maxBytes)
      throw new DataError(
        path,
        `its ${Math.round(seconds)} seconds would take ${bytesText(expected * each)} of memory, more than ${bytesText(maxBytes)}. Cut it, or take fewer frames a second.`,
      );
    let data = new Uint8Array((expected + 1) * each);
    const times: number[] = [];
    let end = 0;
    try {
      const isDue = dueFrames(rate);
      for await (const sample of new bunny.VideoSampleSink(track).samples()) {
        try {
          signal?.throwIfAborted();
          end = sample.timestamp + sample.duration;
          if (!isDue(sample.timestamp)) continue;
          if ((times.length + 1) * each > data.length) data = longer(data, each);
          data.set(resizeVideo(await uprightFrame(sample), size).data, times.length * each);
          times.push(sample.timestamp);
          onProgress?.({ done: times.length, total: expected });
        } finally {
          sample.close();
        }
      }
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new DataError(
        path,
        `cannot be decoded after frame ${times.length}: ${(cause as Error).message}. It is cut short or damaged.`,
        { cause },
      );
    }
    if (end < 0.9 * seconds && end < seconds - 0.5)
      throw new DataError(
        path,
        `is cut short or damaged: it says that it has ${seconds.toFixed(1)} seconds, and ${end.toFixed(1)} of them can be decoded.`,
      );
    if (times.length === 0) throw new DataError(path, "has no frame that can be decoded.");
    return {
      shape: [times.length, size.height, size.width, 3],
      data: data.subarray(0, times.length * each),
      times: Float64Array.from(times),
    };
  } finally {
    clearInterval(awake);
    input[Symbol.dispose]();
  }
}

async function isGif(path: string): Promise<boolean> {
  const file = await open(path).catch((cause: unknown) => {
    throw fileError(path, cause, "read");
  });
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString("latin1") === "GIF8";
  } finally {
    await file.close();
  }
}

/** How long the video says it is. What the whole file says counts where the video is all there is in it. */
async function secondsOf(input: Mediabunny.Input, track: Mediabunny.InputVideoTrack): Promise<number> {
  const [seconds, tracks] = [await track.computeDuration(), await input.getTracks()];
  if (tracks.length > 1) return seconds;
  return Math.max(seconds, (await track.getDurationFromMetadata()) ?? 0);
}

/** Half as long again: for files that hold more frames than they say. */
function longer(data: Uint8Array<ArrayBuffer>, each: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(Math.ceil((1.5 * data.length) / each + 1) * each);
  out.set(data);
  return out;
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
  /** Seconds at which each frame is shown, for rates that vary; the first is moved to 0. */
  readonly times?: ArrayLike<number>;
  /** A file whose sound goes with the frames. */
  readonly soundOf?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: { readonly done: number; readonly total: number }) => void;
}

/**
 * Frames as an mp4 (H.264), webm (VP9) or gif file, written atomically. In mp4 and webm odd sizes lose their last row or
 * column.
 *
 * @throws DataError when the name says none of these, or the file cannot be written
 */
export async function writeVideoFile(path: string, frames: VideoFrames, options: WriteVideoOptions): Promise<void> {
  const extension = extname(path).toLowerCase();
  if (extension !== ".mp4" && extension !== ".webm" && extension !== ".gif")
    throw new DataError(path, "the name says no video format that is written. End it in .mp4, .webm or .gif.");
  const { framesPerSecond, signal, onProgress } = options;
  const T = frames.shape[0]!;
  const given = options.times ?? Array.from({ length: T }, (_, t) => t / framesPerSecond);
  const times = Array.from({ length: T }, (_, t) => given[t]! - given[0]!);
  times.push(times[T - 1]! + 1 / framesPerSecond); // when the last one ends
  if (extension === ".gif") {
    if (options.soundOf !== undefined) throw new DataError(path, "a gif has no sound. End its name in .mp4 or .webm.");
    const bytes = await encodeGif(frames, times);
    onProgress?.({ done: T, total: T });
    return writeFileAtomic(path, bytes, { ...(signal ? { signal } : {}) });
  }
  const bytes = await encodeVideo(frames, times, extension, options);
  await writeFileAtomic(path, bytes, { ...(signal ? { signal } : {}) });
}

async function encodeVideo(
  { shape, data }: VideoFrames,
  times: readonly number[],
  extension: ".mp4" | ".webm",
  { framesPerSecond, soundOf: soundFile, signal, onProgress }: WriteVideoOptions,
): Promise<Uint8Array> {
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
    output.addVideoTrack(source);
    const writeSound = soundFile === undefined ? undefined : await soundOf(bunny, soundFile, output);
    await output.start();
    for (let t = 0; t < T; t++) {
      signal?.throwIfAborted();
      const planes = planarYuv(data.subarray(t * H * W * 3, (t + 1) * H * W * 3), W, width, height);
      const sample = new bunny.VideoSample(planes, {
        format: "I420",
        codedWidth: width,
        codedHeight: height,
        timestamp: times[t]!,
        duration: times[t + 1]! - times[t]!,
      });
      await source.add(sample);
      sample.close();
      onProgress?.({ done: t + 1, total: T });
    }
    source.close();
    await writeSound?.(times[T]!);
    await output.finalize();
  } catch (cause) {
    await output.cancel().catch(() => {}); // the first error is the one to tell
    throw cause;
  } finally {
    clearInterval(awake);
  }
  return new Uint8Array(target.buffer!);
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
