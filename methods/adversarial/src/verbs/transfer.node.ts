import { join } from "node:path";
import { writeFileAtomic } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import type { VerbContext, VerbResult } from "@reprise/experiment";
import { textTable } from "@reprise/experiment";
import { hashOf, type Journal, openOutFolder } from "@reprise/experiment/node";
import { readModelFile } from "@reprise/nn/node";
import { type ExampleFlags, examplesFor, modelOptions, rangeOf } from "@reprise/nn/verbs";
import {
  amplify,
  gaussianControl,
  imageSize,
  type OnnxClassifier,
  onnxClassifier,
  perturb,
  type Target,
  type TransferTable,
  transferTable,
} from "../index.ts";
import { checkAlike, writeTransfer } from "./against.node.ts";
import { checkTarget } from "./attack-flags.node.ts";
import { openJournal, stoppedHint } from "./attack-runs.node.ts";
import { keptRows } from "./kept-rows.node.ts";
import { transferFiles } from "./out-files.node.ts";

interface TransferFlags extends ExampleFlags {
  readonly target: Exclude<Target, Int32Array>;
  readonly seed: number;
  readonly amplify?: number;
  readonly out?: string;
}

/** Tables 2 and 4 for the user's models: smallest perturbations for each, the error they induce on all, and controls. */
export async function transferVerb(
  models: readonly string[],
  flags: TransferFlags,
  { signal, onStop, progress }: VerbContext,
): Promise<VerbResult> {
  const { target, seed, out } = flags;
  const range = rangeOf(flags);
  const [lower, upper] = range;
  const folder = out === undefined ? undefined : await openOutFolder(out, transferFiles); // fails before the work
  const runtime = nodeRuntime();
  onStop(() => stoppedHint(out, journal));
  let journal: Journal | undefined;
  try {
    const classifiers: Record<string, OnnxClassifier> = {};
    const hashes: string[] = [];
    for (const path of models) {
      const bytes = await readModelFile(path);
      classifiers[path] = await onnxClassifier(runtime, bytes, modelOptions(path, flags));
      hashes.push(hashOf(bytes));
    }
    const [[name, first], ...others] = Object.entries(classifiers) as [[string, OnnxClassifier]];
    for (const other of others) checkAlike([name, first], other);
    checkTarget(first, target);
    const { images, labels } = await examplesFor(first, flags);
    const rows = labels.length;
    if (out !== undefined)
      journal = await openJournal(out, {
        verb: "transfer",
        models: hashes,
        images: hashOf(images, labels),
        target,
        seed,
        range,
        format: modelOptions("", flags),
      });
    await folder?.clear();
    const sets: Record<string, Float32Array> = { "clean images": images };
    for (const [i, [path, classifier]] of Object.entries(classifiers).entries()) {
      const part = `made for ${hashes[i]}`;
      const results = await perturb(classifier, images, labels, {
        target,
        seed,
        lower,
        upper,
        signal,
        ...(journal ? { kept: keptRows(journal, `${part} `) } : {}),
        onProgress: ({ kind, done: at, total }) => {
          if (kind === "row") progress.show(`${path}: ${at} of ${total} images`);
        },
      });
      const adversarial = new Float32Array(images.length);
      for (const { row, image } of results) adversarial.set(image, row * imageSize(classifier));
      const reached = results.filter(({ status }) => status === "success" || status === "alreadyAdversarial").length;
      sets[`made for ${path}${reached < rows ? `, ${reached} of ${rows} reached` : ""}`] = adversarial;
      if (flags.amplify !== undefined)
        sets[`the same, amplified to ${flags.amplify}`.concat(models.length > 1 ? ` (${path})` : "")] = amplify(
          images,
          adversarial,
          rows,
          flags.amplify,
          { lower, upper },
        );
    }
    for (const sigma of [0.06, 0.1, 0.3].map((s) => Number((s * (upper - lower)).toPrecision(3))))
      sets[`Gaussian noise, σ = ${sigma}`] = gaussianControl(images, rows, sigma, { seed, lower, upper });
    const table = await transferTable(sets, classifiers, images, labels, { signal });
    progress.end();
    const report = { models, images: rows, settings: { target, seed, range }, ...table };
    if (out !== undefined) {
      await writeTransfer(out, table);
      await writeFileAtomic(join(out, "transfer.json"), `${JSON.stringify(report, null, 2)}\n`);
    }
    await journal?.remove();
    return { result: report, text: () => transferText(table) };
  } finally {
    progress.end();
    await journal?.flush();
    await runtime.release();
    folder?.release();
  }
}

/** The table as text, errors in percent. */
export function transferText({ columns, rows }: TransferTable): string {
  return textTable(
    ["images", "distortion", ...columns],
    rows.map(({ name, distortion, errors }) => [
      name,
      distortion.toFixed(4),
      ...errors.map(({ rate }) => `${(100 * rate).toFixed(1)} %`),
    ]),
  );
}
