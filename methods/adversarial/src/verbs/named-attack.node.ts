// reprise adversarial attack --attack NAME: any attack but the paper's own, at one or several ε.
import { join } from "node:path";
import { csvOf, encodeNpy, isPicture, ndArray } from "@reprise/data";
import { createFolder, savedAndRead, writeChart, writeFileAtomic, writePictures } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import { textTable, UsageError, type VerbContext, type VerbResult } from "@reprise/experiment";
import { hashOf, type Journal, openOutFolder } from "@reprise/experiment/node";
import { readModelFile } from "@reprise/nn/node";
import { examplesFor, modelOptions, rangeOf, readImagesFor } from "@reprise/nn/verbs";
import {
  type Attack,
  type AttackResult,
  type AttackSummary,
  attackByName,
  attackMarkdown,
  attackSummary,
  type Classifier,
  type Criterion,
  curveFigure,
  figure,
  histogramFigure,
  imageSize,
  onnxClassifier,
  onnxScores,
  quantised,
  randomTarget,
  reached,
  runAttack,
  type ScoreDifferentiable,
  type SecurityCurve,
  securityCurve,
  summaryCells,
  summaryHead,
  summaryHints,
  type TransferTable,
  targeted,
  untargeted,
} from "../index.ts";
import { otherModels, shownTo, writeTransfer } from "./against.node.ts";
import { type AttackFlags, checkTarget } from "./attack-flags.node.ts";
import { openJournal, stoppedHint } from "./attack-runs.node.ts";
import { keptRows } from "./kept-rows.node.ts";
import { attackFiles } from "./out-files.node.ts";
import { transferText } from "./transfer.node.ts";

/** Budgets where none are given, for pixels in [0, 1]. */
const budgets = { linf: [0.01, 0.03, 0.1, 0.3], l2: [0.3, 1, 3, 10], l0: [0.01, 0.03, 0.1, 0.3] } as const;

