// reprise bit-flip attack: from a model and a sample to the bits that break it.
import { join } from "node:path";
import { createFolder } from "@reprise/data/node";
import type { Runtime } from "@reprise/engine";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import { type Options, verb } from "@reprise/experiment";
import { type AttackProgress, type AttackResult, type AttackStep, bitFlipAttack, type TestSet } from "../attack.ts";
import { flipped } from "../flip-list.ts";
import { type GraphVictim, graphVictim, largestOfRows } from "../graph-victim.ts";
import { randomFlips } from "../random-flips.ts";
import { type AttackDocument, distanceOf, flipRows, given, randomRow } from "../report/document.ts";
import { attackText } from "../report/text.ts";
import { writeReport } from "../report/write.node.ts";
import { imageOptions, type NamedSample, readSample, readTest } from "../run/images.node.ts";
import { openJournal, type RunKey } from "../run/journal.node.ts";
import { defined, modelOptions, openModel, type QuantizedModel, sha256 } from "../run/model.node.ts";
import { type GoalChoice, type Plan, planOf } from "../run/plan.ts";
import { targetedSample } from "../targeted.ts";

const options = {
  ...modelOptions,
  ...imageOptions,
  stopAccuracy: {
    kind: "number",
    min: 0,
    max: 1,
    help: "accuracy on the test images to stop at; that of a guess if left out, 0.11 for 10 classes",
  },
  flips: { kind: "integer", min: 1, default: 1000, help: "most bits to flip" },
  seconds: { kind: "number", min: 0, help: "longest search" },
  topK: { kind: "integer", min: 1, help: "look only at so many weights of a layer, those with the largest gradients" },
  atOnce: {
    kind: "integer",
    min: 1,
    default: 10,
    help: "most bits of a layer to flip at once where one does not help",
  },
  target: { kind: "integer", min: 0, help: "class that images are to get: a targeted attack" },
  source: { kind: "integer", min: 0, help: "class whose images are to get it; all if left out" },
  stealthy: { kind: "flag", help: "with --source: all other images keep their answers" },
  stealthAsConstant: {
    kind: "flag",
    help: "with --stealthy: rank bits without the term that keeps answers, as the authors' program",
  },
  stopSuccess: {
    kind: "number",
    min: 0,
    max: 1,
    help: "with --target: share of the test images with it to stop at; 0.99 if left out",
  },
  randomTrials: { kind: "integer", min: 0, default: 3, help: "runs of as many random flips to compare with" },
  threads: { kind: "integer", min: 1, help: "threads of the search; all cores if left out" },
  out: {
    kind: "text",
    placeholder: "folder",
    help: "for the report, the quantised and the flipped file, and what a stopped search goes on from",
  },
} as const satisfies Options;

export const attack = verb({
  name: "attack",
  summary: "find the few bits whose flips break a quantised classifier",
  arguments: [{ name: "model", help: "ONNX file, float or quantised; or --network and --weights", optional: true }],
  options,
  async run({ args, options: chosen, signal, onStop, progress, command }) {
    const { out } = chosen;
    const model = await openModel(args, chosen);
    const sample = await readSample(chosen, model);
    const test = await readTest(chosen, model);
    const runtime = nodeWorkerRuntime(defined({ threads: chosen.threads }));
    try {
      const { victim, plan } = await prepare(runtime, model, sample, test, chosen);
      if (out !== undefined) await createFolder(out);
      const key = keyOf(model, sample, test, plan, chosen);
      const journal = out === undefined ? undefined : await openJournal<AttackStep>(join(out, "search.jsonl"), key);
      let found = journal?.known.length ?? 0;
      onStop(() =>
        out === undefined
          ? "Nothing was kept; with --out a stopped search goes on where it was."
          : `${found} ${found === 1 ? "step is" : "steps are"} kept in ${out}; the same command goes on from there.`,
      );
      try {
        const result = await bitFlipAttack(victim, {
          ...defined({ test, aim: plan.aim, stopAccuracy: plan.stopAccuracy, stopSuccess: plan.stopSuccess }),
          ...defined({ maxSeconds: chosen.seconds, topK: chosen.topK }),
          maxFlips: chosen.flips,
          mostAtOnce: chosen.atOnce,
          goal: plan.aim ? "lower" : "raise",
          known: (journal?.known ?? []).map(withNaN),
          signal,
          async onProgress(event) {
            progress.show(progressText(event));
            if (event.kind !== "step" || event.step.iteration <= found) return;
            await journal?.append(event.step);
            found = event.step.iteration;
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
        await journal?.close();
      }
    } finally {
      await runtime.release();
    }
  },
});

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

function checkLabels(test: TestSet | undefined, classes: number): void {
  const wrong = test?.labels.findIndex((label) => label < 0 || label >= classes) ?? -1;
  if (wrong >= 0)
    throw new RangeError(
      `Label ${wrong} of the test images is ${test!.labels[wrong]}; the model has classes 0 to ${classes - 1}.`,
    );
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
  const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
    sha256(new Uint8Array(buffer, byteOffset, byteLength));
  return {
    model: model.sha256,
    sample: sample.sha256,
    sampleLabels: sample.targets ? bytes(sample.targets) : null,
    test: test ? bytes(test.images.data) + bytes(test.labels) : null,
    targeted: targeted ?? null,
    topK: topK ?? null,
    atOnce,
  };
}

function isReached({ stopped }: AttackResult, { stopAccuracy, stopSuccess }: Plan): boolean {
  if (stopAccuracy === undefined && stopSuccess === undefined) return stopped !== "stuck";
  return stopped === "accuracy" || stopped === "success";
}

/** JSON has no NaN: an accuracy that was not measured comes back as null. */
const withNaN = (step: AttackStep): AttackStep => ({ ...step, accuracy: step.accuracy ?? Number.NaN });

function progressText(event: AttackProgress): string {
  if (event.kind === "layer") return `ranking the bits of layer ${event.done} of ${event.total}`;
  if (event.kind === "test") return `testing: ${event.done} of ${event.total} images`;
  const { flips, loss, accuracy, flipped: count } = event.step;
  const [first] = flips;
  return `${count} flips, the last in layer ${first!.layer}: loss ${loss.toFixed(3)}, accuracy ${(100 * accuracy).toFixed(1)} %`;
}
