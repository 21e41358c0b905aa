/**
 * Joins copies that were trained apart from the same numbers: each number moves by the mean of the moves of those
 * copies that moved it (a rare word's row by the one thread that met it), and all copies get the result.
 */
export function mergeCopies(base: Float32Array, copies: readonly Float32Array[]): void {
  for (let i = 0; i < base.length; i++) {
    let sum = 0;
    let moved = 0;
    for (const copy of copies) {
      const move = Math.fround(copy[i]! - base[i]!);
      if (move === 0) continue;
      sum = Math.fround(sum + move);
      moved++;
    }
    if (moved === 0) continue;
    base[i] = base[i]! + Math.fround(sum / moved);
    for (const copy of copies) copy[i] = base[i]!;
  }
}
