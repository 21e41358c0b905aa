import { describe, expect, it } from "vitest";
import { dequantize, quantize } from "../src/index.ts";

describe("quantize", () => {
  const weights = Float32Array.of(0.5, -1.27, 0.004, 0.635, 2.54, -0.02);

  it("8 bits of a layer: Δw = max|W| / 127, nearest multiples, −63.5 to −64", () => {
    const found = quantize(weights, [2, 3], { bits: 8 });
    expect([...found.step]).toEqual([Math.fround(Math.fround(2.54) / 127)]);
    expect([...found.values]).toEqual([25, -64, 0, 32, 127, -1]);
  });

  it("a step for each channel of either axis", () => {
    const rows = quantize(weights, [2, 3], { bits: 4, axis: 0 });
    expect([...rows.values]).toEqual([3, -7, 0, 2, 7, 0]);
    const columns = quantize(weights, [2, 3], { bits: 2, axis: 1 });
    expect([...columns.values]).toEqual([1, 0, 0, 1, 1, -1]);
  });

  it("halves go to the even neighbour, as PyTorch rounds", () => {
    expect([...quantize(Float32Array.of(0.5, 1.5, 2.5, -0.5, -1.5, 7), [6], { bits: 4 }).values]).toEqual(
      [0, 2, 2, -0, -2, 7].map((v) => v + 0),
    );
  });

  it("stays within ± (2^(N−1) − 1), and the error within half a step", () => {
    const many = Float32Array.from({ length: 200 }, (_, i) => Math.sin(3 * i) * (1 + (i % 7)));
    for (let bits = 2; bits <= 8; bits++) {
      const found = quantize(many, [50, 4], { bits, axis: 1 });
      const back = dequantize(found, [50, 4]);
      for (const [i, w] of many.entries()) {
        expect(Math.abs(found.values[i]!)).toBeLessThan(2 ** (bits - 1));
        expect(Math.abs(back[i]! - w)).toBeLessThanOrEqual((found.step[i % 4]! / 2) * (1 + 1e-5));
      }
    }
  });

  it("one bit: signs times the mean magnitude of the layer or the channel", () => {
    const w = Float32Array.of(1, -2, 3, 0, 5, -1);
    const layer = quantize(w, [2, 3], { bits: 1 });
    expect([...layer.values]).toEqual([0, -1, 0, 0, 0, -1]);
    expect([...dequantize(layer, [2, 3])]).toEqual([2, -2, 2, 2, 2, -2]);
    expect([...dequantize(quantize(w, [2, 3], { bits: 1, axis: 0 }), [2, 3])]).toEqual([2, -2, 2, 2, 2, -2]);
    expect([...dequantize(quantize(w, [2, 3], { bits: 1, axis: 1 }), [2, 3])]).toEqual([0.5, -3.5, 2, 0.5, 3.5, -2]);
  });

  it("zeros alone stay zeros", () => {
    const found = quantize(new Float32Array(4), [4], { bits: 8 });
    expect([...found.step]).toEqual([1]);
    expect([...found.values]).toEqual([0, 0, 0, 0]);
  });

  it("refuses what it cannot hold", () => {
    const w = Float32Array.of(1, Number.NaN);
    expect(() => quantize(w, [2], { bits: 9 })).toThrow("quantize: bits is 9; expected a whole number from 1 to 8.");
    expect(() => quantize(w, [2], { bits: 8, axis: 1 })).toThrow(
      "quantize: axis is 1; weights of [2] have axes 0 to 0.",
    );
    expect(() => quantize(w, [2], { bits: 8 })).toThrow("quantize: weight 1 is NaN; expected finite numbers.");
  });
});
