import { expect, test } from "vitest";
import { checkRecipe, constantRate, cosine, lenet, milestones, scheduleOf, stepDecay, warmUp } from "../src/index.ts";

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

test("milestones, and a recipe's schedule over its steps", () => {
  expect([0, 9, 10, 29, 30].map(milestones(1, { at: [10, 30], factor: 0.5 }))).toEqual([1, 1, 0.5, 0.5, 0.25]);
  const recipe = { ...lenet.recipe, learningRate: 1, epochs: 4, warmUpEpochs: 1 };
  // 4 epochs of 5 steps: up over the first 5, a tenth from step 10 on.
  const step = scheduleOf({ ...recipe, schedule: "step", milestones: [2] }, 20);
  expect([0, 4, 5, 9, 10, 19].map((at) => Number(step(at).toFixed(6)))).toEqual([0.2, 0.84, 1, 1, 0.1, 0.1]);
  expect(scheduleOf({ ...recipe, warmUpEpochs: 0 }, 20)(20)).toBe(0);
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
  expect(() => checkRecipe({ ...lenet.recipe, weightDecay: -1 })).toThrow(/weight decay is -1/);
  expect(() => checkRecipe({ ...lenet.recipe, warmUpEpochs: 99 })).toThrow(/warm-up is 99 epochs; expected 0 to the/);
  expect(() => checkRecipe({ ...lenet.recipe, schedule: "step", milestones: [0] })).toThrow(/milestones are 0/);
});
