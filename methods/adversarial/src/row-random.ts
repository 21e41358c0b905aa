/**
 * Uniform numbers in [0, 1) for one row, from the seed and the row's number alone: what a row draws does not depend on
 * the rows beside it. A 32-bit counter hashed by two rounds of multiply and shift; for noise and choices, not secrets.
 */
export function rowRandom(seed: number, row: number): () => number {
  const start = hash(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(row + 1, 0xc2b2ae35));
  let counter = 0;
  return () => hash(start ^ Math.imul(++counter, 0x9e3779b1)) / 2 ** 32;
}

/** Standard normal numbers for one row (Box and Muller, the cosine half). */
export function rowNormal(seed: number, row: number): () => number {
  const random = rowRandom(seed, row);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function hash(value: number): number {
  let h = value;
  for (let round = 0; round < 2; round++) {
    h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
    h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  }
  return (h ^ (h >>> 16)) >>> 0;
}
