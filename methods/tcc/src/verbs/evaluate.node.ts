// reprise tcc evaluate: every metric of the paper, beside other models, drawn weights and the frames as they are.
import { basename } from "node:path";
import { Random } from "@reprise/data";
import { readBytes } from "@reprise/data/node";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import { type OptionValues, textTable } from "@reprise/experiment";
import { UsageError, type VerbContext, type VerbResult } from "@reprise/experiment/verb";
import { embed, rawFrames } from "../embed.ts";
import { encoderOf } from "../encoder.ts";
import { type Evaluation, evaluate } from "../evaluate.ts";
import { pooledFeatures } from "../features.ts";
import { decodeModel } from "../model-file.ts";
import type { Frames } from "../plain.ts";
import type { TccModel } from "../train.ts";
import { checkSequences } from "../video.ts";
import { readLabels } from "./labels.node.ts";
import type { evaluateOptions } from "./options.ts";
import { readNetwork } from "./read-backbone.node.ts";
import { checkFits, rateOf, readVideos } from "./read-videos.node.ts";

export async function evaluateVerb({
  args,
  options: {
    labels: labelFile,
    beside = [],
    features,
    featuresCut,
    featuresPixels,
    featuresSize,
    stride,
    seed,
    frameCache,
    frameCacheLimit,
    threads,
  },
  signal,
  progress,
}: VerbContext<OptionValues<typeof evaluateOptions>>): Promise<VerbResult> {
  const [path, folder] = args as [string, string];
  const { spec, parameters, backbone, facts } = decodeModel(await readBytes(path), path);
  const cache = frameCache === undefined ? undefined : { folder: frameCache, limit: frameCacheLimit * 1e9 };
  const videos = await readVideos(folder, { size: spec.frameShape[2] ?? 1, ...rateOf(facts), cache, signal });
  checkSequences(videos, { atLeast: 2 });
  checkFits(videos, spec, path);
  const labels = await readLabels(labelFile ?? folder, videos, {
    optional: labelFile === undefined,
  });
  const others = await Promise.all(beside.map(async (name) => ({ name, ...decodeModel(await readBytes(name), name) })));
  for (const other of others) checkFits(videos, other.spec, other.name);
  const drawn = encoderOf(spec, backbone).init(new Random(seed).fork());
  const file = backbone ? { backbone } : {};
  const runtime = nodeWorkerRuntime(threads === undefined ? {} : { threads });
  try {
    const judge = (embeddings: readonly Frames[], brief: boolean) =>
      evaluate(embeddings, { stride, brief, ...(labels ? { labels } : {}) });
    const judged = async (what: string, model: TccModel): Promise<Evaluation> => {
      const embeddings = await embed(runtime, encoderOf(model.spec, model.backbone), model.parameters, videos, {
        signal,
        onProgress: ({ done, total }) => progress.show(`${what}: video ${done} of ${total}`),
      });
      progress.show(`${what}: metrics`);
      return judge(embeddings, false);
    };
    const own = await judged(path, { spec, parameters, ...file });
    const baselines: Baseline[] = [];
    for (const other of others) baselines.push({ name: other.name, ...(await judged(other.name, other)) });
    if (features !== undefined) {
      const network = await readNetwork(features, {
        ...{ cut: featuresCut, pixels: featuresPixels, size: featuresSize },
        flag: "--features-cut",
      });
      if (spec.frameShape.length === 1)
        throw new UsageError("--features looks at pictures; these are sequences of features.");
      const larger = await readVideos(folder, { size: featuresSize, ...rateOf(facts), cache, signal });
      const embeddings = await pooledFeatures(runtime, network, larger, {
        signal,
        onProgress: ({ done, total }) => progress.show(`${features}: video ${done} of ${total}`),
      });
      progress.show(`${features}: metrics`);
      baselines.push({ name: `features of ${basename(features)}`, ...judge(embeddings, true) });
    }
    const random = await judged("drawn weights", { spec, parameters: drawn, ...file });
    signal.throwIfAborted();
    progress.show("raw frames: metrics");
    const raw = judge(videos.map(rawFrames), spec.frameShape.length > 1);
    baselines.push({ name: "drawn weights", ...random }, { name: "raw frames", ...raw });
    const result = {
      model: path,
      videos: videos.length,
      stride,
      ...own,
      kendallTauRandom: random.kendallTau,
      kendallTauRaw: raw.kendallTau,
      baselines,
    };
    return { result, text: () => textOf(videos.length, [{ name: path, ...own }, ...baselines]) };
  } finally {
    progress.end();
    await runtime.release();
  }
}

interface Baseline extends Evaluation {
  readonly name: string;
}

/** A column for each that is judged. */
function textOf(videos: number, judged: readonly Baseline[]): string {
  const number = (x: number | null) => (x === null ? "undefined" : x.toFixed(3));
  const percent = (x: number) => `${(100 * x).toFixed(1)} %`;
  const row = (name: string, cell: (evaluation: Evaluation) => string | undefined) => [
    name,
    ...judged.map((evaluation) => cell(evaluation) ?? "–"),
  ];
  const { classification, fewShot, retrieval } = judged[0]!;
  const rows = [
    row("Kendall's τ", ({ kendallTau }) => number(kendallTau)),
    ...(classification ?? []).map(({ share }, i) =>
      row(`phases told, ${100 * share} % of labels`, (of) => percent(of.classification![i]!.accuracy)),
    ),
    ...(fewShot ?? []).map(({ videos: known }, i) =>
      row(`phases told, ${known} labelled ${known === 1 ? "video" : "videos"}`, (of) => {
        const shot = of.fewShot?.[i];
        return shot && `${percent(shot.accuracy)} (${shot.interval.map(percent).join(" to ")})`;
      }),
    ),
    ...(classification
      ? [
          row("progression, R²", (of) => (of.fewShot ? number(of.progression) : undefined)),
          row("enclosed-area error", (of) => number(of.enclosedArea)),
        ]
      : []),
    ...(retrieval ?? []).map(({ k }, i) => row(`retrieval, AP@${k}`, (of) => percent(of.retrieval![i]!.precision))),
  ];
  return [
    textTable([`${videos} videos`, ...judged.map(({ name }) => basename(name))], rows),
    ...(judged.some(({ kendallTau }) => kendallTau === null)
      ? ["τ is undefined where each video has one nearest neighbour for all frames."]
      : []),
    ...(classification ? [] : ["No labels.json: metrics that need phases are left out."]),
  ].join("\n");
}
