// Where the rows of n-grams start. There may be ten million of them, and a text names a part: a row gets its random numbers
// when it is first named, the others stay 0, and their memory is never touched.
import { fillUniform } from "./rows";
import { Start } from "./tables";

/** Starts the rows that encoded lines name. */
export function startLines(s: Start, lines: usize, end: usize): void {
  for (let line = lines; line < end; ) {
    const rows = line + 16 + ((<usize>load<i32>(line, 4)) << 2);
    line = rows + ((<usize>load<i32>(line, 8)) << 2);
    startRows(s, rows, line);
  }
}

/** Starts those of these rows that are not words' and have not been named yet; of a trained model those that are 0. */
export function startRows(s: Start, rows: usize, end: usize): void {
  const first = s.first;
  for (let at = rows; at < end; at += 4) {
    const row = load<i32>(at);
    if (row < first) continue;
    const mark = s.marks + (row - first);
    if (load<u8>(mark) != 0) continue;
    store<u8>(mark, 1);
    start(s, row);
  }
}

// @ts-ignore: decorator
@inline function start(s: Start, row: i32): void {
  const dim = s.dim;
  const values = s.values + (<usize>row) * ((<usize>dim) << 2);
  if (s.trained)
    for (let d: usize = 0; d < (<usize>dim) << 2; d += 4) if (load<f32>(values + d) != 0) return;
  fillUniform(values, dim, <f32>s.a, s.seed, <u32>row * <u32>dim);
}
