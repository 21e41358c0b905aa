import { join } from "node:path";
import { gradientMaskingChecks, onnxClassifier } from "@reprise/adversarial";
import { csvOf } from "@reprise/data";
import { readBytes, writeFileAtomic } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import { markdownTable, ProgressLine, printResult, textTable } from "../../report.ts";
import { interruption } from "../../shell/interruption.ts";
import { openOutFolder } from "../../shell/out-folder.ts";
import { openJournal, stoppedHint } from "./attack-runs.ts";
import { type ExampleFlags, examplesFor } from "./examples.ts";
import { hashOf, type Journal, keptRows } from "./journal.ts";
import { modelOptions, rangeOf } from "./model-flags.ts";
import { maskingFiles } from "./out-files.ts";

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
  const folder = out === undefined ? undefined : await openOutFolder(out, maskingFiles); // fails before the work
  const [lower, upper] = rangeOf(flags);
  const runtime = nodeRuntime();
  const progress = new ProgressLine();
  const { signal, done } = interruption(() => stoppedHint(out, journal));
  let journal: Journal | undefined;
  try {
    const options = { ...modelOptions(model, flags), sharpness: 1 };
    const bytes = await readBytes(model);
    const classifier = await onnxClassifier(runtime, bytes, options);
    const { images, labels } = await examplesFor(classifier, flags);
    if (out !== undefined)
      journal = await openJournal(out, {
        verb: "masking",
        model: hashOf(bytes),
        images: hashOf(images, labels),
        epsilon,
        queries,
        seed,
        range: [lower, upper],
        format: modelOptions("", flags),
      });
    await folder?.clear();
    const found = journal;
    const checks = await gradientMaskingChecks(classifier, images, labels, {
      epsilon,
      queries,
      seed,
      lower,
      upper,
      signal,
      ...(found ? { keptFor: (attack: string) => keptRows(found, `${attack} `) } : {}),
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
    await journal?.remove();
    printResult(json, report, () => textTable(head, rows));
  } finally {
    progress.end();
    done();
    await journal?.flush();
    await runtime.release();
    folder?.release();
  }
}
