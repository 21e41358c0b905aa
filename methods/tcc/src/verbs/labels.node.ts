// Labels of phases: labels.json in the folder of the videos, { "name": [phase of each frame, from 0], … }.
import { stat } from "node:fs/promises";
import { DataError } from "@reprise/data";
import { readBytes } from "@reprise/data/node";
import { frameCount, type Sequence } from "../video.ts";

/** @returns nothing where there is no file; @throws DataError naming the video whose labels do not fit */
export async function readLabels(
  path: string,
  videos: readonly Sequence[],
  { optional }: { readonly optional: boolean },
): Promise<number[][] | undefined> {
  if (optional && !(await stat(path).catch(() => undefined))) return undefined;
  const bytes = await readBytes(path);
  let table: Record<string, unknown>;
  try {
    table = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new DataError(path, "is not JSON.", { cause });
  }
  return videos.map((video) => {
    const labels = table[video.name];
    const count = frameCount(video);
    if (!Array.isArray(labels))
      throw new DataError(path, `has no labels of ${video.name}; expected a list of ${count} phases.`);
    if (labels.length !== count)
      throw new DataError(path, `has ${labels.length} labels of ${video.name}, which has ${count} frames.`);
    if (!labels.every((label) => Number.isInteger(label) && label >= 0))
      throw new DataError(path, `the labels of ${video.name} are not whole numbers from 0 on.`);
    return labels as number[];
  });
}
