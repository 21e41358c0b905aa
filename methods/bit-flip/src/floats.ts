// Floats as memory holds them: the bits of IEEE 754 as an unsigned integer. Bit 0 is the least significant of the fraction;
// above the fraction stands the exponent, above that the sign.
import { floatToHalf, halfToFloat } from "@reprise/engine";

export type FloatFormat = "float32" | "float16";

export const formatOfBits: Readonly<Record<number, FloatFormat>> = { 32: "float32", 16: "float16" };

const fractionBits = { float32: 23, float16: 10 } as const;
const exponentBits = { float32: 8, float16: 5 } as const;

const one = new Float32Array(1);
const oneAsBits = new Uint32Array(one.buffer);

/** The number that the bits stand for. */
export function floatOf(pattern: number, format: FloatFormat): number {
  if (format === "float16") return halfToFloat(pattern);
  oneAsBits[0] = pattern;
  return one[0]!;
}

/** The bits of the nearest number of the format. */
export function patternOf(value: number, format: FloatFormat): number {
  if (format === "float16") return floatToHalf(value);
  one[0] = value;
  return oneAsBits[0]!;
}

/** Places of the exponent's bits, the most significant first: 30 to 23, or 14 to 10. */
export function exponentPlaces(format: FloatFormat): readonly number[] {
  const [fraction, exponent] = [fractionBits[format], exponentBits[format]];
  return Array.from({ length: exponent }, (_, i) => fraction + exponent - 1 - i);
}
