// Precision-recall curves as fastText's Python module and scikit-learn give them (tools/reference/fasttext_curves.py).
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { evaluate, Model } from "../src/index.ts";

type Points = readonly (readonly [precision: number, recall: number])[];
interface Curve {
  readonly curve: Points;
  readonly precisionAtRecall: readonly number[];
  readonly recallAtPrecision: readonly number[];
  /** To the lowest score; a label's only. */
  readonly sklearn?: Points;
}
const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url));
const facts = JSON.parse(fixture("curves.json").toString()) as {
  levels: readonly number[];
  models: Record<string, Record<string, Curve>>;
};

describe.each(Object.entries(facts.models))("%s", (name, curves) => {
  const model = Model.fromBytes(fixture(name));
  const evaluation = evaluate(model, [fixture("test.txt")], { k: -1, compat: true });

  test.each(Object.entries(curves))("%s", (label, theirs) => {
    const number = label === "all" ? undefined : model.labels.indexOf(label);
    const points = evaluation.curve(number);
    const rounded = (values: readonly number[]) => values.map((value) => Number(value.toFixed(12)));
    expect(points.map(({ precision, recall }) => rounded([precision, recall]))).toEqual(theirs.curve);
    for (const [i, level] of facts.levels.entries()) {
      expect(evaluation.precisionAtRecall(level, number)).toBeCloseTo(theirs.precisionAtRecall[i]!, 12);
      expect(evaluation.recallAtPrecision(level, number)).toBeCloseTo(theirs.recallAtPrecision[i]!, 12);
    }
    if (theirs.sklearn) expect(theirs.curve.slice(0, -1)).toEqual(theirs.sklearn.slice(0, theirs.curve.length - 1));
  });
});
