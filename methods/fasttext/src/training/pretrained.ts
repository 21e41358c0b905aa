// .vec files: word vectors as text, read piece by piece to start a classifier from them.
import type { Settings } from "../config.ts";
import type { DenseMatrix, Tables } from "../kernel/kernel.ts";
import { CorpusError } from "../text/corpus.ts";
import type { Dictionary } from "../text/dictionary.ts";
import { fnv1a } from "../text/hash.ts";
import { pieces, type TextSource, type WholeText, wholePieces } from "../text/source.ts";

/** Words and their vectors. */
export interface Pretrained {
  readonly words: readonly string[];
  /** [words, dim] */
  readonly vectors: Float32Array;
  readonly dim: number;
}

type Ranked = ReturnType<Dictionary["ranked"]>;

/**
 * Reads the text of a .vec file: a line "words dim", then a line for each word.
 *
 * @param text  the text, or its bytes piece by piece: files may be larger than a string can be
 * @throws CorpusError naming the line
 */
export function parseVectors(text: WholeText, name = "vectors"): Pretrained {
  const reader = new VectorReader(name);
  for (const piece of wholePieces(text)) reader.add(piece);
  return reader.finish();
}

/** The same for a text that comes in as time goes by. */
export async function readVectors(text: TextSource, name = "vectors"): Promise<Pretrained> {
  const reader = new VectorReader(name);
  for await (const piece of pieces(text)) reader.add(piece);
  return reader.finish();
}

const newline = 10;
const decoder = new TextDecoder();

/** Takes the lines of a .vec file as their bytes come in. */
class VectorReader {
  readonly #name: string;
  /** A line that has not ended. */
  #open = new Uint8Array(1 << 12);
  #held = 0;
  #found:
    | { readonly words: string[]; readonly count: number; readonly dim: number; readonly vectors: Float32Array }
    | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  add(piece: Uint8Array): void {
    for (let from = 0; from < piece.length; ) {
      const end = piece.indexOf(newline, from);
      if (end < 0 || this.#held > 0) {
        this.#hold(piece.subarray(from, end < 0 ? piece.length : end));
        if (end < 0) return;
        this.#line(this.#open, 0, this.#held);
        this.#held = 0;
      } else this.#line(piece, from, end);
      from = end + 1;
    }
  }

