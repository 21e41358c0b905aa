import { expect, test } from "vitest";
import { bfloatToFloat, floatToHalf, halfToFloat } from "../src/ir/half.ts";

const bits = Array.from({ length: 1 << 16 }, (_, i) => i);

test("every binary16 survives the way to float and back", () => {
  const wrong = bits.filter((b) => {
    const x = halfToFloat(b);
    return Number.isNaN(x) ? floatToHalf(x) !== 0x7e00 : floatToHalf(x) !== b;
  });
  expect(wrong).toEqual([]);
});

test.each([
  [0x3c00, 1],
  [0xc000, -2],
  [0x7bff, 65504],
  [0x0400, 2 ** -14],
  [0x0001, 2 ** -24],
  [0x3555, 0.333251953125],
  [0xfc00, Number.NEGATIVE_INFINITY],
])("binary16 %i is %d, as IEEE 754 has it", (b, x) => expect(halfToFloat(b)).toBe(x));

test.each([
  ["between two goes to the even one, down", 1 + 2 ** -11, 0x3c00],
  ["between two goes to the even one, up", 1 + 3 * 2 ** -11, 0x3c02],
  ["just above the middle goes up", 1 + 2 ** -11 + 2 ** -20, 0x3c01],
  ["rounding carries into the exponent", 2 - 2 ** -12, 0x4000],
  ["the largest becomes a normal number", 2 ** -14 - 2 ** -26, 0x0400],
  ["half the smallest is 0", 2 ** -25, 0],
  ["too large is infinite", 65520, 0x7c00],
  ["just not too large", 65519.996, 0x7bff],
])("%s", (_, x, b) => expect(floatToHalf(x)).toBe(b));

test("a bfloat16 is the upper half of a float32", () => {
  const upper = new Uint16Array(new Float32Array([1, -3.140625, 2 ** 100]).buffer).filter((_, i) => i % 2 === 1);
  expect(Array.from(upper, bfloatToFloat)).toEqual([1, -3.140625, 2 ** 100]);
});
