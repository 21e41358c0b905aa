// reprise tcc drawings: handwriting as videos of ink, from the digits that are shipped or Omniglot's strokes.
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  DataError,
  encodeNpy,
  type InkVideo,
  inkVideo,
  ndArray,
  parseOmniglotStrokes,
  type Stroke,
  strokesOf,
} from "@reprise/data";
import { createFolder, fileError, mnistSubset, readBytes, readZip, writeFileAtomic } from "@reprise/data/node";
import type { OptionValues } from "@reprise/experiment";
import { UsageError, type VerbContext, type VerbResult } from "@reprise/experiment/verb";
import type { drawingsOptions } from "./options.ts";

/** By the name of who drew it. */
type Drawings = readonly { readonly name: string; readonly strokes: readonly Stroke[] }[];

export async function drawingsVerb({
  args,
  options: { out, character, writers, size, framesPerSecond },
  signal,
  progress,
}: VerbContext<OptionValues<typeof drawingsOptions>>): Promise<VerbResult> {
  const [source] = args as [string];
  const [first, last] = rangeOf(writers);
  const all = source === "digits" ? await digitDrawings(character, last) : await omniglotDrawings(source, character);
  const drawings = all.slice(first - 1, last);
  if (drawings.length === 0)
    throw new UsageError(`--writers ${writers}: ${character} was drawn by ${all.length} writers.`);
  await createFolder(out);
  const labels: Record<string, number[]> = {};
  try {
    for (const [done, { name, strokes }] of drawings.entries()) {
      signal.throwIfAborted();
      const video: InkVideo = inkVideo(strokes, { size, framesPerSecond });
      await writeFileAtomic(join(out, `${name}.npy`), encodeNpy(ndArray("uint8", video.shape, video.frames)), {
        signal,
      });
      labels[name] = Array.from(video.labels);
      progress.show(`drawing ${done + 1} of ${drawings.length}`);
    }
    await writeFileAtomic(join(out, "labels.json"), `${JSON.stringify(labels)}\n`, { signal });
  } finally {
    progress.end();
  }
  const result = { out, source, character, videos: drawings.length };
  return {
    result,
    text: () => `${out}: ${drawings.length} drawings of ${character}, labels.json has the stroke of each frame`,
  };
}

function rangeOf(writers: string): [first: number, last: number] {
  const match = /^(\d+)-(\d+)$/.exec(writers);
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  if (!(first >= 1 && last >= first)) throw new UsageError(`--writers ${writers}: give two numbers such as 1-14.`);
  return [first, last];
}

/** The first images of a digit among those that are shipped, each by another writer's hand or the same one's. */
async function digitDrawings(character: string, count: number): Promise<Drawings> {
  if (!/^\d$/.test(character)) throw new UsageError(`--character ${character}: the digits are 0 to 9.`);
  const { images, labels } = await mnistSubset({ split: "train" });
  const [, , height, width] = images.shape as [number, number, number, number];
  const places = Array.from(labels.data, (label, i) => (label === Number(character) ? i : -1)).filter((i) => i >= 0);
  return places.slice(0, count).map((place, i) => ({
    name: `writer${String(i + 1).padStart(3, "0")}`,
    strokes: strokesOf(
      images.data.subarray(place * height * width, (place + 1) * height * width).map((value) => 255 * value),
      width,
    ),
  }));
}

/** A character as ALPHABET/characterNN in Omniglot's archive, or in its folder. */
async function omniglotDrawings(source: string, character: string): Promise<Drawings> {
  const texts = (
    await stat(source).catch((cause: unknown) => {
      throw fileError(source, cause, "read");
    })
  ).isDirectory()
    ? await textsInFolder(source, character)
    : textsInZip(await readBytes(source), source, character);
  if (texts.length === 0)
    throw new DataError(source, `holds no strokes of ${character}; name a character such as Latin/character01.`);
  return texts.map(([path, text]) => ({
    name: `writer${/_(\d+)\.txt$/.exec(path)?.[1] ?? basename(path, ".txt")}`,
    strokes: parseOmniglotStrokes(text, path),
  }));
}

function textsInZip(archive: Uint8Array, source: string, character: string): [string, string][] {
  const isWanted = (path: string) =>
    path.endsWith(".txt") && !path.startsWith("__MACOSX/") && `/${path}`.includes(`/${character}/`);
  const files = readZip(archive, isWanted, source);
  return [...files].map(([path, bytes]): [string, string] => [path, new TextDecoder().decode(bytes)]).sort();
}

async function textsInFolder(source: string, character: string): Promise<[string, string][]> {
  const folder = join(source, character);
  const names = await readdir(folder).catch(() => []);
  const texts = names.filter((name) => name.endsWith(".txt")).sort();
  return Promise.all(
    texts.map(
      async (name): Promise<[string, string]> => [name, new TextDecoder().decode(await readBytes(join(folder, name)))],
    ),
  );
}