  finish(): Pretrained {
    if (this.#held > 0 || !this.#found) this.#line(this.#open, 0, this.#held);
    const { words, count, dim, vectors } = this.#found!;
    if (words.length < count)
      throw new CorpusError(`${this.#name}: ${count} words are announced and ${words.length} lines follow.`);
    return { words, vectors, dim };
  }

  #hold(part: Uint8Array): void {
    if (this.#held + part.length > this.#open.length) {
      const larger = new Uint8Array(2 * (this.#held + part.length));
      larger.set(this.#open.subarray(0, this.#held));
      this.#open = larger;
    }
    this.#open.set(part, this.#held);
    this.#held += part.length;
  }

  #line(bytes: Uint8Array, from: number, lineEnd: number): void {
    if (!this.#found) {
      this.#found = this.#start(textOf(bytes, from, lineEnd));
      return;
    }
    const { words, count, dim, vectors } = this.#found;
    if (words.length === count) return; // what stands behind the announced words is not read, as in the program
    let end = lineEnd;
    while (end > from && isBlank(bytes[end - 1]!)) end--;
    let at = from;
    while (at < end && !isBlank(bytes[at]!)) at++;
    const word = textOf(bytes, from, at);
    let found = 0;
    for (const row = words.length * dim; at < end; found++) {
      const start = ++at;
      while (at < end && !isBlank(bytes[at]!)) at++;
      if (found < dim) vectors[row + found] = numberIn(bytes, start, at);
    }
    if (found !== dim)
      throw new CorpusError(
        `${this.#name}: line ${words.length + 2} ("${word}") has ${found} numbers; expected ${dim}.`,
      );
    for (let i = words.length * dim; i < (words.length + 1) * dim; i++)
      if (!Number.isFinite(vectors[i]))
        throw new CorpusError(
          `${this.#name}: number ${i - words.length * dim + 1} of line ${words.length + 2} ("${word}") is not a finite number.`,
        );
    words.push(word);
  }

  #start(line: string) {
    const [count = Number.NaN, dim = Number.NaN] = line.trim().split(/\s+/).map(Number);
    if (line.trim() === "" || !Number.isInteger(count) || !Number.isInteger(dim) || count < 0 || dim < 1)
      throw new CorpusError(
        `${this.#name}: the first line is "${line.slice(0, 80)}"; expected the number of words and their length.`,
      );
    if (count === 0) throw new CorpusError(`${this.#name}: its first line announces 0 words; expected one or more.`);
    try {
      return { words: [], count, dim, vectors: new Float32Array(count * dim) };
    } catch (cause) {
      const size = `${((4 * count * dim) / 1e9).toFixed(1)} GB`;
      throw new CorpusError(
        `${this.#name}: ${count} words of ${dim} numbers take ${size} of memory, more than the system gives.`,
        { cause },
      );
    }
  }
}

const isBlank = (byte: number) => byte === 32 || byte === 9 || byte === 13;

function textOf(bytes: Uint8Array, from: number, to: number): string {
  return decoder.decode(bytes.slice(from, to)); // copied: browsers decode no shared memory
}

/** The number written from one byte to another, as `Number` reads it; NaN for anything else. */
function numberIn(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  const negative = bytes[at] === 45;
  if (negative) at++;
  let digits = 0;
  let behindPoint = -1;
  const first = at;
  for (; at < to; at++) {
    const digit = bytes[at]! - 48;
    if (digit >= 0 && digit <= 9) digits = 10 * digits + digit;
    else if (bytes[at] === 46 && behindPoint < 0) behindPoint = at;
    else break;
  }
  // A whole number below 2⁵³ divided by an exact power of ten is rounded once, so it is the nearest double.
  const count = to - first - (behindPoint < 0 ? 0 : 1);
  if (at === to && count > 0 && count <= 15) {
    const value = behindPoint < 0 ? digits : digits / powersOfTen[to - 1 - behindPoint]!;
    return negative ? -value : value;
  }
  const text = textOf(bytes, from, to);
  return text === "" ? Number.NaN : Number(text);
}

const powersOfTen = Float64Array.from({ length: 16 }, (_, i) => 10 ** i);

/**
 * The dictionary of a corpus with all of these words in it: those that the corpus has count once more, the others once.
 * Words that were too rare before come back alone by being among them, as in the reference program.
 */
export function withWords(
  { dictionary, remap }: Ranked,
  { words, dim }: Pretrained,
  settings: Settings,
  options: Parameters<Dictionary["ranked"]>[2],
): Ranked {
  if (dim !== settings.dim)
    throw new CorpusError(
      `The pretrained vectors have ${dim} numbers each and dim is ${settings.dim}; set dim to ${dim}.`,
    );
  const encoder = new TextEncoder();
  for (const word of words) {
    const bytes = encoder.encode(word);
    dictionary.reserve(bytes.length);
    dictionary.counts[dictionary.intern(bytes, fnv1a(bytes))]!++;
    dictionary.tokens++;
  }
  const all = dictionary.ranked(1, 0, options);
  return { dictionary: all.dictionary, remap: remap.map((entry) => (entry < 0 ? -1 : all.remap[entry]!)) };
}

/** Puts the vectors into the rows of their words. */
export function startFrom(tables: Tables & { readonly input: DenseMatrix }, { words, vectors, dim }: Pretrained): void {
  for (const [i, word] of words.entries()) {
    const id = tables.dictionary.idOf(word);
    if (id >= 0 && id < tables.dictionary.words)
      tables.input.values.set(vectors.subarray(i * dim, (i + 1) * dim), id * dim);
  }
}
