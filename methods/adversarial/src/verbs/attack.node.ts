import { join } from "node:path";
import { csvOf, encodeNpy, isPicture, ndArray } from "@reprise/data";
import { createFolder, savedAndRead, writeChart, writeFileAtomic, writePictures } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import { textTable, UsageError, type VerbContext, type VerbResult } from "@reprise/experiment";
import { hashOf, type Journal, openOutFolder } from "@reprise/experiment/node";
import { readModelFile } from "@reprise/nn/node";
import { examplesFor, modelOptions, rangeOf } from "@reprise/nn/verbs";
import {
  type AttackSummary,
  attackMarkdown,
  attackSummary,
  curveFigure,
  type DifferentiableClassifier,
  distanceCurve,
  figure,
  given,
  histogramFigure,
  imageSize,
  leadingLabel,
  type OnnxClassifier,
  onnxClassifier,
  type Perturbation,
  perturb,
  quantised,
  runAttack,
  softmax,
  summaryHints,
  type TransferTable,
  targeted,
} from "../index.ts";
import { otherModels, shownTo, writeTransfer } from "./against.node.ts";
import { type AttackFlags, checkTarget } from "./attack-flags.node.ts";
import { openJournal, stoppedHint } from "./attack-runs.node.ts";
import { keptRows } from "./kept-rows.node.ts";
import { namedAttackVerb } from "./named-attack.node.ts";
import { attackFiles } from "./out-files.node.ts";
import { transferText } from "./transfer.node.ts";

/** Rows shown as text and in the figure; all of them are in the files. */
const SHOWN = 20;

export async function attackVerb(model: string, flags: AttackFlags, context: VerbContext): Promise<VerbResult> {
  if ((flags.attack ?? "lbfgs") !== "lbfgs") return namedAttackVerb(model, flags, context);
  const { signal, onStop, progress } = context;
  for (const flag of ["epsilons", "ball", "steps", "topK", "starts"] as const)
    if (flags[flag] !== undefined)
      throw new UsageError(
        `--${flag === "topK" ? "top-k" : flag} is of other attacks than lbfgs; choose one by --attack.`,
      );
  const range = rangeOf(flags);
  const [lower, upper] = range;
  const { target, seed, norm = "squared", sharpness = 2, bisections = 8, confidence = 0, out } = flags;
  const loss = flags.loss === "margin" ? "margin" : "crossEntropy";
  if (loss === "margin" && flags.sharpness !== undefined)
    throw new UsageError("--sharpness is of --loss cross-entropy; leave it out.");
  const folder = out === undefined ? undefined : await openOutFolder(out, attackFiles); // fails before the work
  if (out !== undefined) await createFolder(join(out, "images"));
  const runtime = nodeRuntime();
  onStop(() => stoppedHint(out, journal));
  const started = performance.now();
  let journal: Journal | undefined;
  try {
    const bytes = await readModelFile(model);
    const classifier = await onnxClassifier(runtime, bytes, { ...modelOptions(model, flags), sharpness, loss });
    checkTarget(classifier, target);
    const others = await otherModels(runtime, flags.against ?? [], flags, [model, classifier]);
    const { images, labels } = await examplesFor(classifier, flags);
    const rows = labels.length;
    const settings = {
      target,
      seed,
      norm,
      loss,
      sharpness: loss === "margin" ? null : sharpness,
      confidence,
      bisections,
      range,
      quantise: flags.quantise ?? null,
    };
    if (out !== undefined)
      journal = await openJournal(out, {
        attack: "lbfgs",
        ...settings,
        model: hashOf(bytes),
        images: hashOf(images, labels),
        format: modelOptions("", flags),
      });
    await folder?.clear();
    const found = await perturb(classifier, images, labels, {
      lower,
      upper,
      target,
      seed,
      norm,
      confidence,
      bisections,
      signal,
      ...(journal ? { kept: keptRows(journal, "lbfgs ") } : {}),
      onProgress: ({ kind, done: at, total }) => {
        if (kind === "row") progress.show(`${at} of ${total} images`);
      },
    });
    progress.end();

    const results =
      flags.quantise === undefined ? found : await onLattice(found, { classifier, images, flags, journal, signal });
    const n = imageSize(classifier);
    const adversarial = new Float32Array(rows * n);
    for (const { row, image } of results) adversarial.set(image, row * n);
    const after8Bit = await survivingBytes(classifier, adversarial, results, range, confidence);
    const sets = [{ name: `made for ${model}`, adversarial, amplify: true }];
    const shown = { attacked: [model, classifier], others, images, labels, seed, signal, sets } as const;
    const transfer = await shownTo(shown, flags);
    const seconds = (performance.now() - started) / 1000;
    const summary = summarise(model, results, after8Bit, seconds);
    const records = results.map((result, i) => recordOf(result, after8Bit[i]!));
    if (out !== undefined)
      await writeResults(out, {
        classifier,
        images,
        adversarial,
        results,
        records,
        summary,
        transfer,
        range,
        settings,
      });
    await journal?.remove();
    return {
      result: { ...summary, settings, transfer, rows: records },
      text: () =>
        [rowTable(records), "", summaryText(summary), ...(transfer ? ["", transferText(transfer)] : [])].join("\n"),
    };
  } finally {
    progress.end();
    await journal?.flush();
    await runtime.release();
    folder?.release();
  }
}

