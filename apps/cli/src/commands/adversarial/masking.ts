import { gradientMaskingChecks, onnxClassifier } from "@reprise/adversarial";
import { readBytes } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import { ProgressLine, printResult, textTable } from "../../report.ts";
import { type ExampleFlags, examplesFor } from "./examples.ts";
import { interruption } from "./interruption.ts";
import { modelOptions, rangeOf } from "./model-flags.ts";

interface MaskingFlags extends ExampleFlags {
  readonly epsilon: number;
  readonly queries: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** The checks of gradient masking on one model. */
export async function maskingVerb(model: string, flags: MaskingFlags): Promise<void> {
  const { epsilon, queries, seed, json } = flags;
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
    printResult(json, { model, images: labels.length, epsilon, queries, seed, checks }, () =>
      textTable(
        ["check", "verdict", "finding"],
        checks.map(({ name, verdict, finding }) => [name, verdict, finding]),
      ),
    );
  } finally {
    progress.end();
    done();
    await runtime.release();
  }
}
