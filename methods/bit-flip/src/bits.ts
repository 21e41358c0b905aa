// Integers of N bits in two's complement, as memory holds them. Bit 0 is the least significant, bit N − 1 the sign.

/** N_q, the bits of a weight. */
export type Bits = number;

/** Smallest and largest integer of `bits` bits; a flip can reach both. */
export function integerRange(bits: Bits, signed = true): readonly [lowest: number, highest: number] {
  return signed ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
}

/** What bit `bit` adds to the integer when it is 1: 2^bit, and −2^(N−1) for the sign bit of a signed integer. */
export function bitWeight(bit: number, bits: Bits, signed = true): number {
  return signed && bit === bits - 1 ? -(2 ** bit) : 2 ** bit;
}

/** Whether the bit is 1. */
export function bitOf(value: number, bit: number): 0 | 1 {
  return ((value >> bit) & 1) as 0 | 1;
}

/** The integer with one bit inverted. */
export function flipBit(value: number, bit: number, bits: Bits, signed = true): number {
  return value + (bitOf(value, bit) ? -1 : 1) * bitWeight(bit, bits, signed);
}

/** How many of their `bits` bits differ. */
export function hammingDistance(a: number, b: number, bits: Bits): number {
  let differing = (a ^ b) & (2 ** bits - 1);
  let count = 0;
  for (; differing !== 0; differing &= differing - 1) count++;
  return count;
}
