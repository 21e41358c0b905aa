// What predict is given: pictures and videos, named one by one or by their folder.
import { readdir, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { DataError, type VideoFrames } from "@reprise/data";
import { fileError } from "@reprise/data/node";
import type { Picture } from "../transform.ts";

export const isVideo = (name: string): boolean => /\.(mp4|m4v|mov|webm|mkv|gif)$/i.test(name);
const isPicture = (name: string) => /\.(png|jpe?g|webp)$/i.test(name);

export interface PredictInput {
  readonly path: string;
  /** The name without its ending: the image id, and the name of the overlay. */
  readonly id: string;
}

/** @throws DataError when a path is not there, a folder holds nothing that is read, or two names differ in nothing but endings */
export async function predictInputs(paths: readonly string[]): Promise<readonly PredictInput[]> {
  const lists = await Promise.all(
    paths.map(async (path) => {
      const found = await stat(path).catch((cause: unknown) => {
        throw fileError(path, cause, "read");
      });
      return found.isDirectory() ? filesOf(path) : [path];
    }),
  );
  const files = lists.flat();
  const ids = files.map((file) => basename(file, extname(file)));
  const twice = ids.findIndex((id, i) => ids.indexOf(id) !== i);
  if (twice >= 0)
    throw new DataError(
      files[twice]!,
      `has the same name as ${files[ids.indexOf(ids[twice]!)]}; names without endings are the image ids. Run them apart.`,
    );
  return files.map((path, i) => ({ path, id: ids[i]! }));
}

async function filesOf(folder: string): Promise<string[]> {
  const names = (await readdir(folder))
    .filter((name) => !name.startsWith(".") && (isPicture(name) || isVideo(name)))
    .sort(byName.compare);
  if (names.length === 0)
    throw new DataError(
      folder,
      "holds no picture and no video. Pictures in png, jpg and webp are read, videos in mp4, m4v, mov, webm, mkv and gif.",
    );
  return names.map((name) => join(folder, name));
}

const byName = new Intl.Collator("en", { numeric: true });

/** Frame t of a video, [T, H, W, 3], as a picture. */
export function frameOf({ shape, data }: VideoFrames, t: number): Picture {
  const [, height, width] = shape as [number, number, number, number];
  const area = height * width;
  const planes = new Uint8Array(3 * area);
  for (let at = 0; at < area; at++) for (let c = 0; c < 3; c++) planes[c * area + at] = data[(t * area + at) * 3 + c]!;
  return { data: planes, height, width };
}

/** A picture's planes into frame t of a video. */
export function setFrame({ shape, data }: VideoFrames, t: number, planes: Uint8Array): void {
  const area = shape[1]! * shape[2]!;
  for (let at = 0; at < area; at++) for (let c = 0; c < 3; c++) data[(t * area + at) * 3 + c] = planes[c * area + at]!;
}
