import { join } from "node:path";
import {
  amplify,
  type DifferentiableClassifier,
  figure,
  gaussianControl,
  given,
  imageSize,
  type OnnxClassifier,
  onnxClassifier,
  type Perturbation,
  perturb,
  predictedLabel,
  quantised,
  runAttack,
  softmax,
  type TransferTable,
  targeted,
  transferTable,
} from "@reprise/adversarial";
import { encodeNpy, ndArray } from "@reprise/data";
import { createFolder, readBytes, writeFileAtomic, writeImage } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import { ProgressLine, printResult, textTable } from "../../report.ts";
import type { AttackFlags } from "./attack-flags.ts";
import { examplesFor } from "./examples.ts";
import { interruption } from "./interruption.ts";
import { modelOptions, rangeOf } from "./model-flags.ts";
import { namedAttackVerb } from "./named-attack.ts";
import { isPicture, savedAndRead, toUnit } from "./saved-image.ts";
import { transferText } from "./transfer.ts";

/** Rows shown as text and in the figure; all of them are in the files. */
const SHOWN = 20;

export async function attackVerb(model: string, flags: AttackFlags): Promise<void> {
  if ((flags.attack ?? "lbfgs") !== "lbfgs") return namedAttackVerb(model, flags);
  for (const flag of ["epsilons", "ball", "steps", "confidence", "topK"] as const)
    if (flags[flag] !== undefined)
      throw new RangeError(
        `--${flag === "topK" ? "top-k" : flag} is of other attacks than lbfgs; choose one by --attack.`,
      );
  const range = rangeOf(flags);
  const [lower, upper] = range;
  const { target, seed, norm, sharpness, bisections, out, json } = flags;
  if (out !== undefined) await createFolder(join(out, "images")); // fails before the work, not after it
  const runtime = nodeRuntime();
  const progress = new ProgressLine();
  const { signal, done } = interruption("Nothing was written.");
  const started = performance.now();
  try {
    const load = async (path: string) =>
      onnxClassifier(runtime, await readBytes(path), { ...modelOptions(path, flags), sharpness });
    const classifier = await load(model);
    const others: Record<string, DifferentiableClassifier> = {};
    for (const path of flags.against ?? []) others[path] = await load(path);
    const { images, labels } = await examplesFor(classifier, flags);
    const rows = labels.length;
    const found = await perturb(classifier, images, labels, {
      lower,
      upper,
      target,
      seed,
      norm,
      bisections,
      signal,
      onEvent: (event) => {
        if (event.kind === "row")
          progress.show(`${event.done} of ${event.rows} images, last ${event.result.distortion.toFixed(4)}`);
      },
    });
    progress.end();

    const results =
      flags.quantise === undefined ? found : await onLattice(found, { classifier, images, flags, signal });
    const n = imageSize(classifier);
    const adversarial = new Float32Array(rows * n);
    for (const { row, image } of results) adversarial.set(image, row * n);
    const after8Bit = await survivingBytes(classifier, adversarial, results, range);
    const transfer =
      Object.keys(others).length > 0
        ? await transferTable(
            {
              "clean images": images,
              [`made for ${model}`]: adversarial,
              [`the same, amplified to ${0.1 * (upper - lower)}`]: amplify(
                images,
                adversarial,
                rows,
                0.1 * (upper - lower),
                { lower, upper },
              ),
              [`Gaussian noise, σ = ${0.1 * (upper - lower)}`]: gaussianControl(images, rows, 0.1 * (upper - lower), {
                seed,
                lower,
                upper,
              }),
            },
            { [model]: classifier, ...others },
            images,
            labels,
            { signal },
          )
        : undefined;
    const summary = summarise(model, results, after8Bit, (performance.now() - started) / 1000);
    const records = results.map((result, i) => recordOf(result, after8Bit[i]!));
    if (out !== undefined)
      await writeResults(out, { classifier, images, adversarial, results, records, summary, transfer, range });
    printResult(
      json,
      {
        ...summary,
        settings: { target, seed, norm, sharpness, bisections, range, quantise: flags.quantise ?? null },
        transfer,
        rows: records,
      },
      () => [rowTable(records), "", summaryText(summary), ...(transfer ? ["", transferText(transfer)] : [])].join("\n"),
    );
  } finally {
    progress.end();
    done();
    await runtime.release();
  }
}

