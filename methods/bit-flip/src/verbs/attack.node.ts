// reprise bit-flip attack: from a model and a sample to the bits that break it.
import { join } from "node:path";
import type { Runtime } from "@reprise/engine";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import type { OptionValues, VerbContext, VerbResult } from "@reprise/experiment";
import { Journal, openOutFolder, type RunKey } from "@reprise/experiment/node";
import { type AttackProgress, type AttackResult, type AttackStep, bitFlipAttack, type TestSet } from "../attack.ts";
import { flipped } from "../flip-list.ts";
import { type GraphVictim, graphVictim, largestOfRows } from "../graph-victim.ts";
import { randomFlips } from "../random-flips.ts";
import { type AttackDocument, distanceOf, flipRows, given, randomRow } from "../report/document.ts";
import { attackText } from "../report/text.ts";
import { reportFiles, writeReport } from "../report/write.node.ts";
import { checkLabels, type NamedSample, readSample, readTest } from "../run/images.node.ts";
import { defined, openModel, type QuantizedModel, sha256 } from "../run/model.node.ts";
import { type GoalChoice, type Plan, planOf } from "../run/plan.ts";
import { targetedSample } from "../targeted.ts";
import type { attackOptions } from "./options.ts";

export async function attackVerb({
  args,
  options: chosen,
  signal,
  onStop,
  progress,
  command,
}: VerbContext<OptionValues<typeof attackOptions>>): Promise<VerbResult> {
  const { out } = chosen;
  const model = await openModel(args, chosen);
  const sample = await readSample(chosen, model);
  const test = await readTest(chosen, model);
  const folder = out === undefined ? undefined : await openOutFolder(out, reportFiles); // fails before the work
  const runtime = nodeWorkerRuntime(defined({ threads: chosen.threads }));
  try {
    const { victim, plan } = await prepare(runtime, model, sample, test, chosen);
    const key = keyOf(model, sample, test, plan, chosen);
    const journal = out === undefined ? undefined : await Journal.open(join(out, "partial"), key, { everyMs: 0 });
    const known = knownSteps(journal);
    onStop(() =>
      out === undefined
        ? "Nothing was written; with --out a stopped search goes on where it was."
        : `${journal!.kept} ${journal!.kept === 1 ? "step is" : "steps are"} kept in ${join(out, "partial")}; the same command goes on from there.`,
    );
    await folder?.clear();
    const result = await bitFlipAttack(victim, {
      ...defined({ test, aim: plan.aim, stopAccuracy: plan.stopAccuracy, stopSuccess: plan.stopSuccess }),
      ...defined({ maxSeconds: chosen.seconds, topK: chosen.topK }),
      maxFlips: chosen.flips,
      mostAtOnce: chosen.atOnce,
      goal: plan.aim ? "lower" : "raise",
      known,
      signal,
      async onProgress(event) {
        progress.show(progressText(event));
        if (event.kind !== "step" || event.step.iteration <= known.length) return;
        journal?.put("step", event.step.iteration, event.step, undefined);
        await journal?.flush();
      },
    });
    const rows = flipRows(model, result);
    const random =
      test && rows.length > 0 && chosen.randomTrials > 0
        ? await compare(victim, rows.length, test, model, { ...chosen, signal, show: progress.show.bind(progress) })
        : [];
    const document: AttackDocument = {
      model: model.name,
      bits: model.network.layers[0]!.bits,
      sample: { size: sample.images.shape[0]!, seed: chosen.seed, sha256: sample.sha256 },
      before: given(result.before),
      flips: rows,
      after: given(result.after),
      status: isReached(result, plan) ? "reached" : "not reached",
      stopped: result.stopped,
      seconds: result.seconds,
      hammingDistance: distanceOf(rows, model.network.layers[0]!.bits),
      file: { sha256: model.sha256, flippedSha256: sha256(flipped(model.bytes, rows)) },
      ...(random.length > 0 ? { random } : {}),
      command,
    };
    if (out !== undefined) await writeReport(out, model, document);
    await journal?.remove();
    return { result: document, text: () => attackText(document, out) };
  } finally {
    await runtime.release();
    folder?.release();
  }
}

/** The network in memory, with the loss that the plan is about. */
async function prepare(
  runtime: Runtime,
  { network }: QuantizedModel,
  sample: NamedSample,
  test: TestSet | undefined,
  chosen: GoalChoice,
): Promise<{ victim: GraphVictim; plan: Plan }> {
  const victim = await graphVictim(runtime, network, sample);
  const { images } = sample;
  const logits = await victim.logits(images);
  const classes = logits.length / images.shape[0]!;
  const plan = planOf(chosen, classes, test !== undefined);
  checkLabels(test, classes);
  if (!plan.targeted) return { victim, plan };
  await victim.release();
  const labels = sample.targets ?? largestOfRows(logits, classes);
  return { victim: await graphVictim(runtime, network, targetedSample(images, labels, plan.targeted)), plan };
}

/** As many random flips on the clean network. */
async function compare(
  victim: GraphVictim,
  flips: number,
  test: TestSet,
  { network }: QuantizedModel,
  options: { randomTrials: number; seed: number; signal: AbortSignal; show(text: string): void },
) {
  // The attack leaves its flips made.
  victim.set(
    network.layers.flatMap(({ values }, layer) => Array.from(values, (value, index) => ({ layer, index, value }))),
  );
  const points = await randomFlips(victim, {
    counts: [flips],
    trials: options.randomTrials,
    seed: options.seed,
    test,
    signal: options.signal,
    onProgress: ({ done, total }) => options.show(`random flips: trial ${done} of ${total}`),
  });
  return points.map(randomRow);
}

/** By what a search is the same as another: limits may change, the flips before them do not. */
function keyOf(
  model: QuantizedModel,
  sample: NamedSample,
  test: TestSet | undefined,
  { targeted }: Plan,
  { topK, atOnce }: { readonly topK?: number; readonly atOnce: number },
): RunKey {
  return {
    model: model.sha256,
    sample: sample.sha256,
    sampleLabels: sample.targets ? sha256(sample.targets) : null,
    test: test ? sha256(test.images.data) + sha256(test.labels) : null,
    targeted: targeted ?? null,
    topK: topK ?? null,
    atOnce,
  };
}

function isReached({ stopped }: AttackResult, { stopAccuracy, stopSuccess }: Plan): boolean {
  if (stopAccuracy === undefined && stopSuccess === undefined) return stopped !== "stuck";
  return stopped === "accuracy" || stopped === "success";
}

/** The steps of an earlier run, one after the other. */
function knownSteps(journal: Journal | undefined): AttackStep[] {
  const steps: AttackStep[] = [];
  for (let entry = journal?.get("step", 1); entry; entry = journal!.get("step", steps.length + 1)) {
    const step = entry.value as AttackStep;
    steps.push({ ...step, accuracy: step.accuracy ?? Number.NaN }); // JSON has no NaN
  }
  return steps;
}

function progressText(event: AttackProgress): string {
  if (event.kind === "layer") return `ranking the bits of layer ${event.done} of ${event.total}`;
  if (event.kind === "test") return `testing: ${event.done} of ${event.total} images`;
  const { flips, loss, accuracy, flipped: count } = event.step;
  const [first] = flips;
  return `${count} flips, the last in layer ${first!.layer}: loss ${loss.toFixed(3)}, accuracy ${(100 * accuracy).toFixed(1)} %`;
}
