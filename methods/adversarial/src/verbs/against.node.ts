// --against: adversarial images made for one model, shown to others.
import { join } from "node:path";
import { writeChart, writeFileAtomic } from "@reprise/data/node";
import { ModelError, type Runtime } from "@reprise/engine";
import { readModelFile } from "@reprise/nn/node";
import { type ModelFlags, modelOptions, rangeOf } from "@reprise/nn/verbs";
import {
  amplify,
  type Classifier,
  gaussianControl,
  type OnnxScores,
  onnxScores,
  type TransferTable,
  transferCsv,
  transferFigure,
  transferMarkdown,
  transferTable,
} from "../index.ts";

/** The models by path; they need give scores only. @throws ModelError if they take other images than the first model */
export async function otherModels(
  runtime: Runtime,
  paths: readonly string[],
  flags: ModelFlags,
  first: readonly [path: string, classifier: Classifier],
): Promise<Record<string, OnnxScores>> {
  const others: Record<string, OnnxScores> = {};
  for (const path of paths) {
    others[path] = await onnxScores(runtime, await readModelFile(path), modelOptions(path, flags));
    checkAlike(first, [path, others[path]]);
  }
  return others;
}

/** @throws ModelError unless both take the same images and give scores of as many labels */
export function checkAlike(
  [name, first]: readonly [string, Classifier],
  [other, { inputShape, classes }]: readonly [string, Classifier],
): void {
  if (inputShape.join() !== first.inputShape.join() || classes !== first.classes)
    throw new ModelError(
      `${other}: takes [${inputShape.join(", ")}] and gives ${classes} scores; ${name} takes ` +
        `[${first.inputShape.join(", ")}] and gives ${first.classes}. Images go to models of one shape.`,
    );
}

export interface Shown {
  readonly attacked: readonly [path: string, classifier: Classifier];
  readonly others: Readonly<Record<string, Classifier>>;
  readonly images: Float32Array;
  readonly labels: Int32Array;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Adversarial images by name; of those that are as small as could be, `amplify` is said. */
  readonly sets: readonly { readonly name: string; readonly adversarial: Float32Array; readonly amplify: boolean }[];
}

/**
 * The errors that sets of adversarial images induce on every model, beside clean images and noise of 0.1 of the range.
 * Undefined where there is no other model.
 */
export async function shownTo(
  { attacked: [path, classifier], others, images, labels, seed, signal, sets }: Shown,
  flags: ModelFlags,
): Promise<TransferTable | undefined> {
  if (Object.keys(others).length === 0) return undefined;
  const [lower, upper] = rangeOf(flags);
  const rows = labels.length;
  const sigma = 0.1 * (upper - lower);
  const shown: Record<string, Float32Array> = { "clean images": images };
  for (const { name, adversarial, amplify: further } of sets) {
    shown[name] = adversarial;
    if (further) shown[`the same, amplified to ${sigma}`] = amplify(images, adversarial, rows, sigma, { lower, upper });
  }
  shown[`Gaussian noise, σ = ${sigma}`] = gaussianControl(images, rows, sigma, { seed, lower, upper });
  return transferTable(shown, { [path]: classifier, ...others }, images, labels, { signal });
}

/** The table as OUT/transfer.svg, .png, .md and .csv. */
export async function writeTransfer(out: string, table: TransferTable): Promise<void> {
  await writeChart(out, "transfer", transferFigure(table));
  await writeFileAtomic(join(out, "transfer.md"), transferMarkdown(table));
  await writeFileAtomic(join(out, "transfer.csv"), transferCsv(table));
}
