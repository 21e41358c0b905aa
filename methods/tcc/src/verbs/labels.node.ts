// Labels of phases: labels.json beside the videos, { "name": [phase of each frame, from 0], … }, or labels.csv with a row
// for each frame: video,frame,phase.
import { stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { DataError } from "@reprise/data";
import { readBytes } from "@reprise/data/node";
import { frameCount, type Sequence } from "../video.ts";

/**
 * @param path  a file, or a folder that holds labels.json or labels.csv
 * @returns nothing where there is no file; @throws DataError naming the video whose labels do not fit
 */
export async function readLabels(
  path: string,
  videos: readonly Sequence[],
  { optional }: { readonly optional: boolean },
): Promise<number[][] | undefined> {
  const file = await labelFile(path);
  if (file === undefined) {
    if (optional) return undefined;
    throw new DataError(path, "holds no labels.json and no labels.csv.");
  }
  const text = new TextDecoder().decode(await readBytes(file));
  const table = extname(file).toLowerCase() === ".csv" ? fromCsv(text, file) : fromJson(text, file);
  return videos.map((video) => {
    const labels = Object.hasOwn(table, video.name) ? table[video.name] : undefined;
    const count = frameCount(video);
    if (!Array.isArray(labels))
      throw new DataError(file, `has no labels of ${video.name}; expected a list of ${count} phases.`);
    if (labels.length !== count)
      throw new DataError(file, `has ${labels.length} labels of ${video.name}, which has ${count} frames.`);
    for (let frame = 0; frame < count; frame++)
      if (!(Number.isInteger(labels[frame]) && labels[frame] >= 0))
        throw new DataError(
          file,
          `the labels of ${video.name} are not whole numbers from 0 on: frame ${frame} has ${labels[frame]}.`,
        );
    return labels as number[];
  });
}

async function labelFile(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) return path; // reading says what is wrong with it
  for (const name of ["labels.json", "labels.csv"])
    if ((await stat(join(path, name)).catch(() => undefined))?.isFile()) return join(path, name);
  return undefined;
}

function fromJson(text: string, file: string): Record<string, unknown> {
  try {
    return JSON.parse(text) ?? {};
  } catch (cause) {
    throw new DataError(file, "is not JSON.", { cause });
  }
}

const columns = ["video", "frame", "phase"] as const;

/** Rows in any order; columns by the names in the first row, others are left out. */
function fromCsv(text: string, file: string): Record<string, unknown> {
  const [head = "", ...rows] = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const separator = head.includes(";") ? ";" : ",";
  const cells = (row: string) => row.split(separator).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
  const names = cells(head).map((name) => name.toLowerCase());
  const places = columns.map((name) => names.indexOf(name));
  const missing = columns.find((_, i) => places[i]! < 0);
  if (missing !== undefined)
    throw new DataError(file, `has no column "${missing}"; its first row must name video, frame and phase.`);
  const table: Record<string, number[]> = Object.create(null);
  for (const [i, row] of rows.entries()) {
    if (row.trim() === "") continue;
    const own = cells(row);
    const [video, frame, phase] = places.map((at) => own[at] ?? "") as [string, string, string];
    if (!/^\d+$/.test(frame) || !/^\d+$/.test(phase))
      throw new DataError(
        file,
        `line ${i + 2}: frame "${frame}" and phase "${phase}" must be whole numbers from 0 on.`,
      );
    const labels = table[video] ?? [];
    table[video] = labels;
    if (labels[Number(frame)] !== undefined)
      throw new DataError(file, `line ${i + 2}: frame ${frame} of ${video} has a phase already.`);
    labels[Number(frame)] = Number(phase);
  }
  return table;
}
