import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { LabelledImages } from "@reprise/data";
import { createFolder, loadMnist, mnistSubset, writeFileAtomic } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import { UsageError, type VerbContext, type VerbResult } from "@reprise/experiment";
import {
  evaluator,
  exportNetwork,
  isMlp,
  type Mlp,
  type Network,
  networkByName,
  type Recipe,
  type TrainEvent,
  trainClassifier,
} from "@reprise/nn";
import { loadCheckpoint, saveCheckpoint } from "@reprise/nn/node";
import { trainAdversarially } from "../adversarial-training/train.ts";

interface TrainFlags {
  readonly network: string;
  readonly out: string;
  readonly data?: string;
  readonly seed: number;
  readonly epochs?: number;
  readonly batch?: number;
  readonly rate?: number;
  readonly optimizer?: Recipe["optimizer"];
  readonly adversarial?: "all" | readonly number[];
  readonly resume?: boolean;
}

/** Trains, saving OUT.checkpoint after every epoch and on Ctrl-C; at the end writes the ONNX file. */
export async function trainVerb(flags: TrainFlags, { signal, onStop, progress }: VerbContext): Promise<VerbResult> {
  const { out, data, seed, resume, adversarial } = flags;
  const network = networkByName(flags.network);
  if (adversarial && resume)
    throw new UsageError("--adversarial does not go on from a checkpoint, which has no pools; leave --resume out");
  if ((flags.optimizer ?? network.recipe.optimizer) === "lbfgs")
    for (const name of ["batch", "rate"] as const)
      if (flags[name] !== undefined)
        throw new UsageError(`--${name} does nothing with lbfgs, which takes all images at once and finds its steps.`);
  const examples = data ? await loadMnist(data, { split: "train" }) : await mnistSubset({ split: "train" });
  const validation = data ? await loadMnist(data, { split: "test" }) : await mnistSubset({ split: "test" });
  const recipe: Partial<Recipe> = {
    ...(flags.epochs === undefined ? {} : { epochs: flags.epochs }),
    ...(flags.batch === undefined ? {} : { batchSize: flags.batch }),
    ...(flags.rate === undefined ? {} : { learningRate: flags.rate }),
    ...(flags.optimizer === undefined ? {} : { optimizer: flags.optimizer }),
  };
  await createFolder(dirname(out));
  const saved = `${out}.checkpoint`;
  const runtime = nodeRuntime();
  onStop(() => `The weights so far are in ${saved}${adversarial ? "." : "; --resume goes on from there."}`);
  const started = performance.now();
  try {
    const from = resume ? await loadCheckpoint(saved, network) : undefined;
    const config = { data: hashOf(examples) };
    let shown = "";
    const options = {
      examples,
      validation,
      recipe,
      seed,
      signal,
      async onProgress(event: TrainEvent) {
        if (event.kind === "step")
          progress.show(
            `epoch ${event.epoch + 1}  step ${event.done}  loss ${event.loss.toFixed(4)}  ` +
              `${Math.round(event.examplesPerSecond)} images/s${shown}`,
          );
        else if (event.kind === "validation") shown = `  test accuracy ${(100 * event.metrics.accuracy!).toFixed(2)} %`;
        else await saveCheckpoint(saved, event.checkpoint, network);
      },
    };
    const { state: weights } = adversarial
      ? await trainAdversarially(runtime, layered(network), {
          ...options,
          ...(adversarial === "all" ? {} : { pool: { layers: adversarial } }),
        })
      : await trainClassifier(runtime, network, { ...options, config, ...(from ? { resume: from } : {}) });
    progress.end();
    const command = [
      "reprise adversarial train",
      `--network ${network.name}`,
      `--seed ${seed}`,
      ...settings(flags),
    ].join(" ");
    await writeFileAtomic(
      out,
      exportNetwork(network, weights, { metadata: { command, seed: String(seed), data: config.data } }),
    );
    await rm(saved, { force: true });
    const scorer = evaluator(runtime, network);
    const train = await scorer.evaluate(weights, examples);
    const test = await scorer.evaluate(weights, validation);
    await scorer.release();
    const result = {
      network: network.name,
      file: out,
      seed,
      data: { folder: data ?? "bundled subset", sha256: config.data, images: train.count },
      trainError: 1 - train.accuracy,
      testError: 1 - test.accuracy,
      seconds: (performance.now() - started) / 1000,
    };
    return {
      result: result,
      text: () =>
        [
          `${out}: ${network.name}, seed ${seed}, ${train.count} training images (${result.data.folder})`,
          `training error ${percent(result.trainError)}, test error ${percent(result.testError)} on ${test.count} images`,
        ].join("\n"),
    };
  } finally {
    progress.end();
    await runtime.release();
  }
}

/** @throws Error naming a network whose layers cannot be attacked one by one */
function layered(network: Network): Mlp {
  if (isMlp(network)) return network;
  throw new UsageError(`--adversarial is for networks of sigmoid layers such as fc100-100-10, not ${network.name}`);
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

/** SHA-256 of the pixels and labels. */
function hashOf({ images, labels }: LabelledImages): string {
  return createHash("sha256").update(images.data).update(labels.data).digest("hex");
}

/** The settings that were given instead of the recipe's, as on the command line; the data are told by their hash. */
function settings({ epochs, batch, rate, optimizer, adversarial }: TrainFlags): string[] {
  return Object.entries({ epochs, batch, rate, optimizer, adversarial }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name} ${value}`],
  );
}
