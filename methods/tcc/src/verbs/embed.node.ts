// reprise tcc embed: an .npy [T, D] for each video of a folder.
import { join } from "node:path";
import { encodeNpy, ndArray } from "@reprise/data";
import { createFolder, readBytes, writeFileAtomic } from "@reprise/data/node";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import type { OptionValues } from "@reprise/experiment";
import type { VerbContext, VerbResult } from "@reprise/experiment/verb";
import { embed } from "../embed.ts";
import { encoderOf } from "../encoder.ts";
import { decodeModel } from "../model-file.ts";
import type { embedOptions } from "./options.ts";
import { checkFits, rateOf, readVideos } from "./read-videos.node.ts";

export async function embedVerb({
  args,
  options: { out, threads },
  signal,
  progress,
}: VerbContext<OptionValues<typeof embedOptions>>): Promise<VerbResult> {
  const [path, folder] = args as [string, string];
  const { spec, parameters, backbone, facts } = decodeModel(await readBytes(path), path);
  const videos = await readVideos(folder, { size: spec.frameShape[2] ?? 1, ...rateOf(facts), signal });
  checkFits(videos, spec, path);
  await createFolder(out);
  const runtime = nodeWorkerRuntime(threads === undefined ? {} : { threads });
  const files: string[] = [];
  try {
    const embeddings = await embed(runtime, encoderOf(spec, backbone), parameters, videos, {
      signal,
      onProgress: ({ done, total }) => progress.show(`embedding video ${done} of ${total}`),
    });
    for (const [i, { shape, data }] of embeddings.entries()) {
      const file = join(out, `${videos[i]!.name}.npy`);
      await writeFileAtomic(file, encodeNpy(ndArray("float32", shape, data)), { signal });
      files.push(file);
    }
  } finally {
    progress.end();
    await runtime.release();
  }
  const result = { model: path, out, dimensions: spec.dimensions, files };
  return { result, text: () => `${out}: ${files.length} sequences of ${spec.dimensions} numbers a frame` };
}