export async function namedAttackVerb(
  model: string,
  flags: AttackFlags,
  { signal, onStop, progress }: VerbContext,
): Promise<VerbResult> {
  const { ball, steps, seed, out } = flags;
  const range = rangeOf(flags);
  const [lower, upper] = range;
  if (flags.starts !== undefined && flags.attack !== "hopskipjump")
    throw new UsageError("--starts is of --attack hopskipjump; others start from the image itself.");
  for (const flag of ["norm", "loss", "sharpness", "bisections"] as const)
    if (flags[flag] !== undefined)
      throw new UsageError(`--${flag} is of --attack lbfgs; other attacks have losses and searches of their own.`);
  if (steps !== undefined && flags.attack === "fgsm")
    throw new UsageError("--steps: fgsm takes one step; bim takes several.");
  const make = (starts?: Float32Array): Attack => {
    const options = { ...(ball ? { norm: ball } : {}), ...(steps ? { steps } : {}), ...(starts ? { starts } : {}) };
    const bare = attackByName(flags.attack!, options);
    return flags.quantise === undefined ? bare : quantised(bare, 2 ** flags.quantise);
  };
  const { needs, kind, norm } = ofOptions(make);
  const folder = out === undefined ? undefined : await openOutFolder(out, attackFiles); // fails before the work
  if (out !== undefined) await createFolder(join(out, "images"));
  const scale = norm === "l0" ? 1 : upper - lower;
  const epsilons = flags.epsilons ?? (kind === "budget" ? budgets[norm].map((epsilon) => epsilon * scale) : []);
  const runtime = nodeRuntime();
  onStop(() => stoppedHint(out, journal));
  const started = performance.now();
  let journal: Journal | undefined;
  try {
    const bytes = await readModelFile(model);
    const options = modelOptions(model, flags);
    // Cross-entropy as it is: sharpness is the paper's attack's.
    const classifier: Classifier & Partial<ScoreDifferentiable> =
      needs === "gradients"
        ? await onnxClassifier(runtime, bytes, { ...options, sharpness: 1 })
        : await onnxScores(runtime, bytes, options);
    checkTarget(classifier, flags.target);
    const others = await otherModels(runtime, flags.against ?? [], flags, [model, classifier]);
    const { images, labels } = await examplesFor(classifier, flags);
    const { resize = false, starts } = flags;
    const given =
      starts === undefined ? undefined : (await readImagesFor(starts, classifier.inputShape, { resize, range })).images;
    const attack = make(given);
    const criterion = await criterionFor(classifier, images, labels, flags);
    const { confidence = 0, topK = 1 } = flags;
    const settings = { target: flags.target, seed, steps: steps ?? null, confidence, topK, range };
    const quantise = flags.quantise ?? null;
    if (out !== undefined)
      journal = await openJournal(out, {
        attack: attack.name,
        ...settings,
        quantise,
        model: hashOf(bytes),
        images: hashOf(images, labels),
        starts: given ? hashOf(given) : null,
        format: modelOptions("", flags),
      });
    await folder?.clear();
    const results = await runAttack(attack, classifier, images, criterion, {
      epsilons,
      lower,
      upper,
      seed,
      signal,
      ...(journal ? { kept: keptRows(journal) } : {}),
      onProgress: (event) =>
        progress.show(
          `${event.done} of ${event.total} images${event.epsilon === null ? "" : ` at ε = ${event.epsilon}`}`,
        ),
    });
    progress.end();
    const summaries: AttackSummary[] = [];
    for (const result of results)
      summaries.push(
        attackSummary(result.epsilon, result.rows, await savedSuccesses(classifier, result, range, criterion)),
      );
    const curve = securityCurve(results, images);
    const sets = results.map(({ epsilon, clipped }) => ({
      name: `made for ${model}${epsilon === null ? "" : `, ε = ${epsilon}`}`,
      adversarial: clipped,
      amplify: epsilon === null,
    }));
    const shown = { attacked: [model, classifier], others, images, labels, seed, signal, sets } as const;
    const transfer = await shownTo(shown, flags);
    const report = {
      model,
      criterion: criterion.name,
      images: labels.length,
      ...curve,
      results: summaries.map((summary, i) => ({ ...summary, rows: results[i]!.rows })),
      settings: { ...settings, quantise },
      transfer,
      seconds: (performance.now() - started) / 1000,
    };
    if (out !== undefined) await writeResults(out, { classifier, images, results, curve, range, report });
    await journal?.remove();
    return { result: report, text: () => textOf(report) };
  } finally {
    progress.end();
    await journal?.flush();
    await runtime.release();
    folder?.release();
  }
}

/** `--target` for these attacks: untargeted, the least likely label, a random wrong one or a number. */
async function criterionFor(
  classifier: Classifier,
  images: Float32Array,
  labels: Int32Array,
  { target, seed, confidence = 0, topK = 1 }: AttackFlags,
) {
  const options = { confidence, topK };
  if (target === "untargeted") return untargeted(labels, options);
  if (target === "all")
    throw new UsageError("--target all is of --attack lbfgs; others take a label, random, leastLikely or untargeted.");
  if (typeof target === "number")
    return targeted(
      labels.map(() => target),
      options,
    );
  const k = classifier.classes;
  const logits = await classifier.logits(images, labels.length);
  const targets = labels.map((label, row) => {
    if (target === "leastLikely") {
      const scores = logits.subarray(row * k, (row + 1) * k);
      return scores.indexOf(Math.min(...scores));
    }
    return randomTarget(seed, row, label, k);
  });
  return targeted(targets, options);
}

/** @throws UsageError in the words of flags for what an attack does not come in */
function ofOptions(make: () => Attack): Attack {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(error.message.replace("leave out the norm", "leave out --ball"), { cause: error });
  }
}

