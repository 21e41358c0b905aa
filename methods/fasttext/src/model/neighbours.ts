// Nearest words by cosine, to a word, a vector, or a sum of them as in A − B + C.
import type { DenseMatrix } from "../kernel/kernel.ts";
import { dotRow, length } from "./matrix.ts";
import type { Model } from "./model.ts";
import { Top } from "./top.ts";

export interface Neighbour {
  readonly word: string;
  /** The word's number in the dictionary. */
  readonly id: number;
  /** Cosine, −1 to 1. */
  readonly similarity: number;
}

/** A word as text or as its bytes. */
type Word = string | Uint8Array;
type Vector = Float32Array | readonly number[];

const unitVectors = new WeakMap<Model, DenseMatrix>();

/** Every word's vector divided by its length, [words, dim]; computed once for a model. */
function units(model: Model): DenseMatrix {
  const known = unitVectors.get(model);
  if (known) return known;
  const { dictionary, dim } = model.tables;
  const all = new Float32Array(dictionary.words * dim);
  for (let i = 0; i < dictionary.words; i++) {
    const vector = model.wordVector(dictionary.bytesOf(i));
    const norm = length(vector);
    if (norm > 0) for (let d = 0; d < dim; d++) all[i * dim + d] = vector[d]! * Math.fround(1 / norm);
  }
  const matrix: DenseMatrix = { kind: "dense", rows: dictionary.words, dim, values: all };
  unitVectors.set(model, matrix);
  return matrix;
}

/** The k words nearest to a word, itself left out, or to a vector; nearest first. The word need not be in the dictionary. */
export function nearest(model: Model, to: Word | Vector, k = 10): Neighbour[] {
  return isVector(to) ? nearestTo(model, vectorOf(model, to), [], k) : nearestTo(model, model.wordVector(to), [to], k);
}

/** The k words nearest to A − B + C, these three left out: what is to C as A is to B. */
export function analogies(model: Model, [a, b, c]: readonly [Word, Word, Word], k = 10): Neighbour[] {
  const terms = [
    [a, 1],
    [b, -1],
    [c, 1],
  ] as const;
  return nearestToSum(model, terms, k); // added in the program's order, for its rounding
}

/**
 * The words nearest to the sum of what is like (`positive`) less what is unlike (`negative`), each of length 1; these words
 * are left out.
 *
 * @throws RangeError when neither is given
 */
export function mostSimilar(
  model: Model,
  {
    positive = [],
    negative = [],
    k = 10,
  }: {
    readonly positive?: readonly (Word | Vector)[];
    readonly negative?: readonly (Word | Vector)[];
    readonly k?: number;
  },
): Neighbour[] {
  const terms = [...positive.map((item) => [item, 1] as const), ...negative.map((item) => [item, -1] as const)];
  if (terms.length === 0)
    throw new RangeError("There are no words or vectors to compare with; give some in positive or negative.");
  return nearestToSum(model, terms, k);
}

function nearestToSum(
  model: Model,
  terms: readonly (readonly [item: Word | Vector, sign: number])[],
  k: number,
): Neighbour[] {
  const query = new Float32Array(model.tables.dim);
  const words: Word[] = [];
  for (const [item, sign] of terms) {
    if (!isVector(item)) words.push(item);
    const vector = isVector(item) ? vectorOf(model, item) : model.wordVector(item);
    const scale = Math.fround(sign / (length(vector) + 1e-8));
    for (let d = 0; d < query.length; d++) query[d]! += Math.fround(scale * vector[d]!);
  }
  return nearestTo(model, query, words, k);
}

const isVector = (item: Word | Vector): item is Vector => item instanceof Float32Array || Array.isArray(item);

/** @throws RangeError for another length than the model's */
function vectorOf({ tables: { dim } }: Model, vector: Vector): Float32Array {
  if (vector.length !== dim)
    throw new RangeError(`The vector has ${vector.length} numbers; expected ${dim}, as the model's rows have.`);
  return Float32Array.from(vector);
}

function nearestTo(model: Model, query: Float32Array, without: readonly Word[], k: number): Neighbour[] {
  if (!Number.isInteger(k) || k < 1) throw new RangeError(`k is ${k}; expected a whole number from 1 on.`);
  const { dictionary } = model.tables;
  const all = units(model);
  const skip = new Set(
    without.map((word) => (typeof word === "string" ? dictionary.idOf(word) : dictionary.find(word))),
  );
  const norm = length(query) < 1e-8 ? 1 : length(query);
  const best = new Top(k);
  for (let i = 0; i < dictionary.words; i++) {
    if (skip.has(i)) continue;
    const similarity = Math.fround(dotRow(all, i, query) / norm);
    if (!(best.full && similarity < best.worst)) best.push(i, similarity);
  }
  best.sort();
  return best.ids.map((id, i) => ({ word: dictionary.textOf(id), id, similarity: best.scores[i]! }));
}
