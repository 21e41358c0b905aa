// Vectors as text, five significant digits as C++ streams print them (`%.5g`).
import { average } from "./rows";
import { Scratch, Tables } from "./tables";
import { subwords } from "./ngrams";

/** 10⁰ … 10⁵⁹, filled at first use. */
const powers: usize = memory.data(8 * 60);

function fillPowers(): void {
  if (load<f64>(powers) == 1) return;
  let power: f64 = 1;
  for (let i: usize = 0; i < 60; i++, power *= 10) store<f64>(powers + (i << 3), power);
}

// @ts-ignore: decorator
@inline function scaled(v: f64, e: i32): f64 {
  return e <= 4
    ? v * load<f64>(powers + ((<usize>(4 - e)) << 3))
    : v / load<f64>(powers + ((<usize>(e - 4)) << 3));
}

/** Writes one number. Returns the end of it. */
function formatNumber(x: f32, out: usize): usize {
  if (x != x) {
    store<u8>(out, 110), store<u8>(out, 97, 1), store<u8>(out, 110, 2); // nan
    return out + 3;
  }
  if (x < 0 || <f32>1 / x == -Infinity) {
    store<u8>(out++, 45);
    x = -x;
  }
  if (x == Infinity) {
    store<u8>(out, 105), store<u8>(out, 110, 1), store<u8>(out, 102, 2); // inf
    return out + 3;
  }
  if (x == 0) {
    store<u8>(out, 48);
    return out + 1;
  }
  const v = <f64>x;
  // Decimal exponent from the binary one, at most one too small.
  let e = <i32>Math.floor(<f64>(<i32>(reinterpret<u64>(v) >> 52) - 1023) * 0.30102999566398120);
  let n = <i32>nearest(scaled(v, e));
  if (n >= 100000) n = <i32>nearest(scaled(v, ++e));
  if (n >= 100000) {
    n = 10000; // 9.99995 and up
    e++;
  }
  let digits = 5;
  while (digits > 1 && n % 10 == 0) {
    n /= 10;
    digits--;
  }
  const plain = e >= -4 && e < 5;
  const point = plain ? e + 1 : 1; // digits before the point
  if (point <= 0) {
    store<u8>(out++, 48), store<u8>(out++, 46);
    for (let i = point; i < 0; i++) store<u8>(out++, 48);
  }
  for (; digits < point; digits++) n *= 10;
  // Digits from the last to the first.
  const dotted = point > 0 && digits > point;
  const end = out + digits + (dotted ? 1 : 0);
  let at = end;
  for (let i = digits; i > 0; i--) {
    if (dotted && i == point) store<u8>(--at, 46);
    store<u8>(--at, 48 + (n % 10));
    n /= 10;
  }
  out = end;
  if (plain) return out;
  store<u8>(out++, 101);
  store<u8>(out++, e < 0 ? 45 : 43);
  e = abs(e);
  store<u8>(out++, 48 + e / 10);
  store<u8>(out++, 48 + (e % 10));
  return out;
}

/** "1 2 3 " with a blank behind each number. Returns the bytes written. */
export function vectorText(values: usize, count: i32, out: usize): i32 {
  fillPowers();
  const start = out;
  for (let i = 0; i < count; i++) {
    out = formatNumber(load<f32>(values + ((<usize>i) << 2)), out);
    store<u8>(out++, 32);
  }
  return <i32>(out - start);
}

/** A line for each word from `from` to `to`: the word, a blank, its vector. Returns the bytes written. */
export function vectorLines(t: Tables, from: i32, to: i32, s: Scratch, out: usize): i32 {
  const start = out;
  const d = t.dictionary;
  for (let id = from; id < to; id++) {
    const word = d.pool + load<i32>(d.starts + ((<usize>id) << 2));
    const length = load<i32>(d.starts + ((<usize>id) << 2), 4) - load<i32>(d.starts + ((<usize>id) << 2));
    store<i32>(s.rows, id);
    const end = subwords(t, word, length, s.word, s.rows + 4);
    average(t.input, s.rows, <i32>((end - s.rows) >> 2), s.hidden);
    memory.copy(out, word, length);
    out += length;
    store<u8>(out++, 32);
    out += vectorText(s.hidden, t.dim, out);
    store<u8>(out++, 10);
  }
  return <i32>(out - start);
}
