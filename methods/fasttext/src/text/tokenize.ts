// Text to words, the reference program's way: bytes, seven separators, and a line end that is a word of its own.
import type { Dictionary } from "./dictionary.ts";

const newline = 10;
/** Space, \n, \r, \t, \v, \f and \0. */
const separators: ReadonlySet<number> = new Set([32, 10, 13, 9, 11, 12, 0]);
const endOfLineBytes = new TextEncoder().encode("</s>");

/** A word's place in the text. A line end is a word of no length. */
export interface Span {
  start: number;
  end: number;
}

/**
 * The words of a text, one after the other, until one would reach the end of it (unless `last`).
 * The span is the same object each time; the generator's value is the number of bytes used.
 */
export function* spans(text: Uint8Array, last: boolean): Generator<Span, number> {
  const span = { start: 0, end: 0 };
  let at = 0;
  for (;;) {
    while (at < text.length && text[at] !== newline && separators.has(text[at]!)) at++;
    if (at === text.length) return at;
    span.start = at;
    if (text[at] === newline) {
      span.end = at++;
      yield span;
      continue;
    }
    while (at < text.length && !separators.has(text[at]!)) at++;
    if (at === text.length && !last) return span.start;
    span.end = at;
    yield span;
  }
}

/** The bytes of the word at a span: for a line end those of `</s>`. */
export function wordAt(text: Uint8Array, span: Span): Uint8Array {
  return span.start === span.end ? endOfLineBytes : text.subarray(span.start, span.end);
}

/** Counts every word of the text in the dictionary and writes its entry. */
export function scan(
  dictionary: Dictionary,
  text: Uint8Array,
  last: boolean,
  tokens: Int32Array,
): { used: number; written: number } {
  let written = 0;
  const reader = spans(text, last);
  for (;;) {
    const { done, value } = reader.next();
    if (done) {
      dictionary.tokens += written;
      return { used: value, written };
    }
    const id = dictionary.intern(wordAt(text, value));
    dictionary.counts[id]!++;
    tokens[written++] = id;
  }
}

export function isEndOfLine(word: Uint8Array): boolean {
  return word.length === 4 && word.every((byte, i) => byte === endOfLineBytes[i]);
}
