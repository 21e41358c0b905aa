import { join } from "node:path";
import { csvOf, gradientMaskingChecks, onnxClassifier } from "@reprise/adversarial";
import { createFolder, readBytes, writeFileAtomic } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import { markdownTable, ProgressLine, printResult, textTable } from "../../report.ts";
import { type ExampleFlags, examplesFor } from "./examples.ts";
import { interruption } from "./interruption.ts";
import { modelOptions, rangeOf } from "./model-flags.ts";

interface MaskingFlags extends ExampleFlags {
  readonly epsilon: number;
  readonly queries: number;
  readonly seed: number;
  readonly out?: string;
  readonly json?: boolean;
}

/** The checks of gradient masking on one model. */
export async function maskingVerb(model: string, flags: MaskingFlags): Promise<void> {
  const { epsilon, queries, seed, out, json } = flags;
  if (out !== undefined) await createFolder(out); // fails before the work, not after it
  const [lower, upper] = rangeOf(flags);
  const runtime = nodeRuntime();
  const progress = new ProgressLine();
  const { signal, done } = interruption("Nothing was written.");
  try {
    const options = { ...modelOptions(model, flags), sharpness: 1 };
    const classifier = await onnxClassifier(runtime, await readBytes(model), options);
    const { images, labels } = await examplesFor(classifier, flags);
    const checks = await gradientMaskingChecks(classifier, images, labels, {
      epsilon,
      queries,
      seed,
      lower,
      upper,
      signal,
      onCheck: ({ name }) => progress.show(name),
    });
    progress.end();
    const head = ["check", "verdict", "finding"];
    const rows = checks.map(({ name, verdict, finding }) => [name, verdict, finding]);
    const report = { model, images: labels.length, epsilon, queries, seed, checks };
    if (out !== undefined) {
      await writeFileAtomic(join(out, "masking.md"), `${markdownTable(head, rows)}\n`);
      await writeFileAtomic(join(out, "masking.csv"), csvOf(checks.map((check) => ({ ...check }))));
      await writeFileAtomic(join(out, "masking.json"), `${JSON.stringify(report, null, 2)}\n`);
    }
    printResult(json, report, () => textTable(head, rows));
  } finally {
    progress.end();
    done();
    await runtime.release();
  }
}
