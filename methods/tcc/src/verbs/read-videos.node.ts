// Videos of a folder: video files, .npy sequences, and folders of pictures.
import { readdir, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { bytesText, DataError, decodeNpy, type NdArray, resizeVideo, type VideoFrames } from "@reprise/data";
import { fileError, listImages, readBytes, readImages, readVideoFile } from "@reprise/data/node";
import type { EncoderSpec } from "../encoder-spec.ts";
import { frameShapeOf } from "../frames.ts";
import type { ModelFacts } from "../model-file.ts";
import type { Sequence } from "../video.ts";
import { cachedFrames, type FrameCache } from "./frame-cache.node.ts";

export interface ReadOptions {
  /** Pixels of a side that pictures are brought to; to be looked at, a height alone. */
  readonly size: number | { readonly height: number };
  /** Of video files, at most. */
  readonly framesPerSecond?: number;
  /** Where decoded frames are kept, if anywhere. */
  readonly cache?: FrameCache | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: { readonly done: number; readonly total: number }) => void;
}

/** More than this in memory is refused before it is taken. */
const LIMIT = 4 * 2 ** 30;
const collator = new Intl.Collator("en", { numeric: true });

/** All videos of a folder, by name. @throws DataError when there are none, or one cannot be read, naming it */
export async function readVideos(folder: string, options: ReadOptions): Promise<Sequence[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw fileError(folder, cause, "read");
  });
  const paths = entries
    .filter(({ name }) => !name.startsWith("."))
    .filter((entry) => entry.isDirectory() || entry.name.endsWith(".npy") || isVideo(entry.name))
    .map(({ name }) => join(folder, name))
    .sort(collator.compare);
  if (paths.length === 0)
    throw new DataError(
      folder,
      "holds no videos. Files in mp4, mov, webm, mkv and gif are read, .npy sequences ([frames, features] or [frames, height, width, channels]), and folders of pictures.",
    );
  return readPaths(paths, options);
}

/** The videos at these paths. @throws as readVideos */
export async function readPaths(paths: readonly string[], options: ReadOptions): Promise<Sequence[]> {
  const sequences: Sequence[] = [];
  let bytes = 0;
  for (const [done, path] of paths.entries()) {
    options.signal?.throwIfAborted();
    const sequence = await readVideo(path, options, LIMIT - bytes);
    bytes += sequence.data.byteLength;
    if (bytes > LIMIT)
      throw new DataError(
        path,
        `with it the videos take more than ${bytesText(LIMIT)} of memory. Give fewer or shorter ones, or a smaller size.`,
      );
    sequences.push(sequence);
    options.onProgress?.({ done: done + 1, total: paths.length });
  }
  return sequences;
}

const isVideo = (name: string) => /\.(mp4|m4v|mov|webm|mkv|gif)$/i.test(name);

async function readVideo(
  path: string,
  { size, framesPerSecond, cache, signal }: ReadOptions,
  maxBytes: number,
): Promise<Sequence> {
  const found = await stat(path).catch((cause: unknown) => {
    throw fileError(path, cause, "read");
  });
  const name = basename(path, ".npy");
  if (found.isDirectory()) {
    const { shape, data } = await readImages(await listImages(path), { channels: 3 });
    return { name, ...sized(interleavedFrames(shape, data), size) };
  }
  if (isVideo(path)) {
    const wanted = {
      size: typeof size === "number" ? { width: size, height: size } : size,
      ...(framesPerSecond === undefined ? {} : { framesPerSecond }),
    };
    const frames = await cachedFrames(path, wanted, cache, () =>
      readVideoFile(path, { ...wanted, ...(signal ? { signal } : {}), maxBytes }),
    );
    return { name: basename(path, extname(path)), ...frames };
  }
  if (!path.endsWith(".npy"))
    throw new DataError(
      path,
      "is no video that is read here. Give a file in mp4, mov, webm, mkv or gif, a .npy sequence, or a folder of its frames as pictures.",
    );
  return { name, ...sequenceOf(decodeNpy(await readBytes(path), path), path, size) };
}

