import { join } from "node:path";
import { csvOf } from "@reprise/data";
import { writeFileAtomic } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import type { VerbContext, VerbResult } from "@reprise/experiment";
import { markdownTable, textTable } from "@reprise/experiment";
import { hashOf, type Journal, openOutFolder } from "@reprise/experiment/node";
import { readModelFile } from "@reprise/nn/node";
import { type ExampleFlags, examplesFor, modelOptions, rangeOf } from "@reprise/nn/verbs";
import { gradientMaskingChecks, onnxClassifier } from "../index.ts";
import { openJournal, stoppedHint } from "./attack-runs.node.ts";
import { keptRows } from "./kept-rows.node.ts";
import { maskingFiles } from "./out-files.node.ts";

interface MaskingFlags extends ExampleFlags {
  readonly epsilon: number;
  readonly queries: number;
  readonly seed: number;
  readonly out?: string;
}

/** The checks of gradient masking on one model. */
export async function maskingVerb(
  model: string,
  flags: MaskingFlags,
  { signal, onStop, progress }: VerbContext,
): Promise<VerbResult> {
  const { epsilon, queries, seed, out } = flags;
  const folder = out === undefined ? undefined : await openOutFolder(out, maskingFiles); // fails before the work
  const [lower, upper] = rangeOf(flags);
  const runtime = nodeRuntime();
  onStop(() => stoppedHint(out, journal));
  let journal: Journal | undefined;
  try {
    const options = { ...modelOptions(model, flags), sharpness: 1 };
    const bytes = await readModelFile(model);
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
    return { result: report, text: () => textTable(head, rows) };
  } finally {
    progress.end();
    await journal?.flush();
    await runtime.release();
    folder?.release();
  }
}