/** Results brought onto the lattice of 8-bit images, each still at its target where that can be done. */
async function onLattice(
  found: readonly Perturbation[],
  work: {
    readonly classifier: OnnxClassifier;
    readonly images: Float32Array;
    readonly flags: AttackFlags;
    readonly journal: Journal | undefined;
    readonly signal: AbortSignal;
  },
): Promise<Perturbation[]> {
  const { classifier, images, flags, journal, signal } = work;
  const [lower, upper] = rangeOf(flags);
  const n = imageSize(classifier);
  const adversarial = new Float32Array(images.length);
  for (const { row, image } of found) adversarial.set(image, row * n);
  const [result] = await runAttack(
    quantised(given(adversarial), 2 ** flags.quantise!),
    classifier,
    images,
    targeted(
      found.map(({ target }) => target),
      { confidence: flags.confidence ?? 0 },
    ),
    { lower, upper, signal, ...(journal ? { kept: keptRows(journal, "lattice ") } : {}) },
  );
  const logits = await classifier.logits(result!.clipped, found.length);
  const k = classifier.classes;
  return found.map((perturbation): Perturbation => {
    const { row, status } = perturbation;
    if (status !== "success" && status !== "failed") return perturbation;
    const image = result!.clipped.slice(row * n, (row + 1) * n);
    const { distortion, l1, l2, lInfinity, predictedAfter } = result!.rows[row]!;
    return {
      ...perturbation,
      status: result!.success[row] ? "success" : "failed",
      image,
      predictedAfter,
      probabilitiesAfter: softmax(logits.subarray(row * k, (row + 1) * k)),
      distortion,
      l1,
      l2,
      lInfinity,
    };
  });
}

/** Whether each result still has its target, by the lead asked for, after it is saved as PNG and read again. */
async function survivingBytes(
  classifier: DifferentiableClassifier,
  adversarial: Float32Array,
  results: readonly Perturbation[],
  range: readonly [number, number],
  confidence: number,
): Promise<boolean[]> {
  const saved = await savedAndRead(adversarial, classifier.inputShape, range);
  const { classes } = classifier;
  const logits = await classifier.logits(saved, results.length);
  return results.map(
    ({ status, target }, i) =>
      (status === "success" || status === "alreadyAdversarial") &&
      leadingLabel(logits.subarray(i * classes, (i + 1) * classes), confidence) === target,
  );
}

function recordOf(result: Perturbation, survives8Bit: boolean) {
  const { row, status, label, target, predictedBefore, predictedAfter, c, distortion, l1, l2, lInfinity } = result;
  const { probabilitiesBefore, probabilitiesAfter, gradients, forwardPasses, iterations } = result;
  return {
    row,
    status,
    label,
    target,
    predictedBefore,
    probabilityBefore: probabilitiesBefore[predictedBefore] ?? null,
    predictedAfter,
    probabilityAfter: probabilitiesAfter[predictedAfter] ?? null,
    c: Number.isFinite(c) ? c : null,
    distortion,
    l1,
    l2,
    lInfinity,
    survives8Bit,
    evaluations: gradients,
    gradients,
    forwardPasses,
    iterations,
  };
}
type RowRecord = ReturnType<typeof recordOf>;