function sized(video: VideoFrames, size: ReadOptions["size"]): VideoFrames {
  const [, H, W] = video.shape as [number, number, number];
  if (typeof size === "number") return resizeVideo(video, { width: size, height: size });
  return resizeVideo(video, { height: size.height, width: Math.max(1, Math.round((size.height * W) / H)) });
}

/** [T, C, H, W] → [T, H, W, C]. */
function interleavedFrames(shape: readonly number[], data: Uint8Array): VideoFrames {
  const [T, C, H, W] = shape as [number, number, number, number];
  const out = new Uint8Array(data.length);
  for (let t = 0; t < T; t++)
    for (let c = 0; c < C; c++)
      for (let i = 0; i < H * W; i++) out[(t * H * W + i) * C + c] = data[(t * C + c) * H * W + i]!;
  return { shape: [T, H, W, C], data: out };
}

function sequenceOf({ shape, data, dtype }: NdArray, path: string, size: ReadOptions["size"]): Omit<Sequence, "name"> {
  if (shape.length === 2) {
    if (shape[0]! < 1 || shape[1]! < 1) throw new DataError(path, `is empty: [${shape.join(", ")}].`);
    return { shape, data: Float32Array.from(data as ArrayLike<number>, Number) };
  }
  const [T, H, W, C = 1] = shape as [number, number, number, number?];
  if (shape.length < 3 || shape.length > 4 || ![1, 3, 4].includes(C) || !(T * H * W > 0))
    throw new DataError(
      path,
      `has the shape [${shape.join(", ")}]; expected [frames, features] or [frames, height, width, channels] with 1, 3 or 4 channels.`,
    );
  const bytes = bytesOf(data as ArrayLike<number>, dtype, T, path);
  // Three channels whatever the file has: gray three times, transparency left out.
  const rgb = new Uint8Array(T * H * W * 3);
  for (let i = 0; i < T * H * W; i++) for (let c = 0; c < 3; c++) rgb[i * 3 + c] = bytes[i * C + (C === 1 ? 0 : c)]!;
  return sized({ shape: [T, H, W, 3], data: rgb }, size);
}

/** Bytes as they are, floats in [0, 1] as shares of 255. */
function bytesOf(data: ArrayLike<number>, dtype: NdArray["dtype"], T: number, path: string): ArrayLike<number> {
  if (dtype === "uint8") return data;
  if (!dtype.startsWith("float"))
    throw new DataError(path, `holds pictures of ${dtype}. Bytes are read, and floats from 0 to 1.`);
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (!Number.isFinite(value)) {
      const frame = Math.floor(i / (data.length / T));
      throw new DataError(path, `holds ${value} in frame ${frame}; correct it or leave the file out.`);
    }
    if (!(value >= 0 && value <= 1))
      throw new DataError(path, `holds ${value}; pictures of floats are read from 0 to 1. Divide by 255.`);
    out[i] = Math.round(value * 255);
  }
  return out;
}

/** @throws DataError naming the first video that the model was not made for */
export function checkFits(videos: readonly Sequence[], spec: EncoderSpec, model: string): void {
  for (const video of videos) {
    const own = frameShapeOf(video);
    if (`${own}` !== `${spec.frameShape}`)
      throw new DataError(
        video.name,
        `has frames of [${own.join(", ")}]; the model ${model} was trained on [${spec.frameShape.join(", ")}].`,
      );
    const at = video.data instanceof Float32Array ? video.data.findIndex((x) => !Number.isFinite(x)) : -1;
    if (at >= 0)
      throw new DataError(
        video.name,
        `holds ${video.data[at]} in frame ${Math.floor((at * video.shape[0]!) / video.data.length)}.`,
      );
  }
}

/** The frames a second that a model was trained with. */
export const rateOf = ({ framesPerSecond }: ModelFacts): Pick<ReadOptions, "framesPerSecond"> =>
  framesPerSecond === undefined ? {} : { framesPerSecond };
