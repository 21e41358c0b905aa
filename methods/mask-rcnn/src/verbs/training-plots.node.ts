// A training's log as two charts: its losses, and COCO's AP of masks and boxes at each evaluation.
import { readFile } from "node:fs/promises";
import { type Chart, lineChart, type Point, svgDocument } from "@reprise/chart";
import { createFolder, writeChart } from "@reprise/data/node";

/** One line of the log: a step's losses, or the numbers of an evaluation. */
interface LogRecord {
  readonly step: number;
  readonly loss?: number;
  readonly mask?: Readonly<Record<string, number>>;
  readonly box?: Readonly<Record<string, number>>;
  readonly [name: string]: unknown;
}

const parts = {
  loss: "all five",
  loss_classifier: "classes",
  loss_box_reg: "boxes",
  loss_mask: "masks",
  loss_objectness: "proposals' objectness",
  loss_rpn_box_reg: "proposals' boxes",
} as const;

/** Points of a curve at most: each is a mean of the steps around it. */
const most = 200;

/** Writes loss.svg and .png, and ap.svg and .png where there was an evaluation, into a folder. */
export async function writeTrainingPlots(log: string, folder: string): Promise<void> {
  const records = (await readFile(log, "utf8"))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as LogRecord);
  await createFolder(folder);
  const steps = records.filter(({ loss }) => loss !== undefined);
  if (steps.length > 0) await writeChart(folder, "loss", svgDocument(lossChart(steps)));
  const judged = records.filter(({ mask }) => mask !== undefined);
  if (judged.length > 0) await writeChart(folder, "ap", svgDocument(apChart(judged)));
}

function lossChart(steps: readonly LogRecord[]): Chart {
  const series = Object.entries(parts).map(([key, name]) => ({
    name,
    points: means(steps.map((record) => ({ x: record.step, y: Number(record[key]) }))),
    ...(key === "loss" ? { colour: "#111111" } : {}),
  }));
  return lineChart(series, { title: "Losses by step", x: { label: "step" }, y: { label: "loss", scale: "log" } });
}

function apChart(judged: readonly LogRecord[]): Chart {
  const of = (name: string, kind: "mask" | "box", number: string) => ({
    name,
    mark: "disc" as const,
    // −1 where nothing of a size is in the data.
    points: judged.map((record) => ({ x: record.step, y: Math.max(record[kind]?.[number] ?? 0, 0) })),
  });
  return lineChart(
    [
      of("masks", "mask", "AP"),
      of("masks, AP50", "mask", "AP50"),
      of("masks, AP75", "mask", "AP75"),
      of("boxes", "box", "AP"),
    ],
    { title: "AP on the validation data by step", x: { label: "step" }, y: { label: "AP", domain: [0, 1] } },
  );
}

function means(points: readonly Point[]): Point[] {
  const each = Math.ceil(points.length / most);
  return Array.from({ length: Math.ceil(points.length / each) }, (_, i) => {
    const own = points.slice(i * each, (i + 1) * each);
    const mean = (of: (point: Point) => number) => own.reduce((sum, point) => sum + of(point), 0) / own.length;
    return { x: mean(({ x }) => x), y: mean(({ y }) => y) };
  });
}