function summarise(model: string, results: readonly Perturbation[], survives: readonly boolean[], seconds: number) {
  const saved = (status: string) => results.filter((row, i) => row.status === status && survives[i]).length;
  const { already, failed, nonFinite, meanDistortion, medianDistortion } = attackSummary(null, results, 0);
  return {
    model,
    images: results.length,
    success: results.filter(({ status }) => status === "success").length,
    failed,
    alreadyTarget: already,
    nonFinite,
    meanDistortion,
    medianDistortion,
    survives8Bit: saved("success"),
    seconds,
  };
}
type Summary = ReturnType<typeof summarise>;

async function writeResults(
  out: string,
  written: {
    readonly classifier: DifferentiableClassifier;
    readonly images: Float32Array;
    readonly adversarial: Float32Array;
    readonly results: readonly Perturbation[];
    readonly records: readonly RowRecord[];
    readonly summary: Summary;
    readonly transfer: TransferTable | undefined;
    readonly range: readonly [number, number];
    readonly settings: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  const { classifier, images, adversarial, results, records, summary, transfer, range, settings } = written;
  const { inputShape } = classifier;
  const [lower, upper] = range;
  await writeFileAtomic(
    join(out, "adversarial.npy"),
    encodeNpy(ndArray("float32", [results.length, ...inputShape], adversarial)),
  );
  await writeFileAtomic(join(out, "results.csv"), csvOf(records));
  const line: AttackSummary = attackSummary(null, results, records.filter(({ survives8Bit }) => survives8Bit).length);
  const report = { model: summary.model, attack: "L-BFGS", criterion: `target ${settings.target}`, settings };
  await writeFileAtomic(join(out, "results.md"), attackMarkdown({ ...report, results: [line] }));
  await writePictures(join(out, "images"), "", adversarial, inputShape, range);
  if (isPicture(inputShape))
    await writeChart(out, "figure", figure(images, results.slice(0, SHOWN), inputShape, { lower, upper }));
  const distances = results
    .filter(({ status }) => status !== "nonFinite")
    .map(({ status, l2 }) => (status === "success" ? l2 : status === "alreadyAdversarial" ? 0 : Infinity));
  await writeChart(out, "curve", curveFigure([distanceCurve("L-BFGS", "l2", distances)]));
  const moved = results.filter(({ status }) => status === "success");
  if (moved.length > 0) await writeChart(out, "histogram", histogramFigure(moved.map(({ distortion }) => distortion)));
  if (transfer) await writeTransfer(out, transfer);
  // Last, so that its presence says that the others are there.
  await writeFileAtomic(
    join(out, "results.json"),
    `${JSON.stringify({ ...summary, settings, transfer, rows: records }, null, 2)}\n`,
  );
}

function rowTable(records: readonly RowRecord[]): string {
  const percent = (p: number | null) => (p === null ? "–" : `${(100 * p).toFixed(1)} %`);
  const lines = records
    .slice(0, SHOWN)
    .map((r) => [
      String(r.row),
      r.status,
      `${r.predictedBefore} (${percent(r.probabilityBefore)})`,
      `${r.predictedAfter} (${percent(r.probabilityAfter)})`,
      String(r.target),
      r.distortion.toFixed(5),
      r.l2.toFixed(4),
      r.c === null ? "–" : r.c.toPrecision(3),
      r.survives8Bit ? "yes" : "no",
    ]);
  const head = ["image", "status", "before", "after", "target", "distortion", "L2", "c", "after 8 bits"];
  const more = records.length > SHOWN ? `\n… ${records.length - SHOWN} more; --json or --out gives all` : "";
  return textTable(head, lines) + more;
}

function summaryText(s: Summary): string {
  const others = (["failed", "alreadyTarget", "nonFinite"] as const).filter((status) => s[status] > 0);
  return [
    `${s.model}: ${s.success} of ${s.images} reached${others.map((status) => `, ${s[status]} ${status}`).join("")}`,
    s.meanDistortion === null
      ? "no distortion to report"
      : `mean distortion ${s.meanDistortion.toFixed(5)}, median ${s.medianDistortion!.toFixed(5)}; ` +
        `${s.survives8Bit} of ${s.success} still reach the target when saved with 8 bits`,
    ...summaryHints(s),
  ].join("\n");
}
