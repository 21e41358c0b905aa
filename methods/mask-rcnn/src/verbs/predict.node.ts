// reprise mask-rcnn predict: overlays and COCO results of pictures.
import { stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { type CocoDetection, DataError } from "@reprise/data";
import { createFolder, listImages, readImage, writeFileAtomic, writeImage } from "@reprise/data/node";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import type { OptionValues } from "@reprise/experiment";
import type { VerbContext, VerbResult } from "@reprise/experiment/verb";
import { MaskRcnn } from "../mask-rcnn.ts";
import { overlay } from "../overlay.ts";
import { cocoDetections } from "../results.ts";
import type { predictOptions } from "./options.ts";
import { readModel } from "./read-model.node.ts";

export async function predictVerb({
  args,
  options: { model: path, out, score, minSize, maxSize, threads },
  signal,
  onStop,
  progress,
}: VerbContext<OptionValues<typeof predictOptions>>): Promise<VerbResult> {
  const { state, facts } = await readModel(path);
  const files = await picturesOf(args);
  const ids = idsOf(files);
  await createFolder(out);
  const runtime = nodeWorkerRuntime(threads === undefined ? {} : { threads });
  const results: CocoDetection[] = [];
  const overlays: string[] = [];
  onStop(() => `${overlays.length} overlays are in ${out}; results.json was not written.`);
  try {
    const model = new MaskRcnn(runtime, state, {
      ...facts.pictures,
      ...(minSize === undefined ? {} : { minSize }),
      ...(maxSize === undefined ? {} : { maxSize }),
      scoreThreshold: score,
    });
    for (const [i, file] of files.entries()) {
      signal.throwIfAborted();
      progress.show(`picture ${i + 1} of ${files.length}: ${file}`);
      const { data, shape } = await readImage(file, { channels: 3 });
      const [height, width] = shape.slice(-2) as [number, number];
      const picture = { data, height, width };
      const [found] = await model.segment([picture]);
      results.push(...cocoDetections(found!, picture, { image: ids[i]!, categories: facts.categories }));
      const target = join(out, `${ids[i]}.png`);
      await writeImage(target, overlay(picture, found!, { score }));
      overlays.push(target);
    }
    await model.release();
    await writeFileAtomic(join(out, "results.json"), `${JSON.stringify(results)}\n`, { signal });
    progress.end();
    const names = new Map(facts.categories.map(({ id, name }) => [id, name]));
    const lines = ids.map((id) => {
      const own = results.filter(({ image_id }) => image_id === id);
      const said = own.map(({ category_id, score: sure }) => `${names.get(category_id)} ${sure.toFixed(2)}`);
      return `${id}: ${said.join(", ") || "nothing"}`;
    });
    return {
      result: { model: path, out, pictures: files.length, overlays, results },
      text: () => [...lines, `overlays and results.json: ${out}`].join("\n"),
    };
  } finally {
    progress.end();
    await runtime.release();
  }
}

async function picturesOf(paths: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(
    paths.map(async (path) => ((await stat(path).catch(() => undefined))?.isDirectory() ? listImages(path) : [path])),
  );
  return lists.flat();
}

/** File names without their endings: image ids, and names of the overlays. */
function idsOf(files: readonly string[]): string[] {
  const ids = files.map((file) => basename(file, extname(file)));
  const twice = ids.findIndex((id, i) => ids.indexOf(id) !== i);
  if (twice >= 0)
    throw new DataError(
      files[twice]!,
      `has the same name as ${files[ids.indexOf(ids[twice]!)]}; names without endings are the image ids. Run them apart.`,
    );
  return ids;
}
