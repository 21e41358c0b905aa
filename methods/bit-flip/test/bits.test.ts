import { describe, expect, it } from "vitest";
import { bitOf, bitWeight, flipBit, hammingDistance, integerRange } from "../src/index.ts";

const all = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((bits) => [true, false].map((signed) => ({ bits, signed })));

describe("bits", () => {
  for (const { bits, signed } of all)
    it(`${bits} bits, ${signed ? "signed" : "unsigned"}: two's complement, and flipping a bit twice gives the value back`, () => {
      const [lowest, highest] = integerRange(bits, signed);
      expect(highest - lowest + 1).toBe(2 ** bits);
      for (let value = lowest; value <= highest; value++) {
        const places = [...Array(bits).keys()];
        // A value is the sum of the weights of its bits.
        expect(places.reduce((sum, bit) => sum + bitOf(value, bit) * bitWeight(bit, bits, signed), 0)).toBe(value);
        for (const bit of places) {
          const flipped = flipBit(value, bit, bits, signed);
          expect(flipped).toBeGreaterThanOrEqual(lowest);
          expect(flipped).toBeLessThanOrEqual(highest);
          expect(hammingDistance(value, flipped, bits)).toBe(1);
          expect(flipBit(flipped, bit, bits, signed)).toBe(value);
        }
      }
    });

  it("as a typed array of 8 bits holds them", () => {
    for (let value = -128; value < 128; value++)
      for (let bit = 0; bit < 8; bit++) {
        const memory = Int8Array.of(value);
        new Uint8Array(memory.buffer)[0]! ^= 1 << bit;
        expect(flipBit(value, bit, 8)).toBe(memory[0]);
      }
  });

  it("the distance counts differing bits of N only", () => {
    expect(hammingDistance(-1, 0, 8)).toBe(8);
    expect(hammingDistance(-1, 0, 4)).toBe(4);
    expect(hammingDistance(5, 6, 8)).toBe(2);
  });
});