/** How many of the successes meet the whole criterion, lead and top k included, after saving as PNG. */
async function savedSuccesses(
  classifier: Classifier,
  { clipped, success }: AttackResult,
  range: readonly [number, number],
  criterion: Criterion,
): Promise<number> {
  const k = classifier.classes;
  const saved = await savedAndRead(clipped, classifier.inputShape, range);
  const logits = await classifier.logits(saved, success.length);
  return success.filter((won, row) => won && reached(criterion.goalOf(row), logits.subarray(row * k, (row + 1) * k)))
    .length;
}

/** Rows in the figure; all of them are in the files. */
const SHOWN = 20;

async function writeResults(
  out: string,
  written: {
    readonly classifier: Classifier;
    readonly images: Float32Array;
    readonly results: readonly AttackResult[];
    readonly curve: SecurityCurve;
    readonly range: readonly [number, number];
    readonly report: Report;
  },
): Promise<void> {
  const { classifier, images, results, curve, range, report } = written;
  const [lower, upper] = range;
  const shape = classifier.inputShape;
  const n = imageSize(classifier);
  for (const { epsilon, clipped, rows } of results) {
    const name = epsilon === null ? "minimal" : `epsilon-${epsilon}`;
    await writeFileAtomic(join(out, `${name}.npy`), encodeNpy(ndArray("float32", [rows.length, ...shape], clipped)));
    await writePictures(join(out, "images"), `${name}-`, clipped, shape, range);
    if (!isPicture(shape)) continue;
    const shown = rows.slice(0, SHOWN).map((row) => ({ ...row, image: clipped.slice(row.row * n, (row.row + 1) * n) }));
    await writeChart(out, `figure-${name}`, figure(images, shown, shape, { lower, upper }));
  }
  await writeChart(out, "curve", curveFigure([curve]));
  const moved = (results.find(({ epsilon }) => epsilon === null)?.rows ?? []).filter(
    ({ status }) => status === "success",
  );
  if (moved.length > 0) await writeChart(out, "histogram", histogramFigure(moved.map(({ distortion }) => distortion)));
  await writeFileAtomic(
    join(out, "results.csv"),
    csvOf(results.flatMap(({ epsilon, rows }) => rows.map((row) => ({ epsilon, ...row })))),
  );
  await writeFileAtomic(
    join(out, "curve.csv"),
    csvOf(
      curve.points.map(({ epsilon, robust: { rate, low, high, of } }) => ({ epsilon, robust: rate, low, high, of })),
    ),
  );
  if (report.transfer) await writeTransfer(out, report.transfer);
  await writeFileAtomic(join(out, "results.md"), attackMarkdown(report));
  // Last, so that its presence says that the others are there.
  await writeFileAtomic(join(out, "results.json"), `${JSON.stringify(report, null, 2)}\n`);
}

interface Report {
  readonly model: string;
  readonly attack: string;
  readonly criterion: string;
  readonly meanDistance: number | null;
  readonly medianDistance: number | null;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly transfer: TransferTable | undefined;
  readonly results: readonly (AttackSummary & { readonly rows: AttackResult["rows"] })[];
}

function textOf({ model, attack, criterion, meanDistance, medianDistance, results, transfer }: Report): string {
  const [first] = results;
  return [
    `${model}: ${attack}, ${criterion}`,
    textTable(summaryHead, results.map(summaryCells)),
    "",
    ...(meanDistance === null
      ? []
      : [
          `mean distance ${meanDistance.toFixed(5)}, median ${medianDistance!.toFixed(5)} (those that had to be moved)`,
        ]),
    // At several ε images that fail are what is measured.
    ...summaryHints(first!.epsilon === null || results.length === 1 ? first! : { ...first!, failed: 0 }),
    ...reasonsOf(first!.rows),
    ...(transfer ? ["", transferText(transfer)] : []),
  ]
    .join("\n")
    .trimEnd();
}

/** Why searches did not begin, each reason once, with the option that mends it. */
function reasonsOf(rows: AttackResult["rows"]): string[] {
  const counts = new Map<string, number>();
  for (const { reason } of rows) if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(
    ([reason, count]) =>
      `${count} of ${rows.length} searches did not begin: ${reason} Give images to start from with --starts PATH.`,
  );
}
