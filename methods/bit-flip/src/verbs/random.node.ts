// reprise bit-flip random: what flips do that nobody has searched for.
import { percentText } from "@reprise/data";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import { type Options, UsageError, verb } from "@reprise/experiment";
import { accuracyOf } from "../attack.ts";
import { graphVictim } from "../graph-victim.ts";
import { randomFlips } from "../random-flips.ts";
import { randomRow } from "../report/document.ts";
import { imageOptions, readTest } from "../run/images.node.ts";
import { defined, modelOptions, openModel } from "../run/model.node.ts";

const { seed, test, labels, mean, std } = imageOptions;
const options = {
  ...modelOptions,
  ...{ seed, test, labels, mean, std },
  flips: {
    kind: "list",
    of: "integer",
    placeholder: "numbers",
    default: [1, 10, 100],
    help: "after how many flips the accuracy is measured, rising",
  },
  trials: { kind: "integer", min: 1, default: 10, help: "how often" },
  threads: { kind: "integer", min: 1, help: "threads; all cores if left out" },
} as const satisfies Options;

export const random = verb({
  name: "random",
  summary: "flip random bits, many times: accuracy with its 95 % interval",
  arguments: [{ name: "model", help: "ONNX file, float or quantised; or --network and --weights", optional: true }],
  options,
  async run({ args, options: chosen, signal, progress }) {
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
  },
});
