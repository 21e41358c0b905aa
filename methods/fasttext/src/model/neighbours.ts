// Nearest words by cosine, and analogies A − B + C.
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

/** The k words nearest to a word, itself left out, nearest first. The word need not be in the dictionary. */
export function nearest(model: Model, word: Word, k = 10): Neighbour[] {
  return nearestTo(model, model.wordVector(word), [word], k);
}

/** The k words nearest to A − B + C, these three left out: what is to C as A is to B. */
export function analogies(model: Model, [a, b, c]: readonly [Word, Word, Word], k = 10): Neighbour[] {
  const query = new Float32Array(model.tables.dim);
  for (const [word, sign] of [
    [a, 1],
    [b, -1],
    [c, 1],
  ] as const) {
    const vector = model.wordVector(word);
    const scale = Math.fround(sign / (length(vector) + 1e-8));
    for (let d = 0; d < query.length; d++) query[d]! += Math.fround(scale * vector[d]!);
  }
  return nearestTo(model, query, [a, b, c], k);
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
