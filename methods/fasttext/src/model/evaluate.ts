// Precision, recall, F1 and their curves over a labelled text.
import { isAsync, type TextSource, type WholeText } from "../text/source.ts";
import type { ClassifiedLine } from "./classifier.ts";
import { type Model, type PredictOptions, probabilityOf } from "./model.ts";

/** Counts of one label, or of all together. */
export interface LabelCounts {
  /** Occurrences in the text. */
  gold: number;
  predicted: number;
  /** Predicted where it occurs. */
  hits: number;
}

/** A point of the precision-recall curve. */
export interface CurvePoint {
  readonly precision: number;
  readonly recall: number;
}

/** hits/predicted; NaN when nothing was predicted. */
export const precision = ({ hits, predicted }: LabelCounts): number =>
  predicted === 0 ? Number.NaN : hits / predicted;
/** hits/gold; NaN when the label does not occur. */
export const recall = ({ hits, gold }: LabelCounts): number => (gold === 0 ? Number.NaN : hits / gold);
/** Harmonic mean of both; NaN when the label neither occurs nor is predicted. */
export const f1 = ({ hits, gold, predicted }: LabelCounts): number =>
  predicted + gold === 0 ? Number.NaN : (2 * hits) / (predicted + gold);

/** Figures of one label. */
export interface LabelFigures extends Readonly<LabelCounts> {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** What a test found. Labels are given by their text, or by their number. */
export class Evaluation {
  /** Lines with a known label and at least one row. */
  examples = 0;
  readonly all: LabelCounts = { gold: 0, predicted: 0, hits: 0 };
  readonly byLabel = new Map<number, LabelCounts>();
  readonly #scores = new Map<number, { score: number; gold: boolean }[]>();
  readonly #labels: readonly string[];
  #numbers: ReadonlyMap<string, number> | undefined;

  /** @param labels  texts of the labels, in their order */
  constructor(labels: readonly string[] = []) {
    this.#labels = labels;
  }

  add({ labels, rows, predicted, scores }: ClassifiedLine): void {
    if (labels.length === 0 || rows === 0) return;
    this.examples++;
    this.all.gold += labels.length;
    this.all.predicted += predicted.length;
    for (let i = 0; i < predicted.length; i++) {
      const label = predicted[i]!;
      const gold = labels.includes(label);
      const counts = this.counts(label);
      counts.predicted++;
      if (gold) {
        counts.hits++;
        this.all.hits++;
      }
      const list = this.#scores.get(label) ?? [];
      if (list.length === 0) this.#scores.set(label, list);
      list.push({ score: Math.min(1, probabilityOf(scores[i]!, true)), gold });
    }
    for (const label of labels) this.counts(label).gold++;
  }

  /** Counts of one label; zeros when it never came up. @throws RangeError for a label that the model does not have */
  counts(label: number | string): LabelCounts {
    const number = this.#number(label);
    let found = this.byLabel.get(number);
    if (!found) {
      found = { gold: 0, predicted: 0, hits: 0 };
      this.byLabel.set(number, found);
    }
    return found;
  }

  /** Figures of one label. Precision is NaN where it was never predicted, recall where it does not occur. */
  figures(label: number | string): LabelFigures {
    const counts = this.counts(label);
    return { ...counts, precision: precision(counts), recall: recall(counts), f1: f1(counts) };
  }

  /** Figures of every label of the model by its text. */
  perLabel(): Map<string, LabelFigures> {
    return new Map(this.#labels.map((label, number) => [label, this.figures(number)]));
  }

  #number(label: number | string): number {
    if (typeof label === "number") return label;
    this.#numbers ??= new Map(this.#labels.map((text, number) => [text, number]));
    const number = this.#numbers.get(label);
    if (number === undefined) throw new RangeError(`The model has no label "${label}".`);
    return number;
  }

  /**
   * Precision and recall as the least accepted probability falls; the last point is (1, 0). One label's, or all
   * labels' together. Labels that were not among the predictions count as missed: take k = −1 for the whole curve.
   */
  curve(label?: number | string): CurvePoint[] {
    const list =
      label === undefined ? [...this.#scores.values()].flat() : (this.#scores.get(this.#number(label)) ?? []).slice();
    const gold = label === undefined ? this.all.gold : this.counts(label).gold;
    list.sort((a, b) => b.score - a.score);
    const points: CurvePoint[] = [];
    let hits = 0;
    for (let i = 0; i < list.length; i++) {
      if (list[i]!.gold) hits++;
      if (list[i + 1]?.score === list[i]!.score) continue; // equal scores are one point
      points.push({ precision: hits / (i + 1), recall: gold === 0 ? Number.NaN : hits / gold });
      if (hits >= gold) break; // nothing is left to be found
    }
    if (list.length > 0) points.push({ precision: 1, recall: 0 });
    return points;
  }

  /** The best precision among the points with at least this recall (0 to 1); 0 when there is none. */
  precisionAtRecall(least: number, label?: number | string): number {
    return this.curve(label).reduce((best, p) => (p.recall >= least ? Math.max(best, p.precision) : best), 0);
  }

  /** The best recall among the points with at least this precision (0 to 1); 0 when there is none. */
  recallAtPrecision(least: number, label?: number | string): number {
    return this.curve(label).reduce((best, p) => (p.precision >= least ? Math.max(best, p.recall) : best), 0);
  }
}

/** Tests a model on a labelled text; at once, or in time where the text comes in as time goes by. */
export function evaluate(model: Model, text: WholeText, options?: PredictOptions): Evaluation;
export function evaluate(
  model: Model,
  text: Exclude<TextSource, WholeText>,
  options?: PredictOptions,
): Promise<Evaluation>;
export function evaluate(model: Model, text: TextSource, options?: PredictOptions): Evaluation | Promise<Evaluation>;
export function evaluate(
  model: Model,
  text: TextSource,
  options: PredictOptions = {},
): Evaluation | Promise<Evaluation> {
  const evaluation = new Evaluation(model.labels);
  if (isAsync(text)) return evaluateLater(model, text, options, evaluation);
  for (const line of model.classify(text, options)) evaluation.add(line);
  return evaluation;
}

async function evaluateLater(
  model: Model,
  text: TextSource,
  options: PredictOptions,
  evaluation: Evaluation,
): Promise<Evaluation> {
  for await (const line of model.classifyLater(text, options)) evaluation.add(line);
  return evaluation;
}
