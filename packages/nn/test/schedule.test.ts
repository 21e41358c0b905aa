import { expect, test } from "vitest";
import { checkRecipe, constantRate, cosine, lenet, stepDecay, warmUp } from "../src/index.ts";

test("constant, step decay, cosine, warm-up at chosen steps", () => {
  expect([0, 7].map(constantRate(0.5))).toEqual([0.5, 0.5]);
  expect([0, 9, 10, 25].map(stepDecay(1, { every: 10, factor: 0.5 }))).toEqual([1, 1, 0.5, 0.25]);
  const half = cosine(2, { steps: 100, last: 1 });
  expect(half(0)).toBe(2);
  expect(half(50)).toBeCloseTo(1.5, 12);
  expect([100, 1000].map(half)).toEqual([1, 1]);
  const warm = warmUp(constantRate(1), { steps: 4, start: 0.2 });
  expect([0, 2, 4, 9].map(warm)).toEqual([0.2, 0.6000000000000001, 1, 1]);
});

test("cosine falls at every step", () => {
  const rate = cosine(1, { steps: 37 });
  for (let step = 0; step < 37; step++) expect(rate(step + 1)).toBeLessThan(rate(step));
});

test("settings out of range are named", () => {
  expect(() => cosine(1, { steps: 0 })).toThrow(/cosine: steps is 0; expected an integer from 1 up/);
  expect(() => checkRecipe({ ...lenet.recipe, epochs: 0.5 })).toThrow(/epochs is 0\.5/);
  expect(() => checkRecipe({ ...lenet.recipe, batchSize: 0 })).toThrow(/batch size is 0/);
  expect(() => checkRecipe({ ...lenet.recipe, learningRate: Number.NaN })).toThrow(/learning rate is NaN/);
  expect(() => checkRecipe({ ...lenet.recipe, momentum: 1 })).toThrow(/momentum is 1/);
});
