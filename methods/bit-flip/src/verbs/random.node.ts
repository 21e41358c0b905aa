// reprise bit-flip random: what flips do that nobody has searched for.
import { percentText } from "@reprise/data";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import { type OptionValues, UsageError, type VerbContext, type VerbResult } from "@reprise/experiment";
import { accuracyOf } from "../attack.ts";
import { graphVictim } from "../graph-victim.ts";
import { randomFlips } from "../random-flips.ts";
import { randomRow } from "../report/document.ts";
import { readTest } from "../run/images.node.ts";
import { defined, openModel } from "../run/model.node.ts";
import type { randomOptions } from "./options.ts";

export async function randomVerb({
  args,
  options: chosen,
  signal,
  progress,
}: VerbContext<OptionValues<typeof randomOptions>>): Promise<VerbResult> {
  const model = await openModel(args, chosen);
  const images = await readTest({ sampleSize: 1, ...chosen }, model);
  if (!images) throw new UsageError("--test is missing, images to measure the accuracy on");
  const runtime = nodeWorkerRuntime(defined({ threads: chosen.threads }));
  try {
    const shape = [1, ...images.images.shape.slice(1)];
    const each = images.images.data.length / images.labels.length;
    const one = { dtype: "float32" as const, shape, data: images.images.data.slice(0, each) };
    const victim = await graphVictim(runtime, { ...model.network, fixedBatch: undefined }, { images: one });
    const before = await accuracyOf(victim, images, signal);
    const points = await randomFlips(victim, {
      counts: chosen.flips as readonly number[],
      trials: chosen.trials,
      seed: chosen.seed,
      test: images,
      signal,
      onProgress: ({ done, total }) => progress.show(`trial ${done} of ${total}`),
    });
    const rows = points.map((point) => ({ ...randomRow(point), accuracies: point.accuracies }));
    const bits = model.network.layers[0]!.bits;
    const result = { model: model.name, bits, seed: chosen.seed, before: { accuracy: before }, random: rows };
    return {
      result,
      text: () =>
        [
          `${model.name}, ${bits} bits: accuracy ${percentText(before)}`,
          ...rows.map(
            ({ flips, trials, mean: middle, low, high }) =>
              `${flips} random flips, ${trials} times: accuracy ${percentText(middle)}${low === null ? "" : `, 95 % interval ${percentText(Math.max(0, low))} to ${percentText(Math.min(1, high ?? 1))}`}`,
          ),
        ].join("\n"),
    };
  } finally {
    await runtime.release();
  }
}
