import { Random } from "@reprise/data";
import { type Layout, unflatten } from "@reprise/engine";
import { describe, expect, test } from "vitest";
import {
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Init,
  initialize,
  normal,
  torchDefault,
  zeros,
} from "../src/index.ts";

const layout: Layout = { "conv.weight": [50, 4, 5, 5], "conv.bias": [50], "fc.weight": [40, 100], "fc.bias": [40] };
const fans = { conv: { in: 100, out: 1250 }, fc: { in: 100, out: 40 } };
const variance = (xs: Float32Array) => xs.reduce((sum, x) => sum + x * x, 0) / xs.length;

describe("bounds and variances", () => {
  const cases: [name: string, init: Init, expected: (f: { in: number; out: number }) => number, uniform: boolean][] = [
    ["heUniform", heUniform, (f) => 2 / f.in, true],
    ["heNormal", heNormal, (f) => 2 / f.in, false],
    ["glorotUniform", glorotUniform, (f) => 2 / (f.in + f.out), true],
    ["glorotNormal", glorotNormal, (f) => 2 / (f.in + f.out), false],
    ["torchDefault", torchDefault, (f) => 1 / (3 * f.in), true],
    ["normal(0.02)", normal(0.02), () => 4e-4, false],
  ];
  test.each(cases)("%s", (_, weight, expected, isUniform) => {
    const arrays = unflatten(initialize(layout, new Random(1), { weight, bias: zeros }), layout);
    for (const name of ["conv", "fc"] as const) {
      const { data } = arrays[`${name}.weight`]!;
      const sigma2 = expected(fans[name]);
      // The variance of n = 4000 or 5000 draws wobbles by √(2/n) ≈ 2 % (normal): 10 % is 4.5 σ or more.
      expect(variance(data) / sigma2).toBeGreaterThan(0.9);
      expect(variance(data) / sigma2).toBeLessThan(1.1);
      const largest = Math.max(...data.map(Math.abs));
      const bound = Math.sqrt(3 * sigma2);
      if (isUniform) expect(largest).toBeLessThanOrEqual(Math.fround(bound));
      else expect(largest).toBeGreaterThan(bound * 1.2);
      if (isUniform) expect(largest).toBeGreaterThan(bound * 0.99);
    }
    expect(arrays["fc.bias"]!.data.every((b) => b === 0)).toBe(true);
  });
});

test("a bias takes the fans of its layer's weight", () => {
  const { "conv.bias": bias } = unflatten(initialize(layout, new Random(2)), layout);
  expect(Math.max(...bias!.data.map(Math.abs))).toBeLessThanOrEqual(0.1);
  expect(Math.max(...bias!.data.map(Math.abs))).toBeGreaterThan(0.08);
  expect(() => initialize({ "a.bias": [3] }, new Random(1))).toThrow(/"a\.bias" has no weight beside it/);
});

test("a seed fixes every number", () => {
  expect(initialize(layout, new Random(5))).toEqual(initialize(layout, new Random(5)));
  expect(initialize(layout, new Random(5))).not.toEqual(initialize(layout, new Random(6)));
});
