// reprise tcc features: an .npy [T, F] for each video of a folder, by a network that was trained elsewhere.
import { join } from "node:path";
import { encodeNpy, ndArray } from "@reprise/data";
import { createFolder, writeFileAtomic } from "@reprise/data/node";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import type { OptionValues } from "@reprise/experiment";
import { UsageError, type VerbContext, type VerbResult } from "@reprise/experiment/verb";
import { pooledFeatures } from "../features.ts";
import type { featuresOptions } from "./options.ts";
import { readNetwork } from "./read-backbone.node.ts";
import { readVideos } from "./read-videos.node.ts";

export async function featuresVerb({
  args,
  options: { out, cut, pixels, size, grid, fromStart, framesPerSecond, threads },
  signal,
  progress,
}: VerbContext<OptionValues<typeof featuresOptions>>): Promise<VerbResult> {
  const [path, folder] = args as [string, string];
  const network = await readNetwork(path, { cut, pixels, size, flag: "--cut" });
  const videos = await readVideos(folder, { size, framesPerSecond, signal });
  const flat = videos.find(({ shape }) => shape.length !== 4);
  if (flat) throw new UsageError(`${flat.name} holds features already; give videos or pictures.`);
  await createFolder(out);
  const runtime = nodeWorkerRuntime(threads === undefined ? {} : { threads });
  try {
    const features = await pooledFeatures(runtime, network, videos, {
      signal,
      grid,
      onProgress: ({ done, total }) => progress.show(`features of video ${done} of ${total}`),
    });
    const files: string[] = [];
    for (const [i, { shape, data }] of features.entries()) {
      if (fromStart) {
        const F = shape[1]!;
        const first = data.slice(0, F);
        for (let k = 0; k < data.length; k++) data[k]! -= first[k % F]!;
      }
      const file = join(out, `${videos[i]!.name}.npy`);
      await writeFileAtomic(file, encodeNpy(ndArray("float32", shape, data)), { signal });
      files.push(file);
    }
    const dimensions = features[0]!.shape[1]!;
    const result = { network: path, cut: network.cut, out, dimensions, files };
    return { result, text: () => `${out}: ${files.length} sequences of ${dimensions} numbers a frame` };
  } finally {
    progress.end();
    await runtime.release();
  }
}
