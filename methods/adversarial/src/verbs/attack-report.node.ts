// What `reprise adversarial attack` gives: one JSON document, files and text, whichever attack was run.
import { join } from "node:path";
import { csvOf, encodeNpy, isPicture, ndArray } from "@reprise/data";
import { writeChart, writeFileAtomic, writePictures } from "@reprise/data/node";
import { textTable } from "@reprise/experiment";
import {
  type AttackResult,
  type AttackRow,
  type AttackSummary,
  attackMarkdown,
  attackSummary,
  curveFigure,
  figure,
  histogramFigure,
  type SecurityCurve,
  summaryCells,
  summaryHead,
  summaryHints,
  type TransferTable,
} from "../index.ts";
import { writeTransfer } from "./against.node.ts";
import { transferText } from "./transfer.node.ts";

/** Rows shown as text and in figures; all of them are in the files. */
const SHOWN = 20;

export interface AttackReport extends SecurityCurve {
  readonly model: string;
  readonly criterion: string;
  readonly images: number;
  /** One for each ε; an attack that looks for the smallest perturbation begins with that, ε null. */
  readonly results: readonly (AttackSummary & { readonly rows: readonly ReportedRow[] })[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly transfer: TransferTable | undefined;
  readonly seconds: number;
}

/** A row as reports have it; `c` and `iterations` are of the paper's attack. */
type ReportedRow = ReturnType<typeof reportedRow>;

function reportedRow(result: AttackRow, savedWith8Bits: boolean) {
  const { row, status, label, target, predictedBefore, predictedAfter, distortion, l1, l2, lInfinity } = result;
  const { probabilitiesBefore, probabilitiesAfter, gradients, forwardPasses, c, iterations, reason } = result;
  return {
    row,
    status,
    label,
    target,
    predictedBefore,
    probabilityBefore: probabilitiesBefore[predictedBefore] ?? null,
    predictedAfter,
    probabilityAfter: probabilitiesAfter[predictedAfter] ?? null,
    ...(c === undefined ? {} : { c: Number.isFinite(c) ? c : null }),
    distortion,
    l1,
    l2,
    lInfinity,
    savedWith8Bits,
    gradients,
    forwardPasses,
    ...(iterations === undefined ? {} : { iterations }),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** @param saved  for each row whether its success is still there after saving with 8 bits */
export function resultOf({ epsilon, rows }: AttackResult, saved: readonly boolean[]): AttackReport["results"][number] {
  return {
    ...attackSummary(epsilon, rows, saved.filter(Boolean).length),
    rows: rows.map((row, i) => reportedRow(row, saved[i]!)),
  };
}

/** Names of the files of a result. */
function namesOf(attack: string, epsilon: number | null) {
  if (epsilon !== null) {
    const name = `epsilon-${epsilon}`;
    return { images: name, pictures: `${name}-`, figure: `figure-${name}` };
  }
  return attack === "lbfgs"
    ? { images: "adversarial", pictures: "", figure: "figure" }
    : { images: "minimal", pictures: "minimal-", figure: "figure-minimal" };
}

export async function writeResults(
  out: string,
  report: AttackReport,
  written: {
    readonly results: readonly AttackResult[];
    readonly images: Float32Array;
    readonly inputShape: readonly number[];
    readonly range: readonly [number, number];
    /** The attack, by its name on the command line. */
    readonly of: string;
  },
): Promise<void> {
  const { results, images, inputShape: shape, range, of } = written;
  const [lower, upper] = range;
  const n = shape.reduce((a, b) => a * b, 1);
  for (const { epsilon, clipped, rows } of results) {
    const names = namesOf(of, epsilon);
    const array = encodeNpy(ndArray("float32", [rows.length, ...shape], clipped));
    await writeFileAtomic(join(out, `${names.images}.npy`), array);
    await writePictures(join(out, "images"), names.pictures, clipped, shape, range);
    if (!isPicture(shape)) continue;
    const shown = rows.slice(0, SHOWN).map((row) => ({ ...row, image: clipped.slice(row.row * n, (row.row + 1) * n) }));
    await writeChart(out, names.figure, figure(images, shown, shape, { lower, upper }));
  }
  await writeChart(out, "curve", curveFigure([report]));
  const smallest = report.results.find(({ epsilon }) => epsilon === null)?.rows ?? [];
  const moved = smallest.filter(({ status }) => status === "success");
  if (moved.length > 0) await writeChart(out, "histogram", histogramFigure(moved.map(({ distortion }) => distortion)));
  const records = report.results.flatMap(({ epsilon, rows }) => rows.map((row) => ({ epsilon, ...row })));
  await writeFileAtomic(join(out, "results.csv"), csvOf(records));
  const points = report.points.map(({ epsilon, robust: { rate, low, high, of: count } }) => {
    return { epsilon, robust: rate, low, high, of: count };
  });
  await writeFileAtomic(join(out, "curve.csv"), csvOf(points));
  if (report.transfer) await writeTransfer(out, report.transfer);
  await writeFileAtomic(join(out, "results.md"), attackMarkdown(report));
  // Last, so that its presence says that the others are there.
  await writeFileAtomic(join(out, "results.json"), `${JSON.stringify(report, null, 2)}\n`);
}

export function textOf(report: AttackReport): string {
  const { model, attack, criterion, meanDistance, medianDistance, results, transfer } = report;
  const [first] = results;
  const single = results.length === 1;
  return [
    ...(single ? [rowTable(first!.rows), ""] : []),
    `${model}: ${attack}, ${criterion}`,
    textTable(summaryHead, results.map(summaryCells)),
    "",
    ...(meanDistance === null
      ? []
      : [
          `mean distance ${meanDistance.toFixed(5)}, median ${medianDistance!.toFixed(5)} (those that had to be moved)`,
        ]),
    // At several ε images that fail are what is measured.
    ...summaryHints(first!.epsilon === null || single ? first! : { ...first!, failed: 0 }),
    ...reasonsOf(first!.rows),
    ...(transfer ? ["", transferText(transfer)] : []),
  ]
    .join("\n")
    .trimEnd();
}

function rowTable(rows: readonly ReportedRow[]): string {
  const percent = (p: number | null) => (p === null ? "–" : `${(100 * p).toFixed(1)} %`);
  const hasC = rows.some(({ c }) => c !== undefined);
  const lines = rows
    .slice(0, SHOWN)
    .map((r) => [
      String(r.row),
      r.status,
      `${r.predictedBefore} (${percent(r.probabilityBefore)})`,
      `${r.predictedAfter} (${percent(r.probabilityAfter)})`,
      r.target === null ? "–" : String(r.target),
      r.distortion.toFixed(5),
      r.l2.toFixed(4),
      ...(hasC ? [r.c == null ? "–" : r.c.toPrecision(3)] : []),
      r.savedWith8Bits ? "yes" : "no",
    ]);
  const columns = ["image", "status", "before", "after", "target", "distortion", "L2"];
  const more = rows.length > SHOWN ? `\n… ${rows.length - SHOWN} more; --json or --out gives all` : "";
  return textTable([...columns, ...(hasC ? ["c"] : []), "after 8 bits"], lines) + more;
}

/** Why searches did not begin, each reason once, with the option that mends it. */
function reasonsOf(rows: readonly ReportedRow[]): string[] {
  const counts = new Map<string, number>();
  for (const { reason } of rows) if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(
    ([reason, count]) =>
      `${count} of ${rows.length} searches did not begin: ${reason} Give images to start from with --starts PATH.`,
  );
}
