/** The numbers of `formula` in tools/reference/nn_*.py: in [0, 1), exact in float32. */
export function formula(count: number, seed: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    let x = (i + Math.imul(seed, 0x9e3779b1)) >>> 0;
    for (let round = 0; round < 2; round++) x = Math.imul(x ^ (x >>> 16), 0x45d9f3b) >>> 0;
    x = (x ^ (x >>> 16)) >>> 0;
    return (x >>> 8) * 2 ** -24;
  });
}
