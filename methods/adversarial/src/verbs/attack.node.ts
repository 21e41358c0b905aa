// reprise adversarial attack: one attack on one model, at one or several ε or as small as can be.
import { join } from "node:path";
import { createFolder, savedAndRead } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import type { VerbContext, VerbResult } from "@reprise/experiment";
import { hashOf, type Journal, openOutFolder } from "@reprise/experiment/node";
import { readModelFile } from "@reprise/nn/node";
import { examplesFor, modelOptions, rangeOf, readImagesFor } from "@reprise/nn/verbs";
import { type AttackResult, type Classifier, type Criterion, reached, runAttack, securityCurve } from "../index.ts";
import { otherModels, shownTo } from "./against.node.ts";
import { attackChoice, chosenCriterion } from "./attack-choice.node.ts";
import { type AttackFlags, checkTarget } from "./attack-flags.node.ts";
import { type AttackReport, resultOf, textOf, writeResults } from "./attack-report.node.ts";
import { openJournal, stoppedHint } from "./attack-runs.node.ts";
import { keptRows } from "./kept-rows.node.ts";
import { attackFiles } from "./out-files.node.ts";

export async function attackVerb(
  model: string,
  flags: AttackFlags,
  { signal, onStop, progress }: VerbContext,
): Promise<VerbResult> {
  const choice = attackChoice(flags);
  const { target, seed, confidence = 0, topK = 1, quantise = null, out } = flags;
  const range = rangeOf(flags);
  const [lower, upper] = range;
  const folder = out === undefined ? undefined : await openOutFolder(out, attackFiles); // fails before the work
  if (out !== undefined) await createFolder(join(out, "images"));
  const runtime = nodeRuntime();
  onStop(() => stoppedHint(out, journal));
  const started = performance.now();
  let journal: Journal | undefined;
  try {
    const bytes = await readModelFile(model);
    const classifier = await choice.open(runtime, bytes, modelOptions(model, flags));
    checkTarget(classifier, target);
    const others = await otherModels(runtime, flags.against ?? [], flags, [model, classifier]);
    const { images, labels } = await examplesFor(classifier, flags);
    const { resize = false, starts } = flags;
    const given =
      starts === undefined ? undefined : (await readImagesFor(starts, classifier.inputShape, { resize, range })).images;
    const attack = choice.make(given);
    const criterion = await chosenCriterion(attack, classifier, { images, labels }, { ...flags, signal });
    const settings = { target, seed, ...choice.settings, confidence, topK, range, quantise };
    if (out !== undefined)
      journal = await openJournal(out, {
        attack: choice.name,
        ...settings,
        model: hashOf(bytes),
        images: hashOf(images, labels),
        starts: given ? hashOf(given) : null,
        format: modelOptions("", flags),
      });
    await folder?.clear();
    const results = await runAttack(attack, classifier, images, criterion, {
      epsilons: choice.epsilons,
      lower,
      upper,
      seed,
      signal,
      ...(journal ? { kept: keptRows(journal) } : {}),
      onProgress: ({ kind, epsilon, done, total }) => {
        const at = epsilon === null ? "" : ` at ε = ${epsilon}`;
        if (kind === "row") progress.show(`${done} of ${total} images${at}`);
      },
    });
    progress.end();
    const reported: AttackReport["results"][number][] = [];
    for (const result of results)
      reported.push(resultOf(result, await savedSuccesses(classifier, result, range, criterion)));
    const sets = results.map(({ epsilon, clipped }) => ({
      name: `made for ${model}${epsilon === null ? "" : `, ε = ${epsilon}`}`,
      adversarial: clipped,
      amplify: epsilon === null,
    }));
    const shown = { attacked: [model, classifier], others, images, labels, seed, signal, sets } as const;
    const transfer = await shownTo(shown, flags);
    const report: AttackReport = {
      model,
      criterion: criterion.name,
      images: labels.length,
      ...securityCurve(results, images),
      results: reported,
      settings,
      transfer,
      seconds: (performance.now() - started) / 1000,
    };
    if (out !== undefined)
      await writeResults(out, report, { results, images, inputShape: classifier.inputShape, range, of: choice.name });
    await journal?.remove();
    return { result: report, text: () => textOf(report) };
  } finally {
    progress.end();
    await journal?.flush();
    await runtime.release();
    folder?.release();
  }
}

/** Which successes meet the whole criterion, lead and top k included, after saving as PNG. */
async function savedSuccesses(
  classifier: Classifier,
  { clipped, success }: AttackResult,
  range: readonly [number, number],
  criterion: Criterion,
): Promise<boolean[]> {
  const k = classifier.classes;
  const saved = await savedAndRead(clipped, classifier.inputShape, range);
  const logits = await classifier.logits(saved, success.length);
  return success.map((won, row) => won && reached(criterion.goalOf(row), logits.subarray(row * k, (row + 1) * k)));
}
