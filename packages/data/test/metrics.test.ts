import {
  accuracy,
  confusionMatrix,
  mean,
  meanInterval,
  median,
  quantile,
  quantiles,
  rateOf,
  shareInterval,
} from "@reprise/data";
import { describe, expect, it } from "vitest";
import reference from "./fixtures/metrics.json" with { type: "json" };

describe(`against SciPy ${reference.scipy} and NumPy ${reference.numpy}`, () => {
  it.each(reference.means.map((c) => ({ ...c, count: c.values.length })))("mean of $count values", (c) => {
    const { mean, standardDeviation, low, high, count } = meanInterval(c.values);
    expect(count).toBe(c.values.length);
    // 1e-9: our t quantile above 1,000 degrees of freedom is a series.
    expect(mean).toBeCloseTo(c.mean, 9);
    expect(standardDeviation).toBeCloseTo(c.sd, 9);
    expect(low).toBeCloseTo(c.low, 9);
    expect(high).toBeCloseTo(c.high, 9);
  });

  it.each(reference.quantiles)("quantiles of $values", ({ values, qs, expected }) => {
    quantiles(values, qs).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 12);
    });
    expect(median(values)).toBeCloseTo(expected[3]!, 12);
  });

  it.each(reference.shares)("share $hits of $count", ({ hits, count, low, high }) => {
    const interval = shareInterval(hits, count);
    expect(interval.low).toBeCloseTo(low, 12);
    expect(interval.high).toBeCloseTo(high, 12);
    expect(interval.share).toBe(hits / count);
    expect(rateOf(hits, count)).toEqual({
      count: hits,
      of: count,
      rate: interval.share,
      low: interval.low,
      high: interval.high,
    });
  });
});

describe("accuracy and confusion", () => {
  const labels = [0, 0, 1, 2, 2, 2];
  const predicted = Int32Array.of(0, 1, 1, 2, 2, 0);

  it("counts", () => {
    expect(accuracy(predicted, labels)).toBe(4 / 6);
    expect(confusionMatrix(predicted, labels, { classes: 3 })).toEqual([
      [1, 1, 0],
      [0, 1, 0],
      [1, 0, 2],
    ]);
  });

  it("the diagonal of the confusion is the accuracy", () => {
    const matrix = confusionMatrix(predicted, labels, { classes: 4 });
    expect(matrix.reduce((sum, row, i) => sum + row[i]!, 0) / labels.length).toBe(accuracy(predicted, labels));
  });

  it("refuses what does not fit together", () => {
    expect(() => accuracy([1], [1, 2])).toThrow("1 predictions for 2 labels; expected as many, at least one");
    expect(() => accuracy([], [])).toThrow("0 predictions for 0 labels");
    expect(() => confusionMatrix([0, 3], [0, 1], { classes: 3 })).toThrow(
      "example 1 has label 1 and prediction 3; there are 3 classes, 0 to 2",
    );
    expect(() => confusionMatrix([0], [-1], { classes: 3 })).toThrow("example 0 has label -1");
  });
});

describe("corners", () => {
  it("one value has a mean and no interval", () => {
    expect(meanInterval([5])).toEqual({
      mean: 5,
      standardDeviation: Number.NaN,
      low: Number.NaN,
      high: Number.NaN,
      count: 1,
    });
  });

  it("leaves the values in their order, and handles infinities", () => {
    const values = [3, 1, 2];
    expect(median(values)).toBe(2);
    expect(values).toEqual([3, 1, 2]);
    expect(quantile([1, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY], 0.75)).toBe(Number.POSITIVE_INFINITY);
  });

  it("refuses what has no answer", () => {
    expect(() => meanInterval([])).toThrow("meanInterval: there are no values");
    expect(() => median([])).toThrow("quantile: there are no values");
    expect(() => median([1, Number.NaN])).toThrow("quantile: one of the values is NaN");
    expect(() => quantile([1], 1.5)).toThrow("quantile: q is 1.5; expected 0 to 1");
    expect(() => shareInterval(3, 2)).toThrow("shareInterval: 3 of 2 is not a share");
  });
});

it("a rate of none is everything; a mean of none is refused", () => {
  expect(rateOf(0, 0)).toEqual({ count: 0, of: 0, rate: Number.NaN, low: 0, high: 1 });
  expect(mean([1, 2, 6])).toBe(3);
  expect(() => mean([])).toThrow("mean: there are no values");
});
