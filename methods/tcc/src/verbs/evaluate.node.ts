// reprise tcc evaluate: every metric of the paper, beside an encoder with drawn weights and the frames as they are.
import { join } from "node:path";
import { Random } from "@reprise/data";
import { readBytes } from "@reprise/data/node";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import type { OptionValues } from "@reprise/experiment";
import type { VerbContext, VerbResult } from "@reprise/experiment/verb";
import { embed, rawFrames } from "../embed.ts";
import { encoderOf } from "../encoder.ts";
import { type Evaluation, evaluate } from "../evaluate.ts";
import { alignmentTau } from "../metrics/kendall.ts";
import { decodeModel } from "../model-file.ts";
import { checkSequences } from "../video.ts";
import { readLabels } from "./labels.node.ts";
import type { evaluateOptions } from "./options.ts";
import { checkFits, rateOf, readVideos } from "./read-videos.node.ts";

export async function evaluateVerb({
  args,
  options: { labels: labelFile, stride, seed, threads },
  signal,
  progress,
}: VerbContext<OptionValues<typeof evaluateOptions>>): Promise<VerbResult> {
  const [path, folder] = args as [string, string];
  const { spec, parameters, facts } = decodeModel(await readBytes(path), path);
  const videos = await readVideos(folder, { size: spec.frameShape[2] ?? 1, ...rateOf(facts), signal });
  checkSequences(videos, { atLeast: 2 });
  checkFits(videos, spec, path);
  const labels = await readLabels(labelFile ?? join(folder, "labels.json"), videos, {
    optional: labelFile === undefined,
  });
  const encoder = encoderOf(spec);
  const runtime = nodeWorkerRuntime(threads === undefined ? {} : { threads });
  try {
    const following = (what: string) => ({
      signal,
      onProgress: ({ done, total }: { done: number; total: number }) =>
        progress.show(`${what}: video ${done} of ${total}`),
    });
    const own = await embed(runtime, encoder, parameters, videos, following("embedding"));
    const drawn = encoder.init(new Random(seed).fork());
    const random = await embed(runtime, encoder, drawn, videos, following("with drawn weights"));
    progress.show("metrics");
    const result = {
      model: path,
      videos: videos.length,
      stride,
      ...evaluate(own, { stride, ...(labels ? { labels } : {}) }),
      kendallTauRandom: alignmentTau(random, { stride }).tau,
      kendallTauRaw: alignmentTau(videos.map(rawFrames), { stride }).tau,
    };
    return { result, text: () => textOf(result) };
  } finally {
    progress.end();
    await runtime.release();
  }
}

function textOf(
  result: Evaluation & { videos: number; kendallTauRandom: number | null; kendallTauRaw: number | null },
): string {
  const number = (x: number | null) =>
    x === null ? "undefined: each video has one nearest neighbour for all" : x.toFixed(3);
  const percent = (x: number) => `${(100 * x).toFixed(1)} %`;
  const { kendallTau, kendallTauRandom, kendallTauRaw, classification, fewShot, progression, retrieval } = result;
  return [
    `Kendall's τ of ${result.videos} videos  ${number(kendallTau)}`,
    `  with drawn weights  ${number(kendallTauRandom)}`,
    `  of frames as they are  ${number(kendallTauRaw)}`,
    ...(classification ?? []).map(
      ({ share, accuracy }) => `phases told, ${100 * share} % of labels  ${percent(accuracy)}`,
    ),
    ...(fewShot ?? []).map(
      ({ videos, accuracy, interval: [low, high] }) =>
        `phases told, ${videos} labelled ${videos === 1 ? "video" : "videos"}  ${percent(accuracy)} (${percent(low)} to ${percent(high)})`,
    ),
    ...(classification ? [`progression, R²  ${progression === null ? "undefined" : progression.toFixed(3)}`] : []),
    ...(retrieval ?? []).map(({ k, precision }) => `retrieval, AP@${k}  ${percent(precision)}`),
    ...(classification ? [] : ["No labels.json: metrics that need phases are left out."]),
  ].join("\n");
}