/** Results brought onto the lattice of 8-bit images, each still at its target where that can be done. */
async function onLattice(
  found: readonly Perturbation[],
  work: {
    readonly classifier: OnnxClassifier;
    readonly images: Float32Array;
    readonly flags: AttackFlags;
    readonly signal: AbortSignal;
  },
): Promise<Perturbation[]> {
  const { classifier, images, flags, signal } = work;
  const [lower, upper] = rangeOf(flags);
  const n = imageSize(classifier);
  const adversarial = new Float32Array(images.length);
  for (const { row, image } of found) adversarial.set(image, row * n);
  const [result] = await runAttack(
    quantised(given(adversarial), 2 ** flags.quantise!),
    classifier,
    images,
    targeted(found.map(({ target }) => target)),
    { lower, upper, signal },
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

/** Whether each result still has its target after it is saved as PNG and read again. */
async function survivingBytes(
  classifier: DifferentiableClassifier,
  adversarial: Float32Array,
  results: readonly Perturbation[],
  range: readonly [number, number],
): Promise<boolean[]> {
  const saved = await savedAndRead(adversarial, classifier.inputShape, range);
  const { classes } = classifier;
  const logits = await classifier.logits(saved, results.length);
  return results.map(
    ({ status, target }, i) =>
      (status === "success" || status === "alreadyTarget") &&
      predictedLabel(logits.subarray(i * classes, (i + 1) * classes)) === target,
  );
}

function recordOf(result: Perturbation, survives8Bit: boolean) {
  const { row, status, label, target, predictedBefore, predictedAfter, c, distortion, l1, l2, lInfinity } = result;
  const { probabilitiesBefore, probabilitiesAfter, evaluations, forwardPasses, iterations } = result;
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
    evaluations,
    forwardPasses,
    iterations,
  };
}
type RowRecord = ReturnType<typeof recordOf>;

function summarise(model: string, results: readonly Perturbation[], survives: readonly boolean[], seconds: number) {
  const count = (status: string) => results.filter((result) => result.status === status).length;
  const reached = results.filter(({ status }) => status === "success");
  const distortions = reached.map(({ distortion }) => distortion).sort((a, b) => a - b);
  const mean = distortions.reduce((a, b) => a + b, 0) / distortions.length;
  return {
    model,
    images: results.length,
    success: reached.length,
    failed: count("failed"),
    alreadyTarget: count("alreadyTarget"),
    nonFinite: count("nonFinite"),
    meanDistortion: reached.length > 0 ? mean : null,
    medianDistortion: distortions[distortions.length >> 1] ?? null,
    survives8Bit: results.filter(({ status }, i) => status === "success" && survives[i]).length,
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
  },
): Promise<void> {
  const { classifier, images, adversarial, results, records, summary, transfer, range } = written;
  const { inputShape } = classifier;
  await writeFileAtomic(
    join(out, "adversarial.npy"),
    encodeNpy(ndArray("float32", [results.length, ...inputShape], adversarial)),
  );
  const fields = Object.keys(records[0] ?? {}) as (keyof RowRecord)[];
  const csv = [fields.join(","), ...records.map((record) => fields.map((field) => record[field] ?? "").join(","))];
  await writeFileAtomic(join(out, "results.csv"), `${csv.join("\n")}\n`);
  if (isPicture(inputShape)) {
    const digits = String(results.length - 1).length;
    for (const { row, image } of results)
      await writeImage(
        join(out, "images", `${String(row).padStart(digits, "0")}.png`),
        ndArray("float32", inputShape, toUnit(image, range)),
      );
    await writeFileAtomic(
      join(out, "figure.svg"),
      figure(images, results.slice(0, SHOWN), inputShape, { lower: range[0], upper: range[1] }),
    );
  }
  // Last, so that its presence says that the others are there.
  await writeFileAtomic(
    join(out, "results.json"),
    `${JSON.stringify({ ...summary, transfer, rows: records }, null, 2)}\n`,
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
  ].join("\n");
}
