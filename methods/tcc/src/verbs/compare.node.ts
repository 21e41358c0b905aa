// reprise tcc compare: each frame of a video beside those of a folder.
import { dirname, extname, resolve } from "node:path";
import { csvOf } from "@reprise/data";
import { readBytes, writeFileAtomic } from "@reprise/data/node";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import type { OptionValues } from "@reprise/experiment";
import { UsageError, type VerbContext, type VerbResult } from "@reprise/experiment/verb";
import { compareFrames } from "../compare.ts";
import { embed } from "../embed.ts";
import { encoderOf } from "../encoder.ts";
import { decodeModel } from "../model-file.ts";
import { readLabels } from "./labels.node.ts";
import type { compareOptions } from "./options.ts";
import { checkFits, rateOf, readPaths, readVideos } from "./read-videos.node.ts";

export async function compareVerb({
  args,
  options: { labels: labelFile, out, usual, threads },
  signal,
  progress,
  command,
}: VerbContext<OptionValues<typeof compareOptions>>): Promise<VerbResult> {
  const [path, folder, video] = args as [string, string, string];
  const kind = extname(out).toLowerCase();
  if (kind !== ".csv" && kind !== ".json") throw new UsageError(`--out ${out}: end its name in .csv or .json.`);
  const { spec, parameters, backbone, facts } = decodeModel(await readBytes(path), path);
  const reading = { size: spec.frameShape[2] ?? 1, ...rateOf(facts), signal };
  const [own] = await readPaths([video], reading);
  const isInside = resolve(dirname(video)) === resolve(folder);
  const others = (await readVideos(folder, reading)).filter(({ name }) => !isInside || name !== own!.name); // not with itself
  if (others.length === 0)
    throw new UsageError(`${folder} holds no video but ${own!.name}; give others to compare it with.`);
  const all = [own!, ...others];
  checkFits(all, spec, path);
  const labels = await readLabels(labelFile ?? folder, others, {
    optional: labelFile === undefined,
  });
  const runtime = nodeWorkerRuntime(threads === undefined ? {} : { threads });
  try {
    const [query, ...rest] = await embed(runtime, encoderOf(spec, backbone), parameters, all, {
      signal,
      onProgress: ({ done, total }) => progress.show(`embedding video ${done} of ${total}`),
    });
    const { frames, limit } = compareFrames(query!, rest, { usual, ...(labels ? { labels } : {}) });
    const rows = frames.map(({ video, frame, label, ...numbers }, t) => ({
      frame: t,
      nearestVideo: others[video]!.name,
      nearestFrame: frame,
      phase: label,
      ...numbers,
    }));
    const text =
      kind === ".csv" ? csvOf(rows) : `${JSON.stringify({ video: own!.name, limit, frames: rows, command })}\n`;
    await writeFileAtomic(out, text, { signal });
    const unusual = frames.filter(({ anomaly }) => anomaly !== null && anomaly > 1).length;
    const result = { out, video: own!.name, videos: others.length, frames: frames.length, limit, unusual };
    return {
      result,
      text: () =>
        limit === null
          ? `${out}: ${frames.length} frames of ${own!.name}. What is usual takes two or more videos in the folder.`
          : `${out}: ${frames.length} frames of ${own!.name}, ${unusual} of them unusual`,
    };
  } finally {
    progress.end();
    await runtime.release();
  }
}
