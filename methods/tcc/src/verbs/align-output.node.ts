// What align writes: the videos in step, moments of them as a picture, or the time maps as a table.
import { extname } from "node:path";
import { csvOf, encodeNpy, ndArray, planar } from "@reprise/data";
import { writeFileAtomic, writeImage, writeVideoFile } from "@reprise/data/node";
import { clockText } from "../caption.ts";
import { momentsOf, sideBySide } from "../grid.ts";
import type { ModelFacts } from "../model-file.ts";
import { rateOf, readPaths } from "./read-videos.node.ts";

export interface Aligned {
  readonly paths: readonly string[];
  readonly names: readonly string[];
  readonly by: string;
  /** For each frame of the reference the frame of each video, its own first. */
  readonly rows: readonly (readonly number[])[];
  /** Seconds of each video's frames, where it has some. */
  readonly times: readonly (ArrayLike<number> | undefined)[];
  /** Phases of each video's frames: the reference's own, the others' taken from it. */
  readonly phases: readonly (readonly number[])[] | undefined;
  readonly command: string;
}

export interface OutputOptions {
  readonly height: number;
  readonly moments: number;
  readonly audio?: boolean | undefined;
  readonly captions?: boolean | undefined;
  readonly facts: ModelFacts;
  readonly signal: AbortSignal;
  readonly show: (text: string) => void;
}

export const isLookedAt = (out: string): boolean =>
  [".mp4", ".webm", ".gif", ".png"].includes(extname(out).toLowerCase());

export async function writeAligned(out: string, aligned: Aligned, options: OutputOptions): Promise<void> {
  if (isLookedAt(out)) return writeSeen(out, aligned, options);
  const { names, rows, by, times, phases, command } = aligned;
  const secondsOf = (video: number, frame: number) => {
    const seconds = times[video]?.[frame];
    return seconds === undefined ? null : Number(seconds.toFixed(4));
  };
  const kind = extname(out).toLowerCase();
  const { signal } = options;
  if (kind === ".npy") {
    const table = ndArray("int32", [rows.length, names.length], Int32Array.from(rows.flat()));
    return writeFileAtomic(out, encodeNpy(table), { signal });
  }
  const areTimed = times.some((own) => own !== undefined);
  if (kind === ".json") {
    const seconds = areTimed ? { seconds: rows.map((row) => row.map((frame, i) => secondsOf(i, frame))) } : {};
    const own = phases ? { labels: Object.fromEntries(names.map((name, i) => [name, phases[i]])) } : {};
    const table = { reference: names[0], by, names, frames: rows, ...seconds, ...own, command };
    return writeFileAtomic(out, `${JSON.stringify(table)}\n`, { signal });
  }
  const cells = rows.map((row) => ({
    ...Object.fromEntries(row.map((frame, i) => [names[i], frame])),
    ...(areTimed ? Object.fromEntries(row.map((frame, i) => [`${names[i]} seconds`, secondsOf(i, frame)])) : {}),
    ...(phases ? { phase: phases[0]![row[0]!] } : {}),
  }));
  await writeFileAtomic(out, csvOf(cells), { signal });
}

async function writeSeen(
  out: string,
  { paths, rows, times, phases }: Aligned,
  { height, moments, audio, captions = true, facts, signal, show }: OutputOptions,
): Promise<void> {
  const seen = await readPaths(paths, {
    size: { height },
    ...rateOf(facts),
    signal,
    onProgress: ({ done, total }) => show(`reading video ${done} of ${total} again, to be shown`),
  });
  const { framesPerSecond = 15 } = facts;
  const caption = (video: number, frame: number) => {
    const phase = phases ? ` phase ${phases[video]![frame]}` : "";
    return `${clockText(times[video]?.[frame] ?? frame / framesPerSecond)}${phase}`;
  };
  const look = captions ? { caption } : {};
  if (extname(out).toLowerCase() === ".png") {
    const { shape, data } = momentsOf(seen, rows, { ...look, moments });
    return writeImage(out, planar(ndArray("uint8", shape.slice(1), data)));
  }
  await writeVideoFile(out, sideBySide(seen, rows, look), {
    framesPerSecond,
    ...(times[0] ? { times: times[0] } : {}),
    ...(audio ? { soundOf: paths[0]! } : {}),
    signal,
    onProgress: ({ done, total }) => show(`writing frame ${done} of ${total}`),
  });
}
