// .vec files: word vectors as text, read to start a classifier from them.
import type { Settings } from "../config.ts";
import type { DenseMatrix, Tables } from "../kernel/kernel.ts";
import { CorpusError } from "../text/corpus.ts";
import type { Dictionary } from "../text/dictionary.ts";
import { fnv1a } from "../text/hash.ts";

/** Words and their vectors. */
export interface Pretrained {
  readonly words: readonly string[];
  /** [words, dim] */
  readonly vectors: Float32Array;
  readonly dim: number;
}

type Ranked = ReturnType<Dictionary["ranked"]>;

/**
 * Reads a .vec file: a line "words dim", then a line for each word.
 *
 * @throws CorpusError naming the line
 */
export function parseVectors(text: string, name = "vectors"): Pretrained {
  const lines = text.split("\n");
  const [count = Number.NaN, dim = Number.NaN] = lines[0]!.trim().split(/\s+/).map(Number);
  if (!Number.isInteger(count) || !Number.isInteger(dim) || count < 0 || dim < 1)
    throw new CorpusError(
      `${name}: the first line is "${lines[0]!.slice(0, 80)}"; expected the number of words and their length.`,
    );
  if (lines.length <= count)
    throw new CorpusError(`${name}: ${count} words are announced and ${lines.length - 1} lines follow.`);
  const words: string[] = [];
  const vectors = new Float32Array(count * dim);
  for (let i = 0; i < count; i++) {
    const [word = "", ...numbers] = lines[i + 1]!.trimEnd().split(" ");
    if (numbers.length !== dim)
      throw new CorpusError(`${name}: line ${i + 2} ("${word}") has ${numbers.length} numbers; expected ${dim}.`);
    words.push(word);
    for (let d = 0; d < dim; d++) vectors[i * dim + d] = Number(numbers[d]);
  }
  return { words, vectors, dim };
}

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
