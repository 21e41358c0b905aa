// reprise adversarial attack --attack NAME: any attack but the paper's own, at one or several ε.
import { join } from "node:path";
import {
  type Attack,
  type AttackResult,
  attackByName,
  type Classifier,
  curveFigure,
  imageSize,
  onnxClassifier,
  onnxScores,
  predictedLabel,
  quantised,
  randomTarget,
  runAttack,
  type ScoreDifferentiable,
  securityCurve,
  targeted,
  untargeted,
} from "@reprise/adversarial";
import { encodeNpy, ndArray } from "@reprise/data";
import { createFolder, readBytes, writeFileAtomic, writeImage } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import { ProgressLine, printResult, textTable } from "../../report.ts";
import type { AttackFlags } from "./attack-flags.ts";
import { examplesFor } from "./examples.ts";
import { interruption } from "./interruption.ts";
import { modelOptions, rangeOf } from "./model-flags.ts";
import { isPicture, savedAndRead, toUnit } from "./saved-image.ts";

/** Budgets where none are given, for pixels in [0, 1]. */
const budgets = { linf: [0.01, 0.03, 0.1, 0.3], l2: [0.3, 1, 3, 10], l0: [0.01, 0.03, 0.1, 0.3] } as const;

export async function namedAttackVerb(model: string, flags: AttackFlags): Promise<void> {
  const { ball, steps, seed, out, json } = flags;
  const range = rangeOf(flags);
  const [lower, upper] = range;
  if (out !== undefined) await createFolder(join(out, "images")); // fails before the work, not after it
  const make = (starts?: Float32Array): Attack => {
    const options = { ...(ball ? { norm: ball } : {}), ...(steps ? { steps } : {}), ...(starts ? { starts } : {}) };
    const bare = attackByName(flags.attack!, options);
    return flags.quantise === undefined ? bare : quantised(bare, 2 ** flags.quantise);
  };
  const { needs, kind, norm } = make();
  const scale = norm === "l0" ? 1 : upper - lower;
  const epsilons = flags.epsilons ?? (kind === "budget" ? budgets[norm].map((epsilon) => epsilon * scale) : []);
  const runtime = nodeRuntime();
  const progress = new ProgressLine();
  const { signal, done } = interruption("Nothing was written.");
  const started = performance.now();
  try {
    const bytes = await readBytes(model);
    const options = modelOptions(model, flags);
    // Cross-entropy as it is: sharpness is the paper's attack's.
    const classifier: Classifier & Partial<ScoreDifferentiable> =
      needs === "gradients"
        ? await onnxClassifier(runtime, bytes, { ...options, sharpness: 1 })
        : await onnxScores(runtime, bytes, options);
    const { images, labels } = await examplesFor(classifier, flags);
    const attack = make(images); // each image may be a start for the others, of attacks that take any
    const criterion = await criterionFor(classifier, images, labels, flags);
    const results = await runAttack(attack, classifier, images, criterion, {
      epsilons,
      lower,
      upper,
      seed,
      signal,
      onEvent: (event) =>
        progress.show(
          `${event.done} of ${event.rows} images${event.epsilon === null ? "" : ` at ε = ${event.epsilon}`}`,
        ),
    });
    progress.end();
    const saved: number[] = [];
    for (const result of results) saved.push(await savedSuccesses(classifier, result, labels, flags, range, criterion));
    const curve = securityCurve(results, images);
    const report = {
      model,
      criterion: criterion.name,
      images: labels.length,
      ...curve,
      results: results.map(({ epsilon, success, rows }, i) => ({
        epsilon,
        success: success.filter(Boolean).length,
        successSavedWith8Bits: saved[i]!,
        rows,
      })),
      settings: { seed, steps: steps ?? null, range, quantise: flags.quantise ?? null },
      seconds: (performance.now() - started) / 1000,
    };
    if (out !== undefined) {
      for (const result of results) await writeImages(out, classifier.inputShape, result, range);
      await writeFileAtomic(join(out, "curve.svg"), curveFigure([curve]));
      await writeFileAtomic(join(out, "results.csv"), csvOf(results));
      await writeFileAtomic(join(out, "results.json"), `${JSON.stringify(report, null, 2)}\n`);
    }
    printResult(json, report, () => textOf(report));
  } finally {
    progress.end();
    done();
    await runtime.release();
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
    throw new RangeError("--target all is of --attack lbfgs; others take a label, random, leastLikely or untargeted.");
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

/** How many of the successes are still there after saving as PNG. */
async function savedSuccesses(
  classifier: Classifier,
  { clipped, success }: AttackResult,
  labels: Int32Array,
  { target }: AttackFlags,
  range: readonly [number, number],
  criterion: { readonly labels: ArrayLike<number> },
): Promise<number> {
  const n = imageSize(classifier);
  const k = classifier.classes;
  const saved = await savedAndRead(clipped, classifier.inputShape, range);
  const logits = await classifier.logits(saved.subarray(0, labels.length * n), labels.length);
  return success.filter((won, row) => {
    const seen = predictedLabel(logits.subarray(row * k, (row + 1) * k));
    return won && (target === "untargeted" ? seen !== labels[row] : seen === criterion.labels[row]);
  }).length;
}

async function writeImages(
  out: string,
  shape: readonly number[],
  { epsilon, clipped, rows }: AttackResult,
  range: readonly [number, number],
): Promise<void> {
  const name = epsilon === null ? "minimal" : `epsilon-${epsilon}`;
  await writeFileAtomic(join(out, `${name}.npy`), encodeNpy(ndArray("float32", [rows.length, ...shape], clipped)));
  if (!isPicture(shape)) return;
  const n = shape.reduce((a, b) => a * b, 1);
  const digits = String(rows.length - 1).length;
  for (const { row } of rows) {
    const pixels = toUnit(clipped.slice(row * n, (row + 1) * n), range);
    const file = `${name}-${String(row).padStart(digits, "0")}.png`;
    await writeImage(join(out, "images", file), ndArray("float32", shape, pixels));
  }
}

function csvOf(results: readonly AttackResult[]): string {
  const fields = ["row", "status", "predictedBefore", "predictedAfter", "distortion", "l1", "l2", "lInfinity"] as const;
  const lines = results.flatMap(({ epsilon, rows }) =>
    rows.map((row) =>
      [epsilon ?? "", ...fields.map((field) => row[field]), row.forwardPasses, row.gradients].join(","),
    ),
  );
  return `${[`epsilon,${fields.join(",")},forwardPasses,gradients`, ...lines].join("\n")}\n`;
}

interface Report {
  readonly model: string;
  readonly attack: string;
  readonly criterion: string;
  readonly images: number;
  readonly meanDistance: number | null;
  readonly medianDistance: number | null;
  readonly results: readonly {
    readonly epsilon: number | null;
    readonly success: number;
    readonly successSavedWith8Bits: number;
    readonly rows: AttackResult["rows"];
  }[];
}

function textOf({ model, attack, criterion, images, meanDistance, medianDistance, results }: Report): string {
  const lines = results.map(({ epsilon, success, successSavedWith8Bits, rows }) => {
    const count = (status: string) => String(rows.filter((row) => row.status === status).length);
    return [
      epsilon === null ? "smallest" : String(epsilon),
      `${success} of ${images}`,
      `${(100 * (1 - success / images)).toFixed(1)} %`,
      count("alreadyAdversarial"),
      count("failed"),
      count("nonFinite"),
      `${successSavedWith8Bits} of ${success}`,
    ];
  });
  const head = ["ε", "succeeded", "robust", "already", "failed", "not finite", "after 8 bits"];
  const distances =
    meanDistance === null
      ? []
      : [
          "",
          `mean distance ${meanDistance.toFixed(5)}, median ${medianDistance!.toFixed(5)} (those that had to be moved)`,
        ];
  return [`${model}: ${attack}, ${criterion}`, textTable(head, lines), ...distances].join("\n");
}
