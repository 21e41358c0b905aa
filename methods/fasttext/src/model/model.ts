// A trained model: labels for texts, vectors for words and sentences, neighbours, and its own file.

import type { Kernel, Tables } from "../kernel/kernel.ts";
import { wasmKernel } from "../kernel/wasm.ts";
import { rowOfHash, subwords } from "../text/ngrams.ts";
import { pieces, type TextSource, type WholeText, wholePieces } from "../text/source.ts";
import { isEndOfLine, spans } from "../text/tokenize.ts";
import { type ClassifiedLine, LineClassifier } from "./classifier.ts";
import { formatNumber } from "./format.ts";
import { addRow, length } from "./matrix.ts";
import { modelBytes } from "./model-bytes.ts";
import { type Header, readBytes } from "./model-file.ts";

/** A label and its probability. */
export interface Prediction {
  readonly label: string;
  readonly probability: number;
}

export interface PredictOptions {
  /** Most labels per text; −1 for all. */
  readonly k?: number;
  /** Least probability of a label. */
  readonly threshold?: number;
  /**
   * True: as the reference program, which prints e^ln(p + 10⁻⁵), above 1 for a certain label, and reads a last line
   * without a line end differently from the others. Otherwise probabilities stay within [0, 1].
   */
  readonly compat?: boolean;
}

const encoder = new TextEncoder();

export class Model {
  readonly tables: Tables;
  readonly header: Header;
  readonly kernel: Kernel;

  constructor(tables: Tables, header: Header, kernel: Kernel = wasmKernel) {
    this.tables = tables;
    this.header = header;
    this.kernel = kernel;
  }

  /** A model from the bytes of a .bin or .ftz file. @throws ModelFileError */
  static fromBytes(
    bytes: Uint8Array,
    {
      name = "model",
      label = "__label__",
      kernel = wasmKernel,
    }: { name?: string; label?: string; kernel?: Kernel } = {},
  ): Model {
    const { tables, header } = readBytes(bytes, name, label, { index: kernel.fillSlots });
    return new Model(tables, header, kernel);
  }

  /** The model's file, piece by piece. */
  bytes(): Generator<Uint8Array> {
    return modelBytes(this.tables, this.header);
  }

  get labels(): string[] {
    const { dictionary } = this.tables;
    return Array.from({ length: dictionary.labels }, (_, i) => dictionary.labelText(i));
  }

  get words(): string[] {
    const { dictionary } = this.tables;
    return Array.from({ length: dictionary.words }, (_, i) => dictionary.textOf(i));
  }

  /** How often a word or label came up in the training text; 0 when the model does not know it. */
  countOf(wordOrLabel: string): number {
    const { dictionary } = this.tables;
    const id = dictionary.idOf(wordOrLabel);
    return id < 0 ? 0 : dictionary.counts[id]!;
  }

  /** Every word with its count, the most frequent first. */
  wordCounts(): Map<string, number> {
    const { counts } = this.tables.dictionary;
    return new Map(this.words.map((word, i) => [word, counts[i]!]));
  }

  /** Every label with its count, the most frequent first. */
  labelCounts(): Map<string, number> {
    const { counts, words } = this.tables.dictionary;
    return new Map(this.labels.map((label, i) => [label, counts[words + i]!]));
  }

  /**
   * The best labels of a text, best first, or those of each of several texts. Line ends count as blanks.
   *
   * @throws RangeError when the model has no labels or k is no whole number ≥ 1 (or −1)
   */
  predict(text: string | Uint8Array, options?: PredictOptions): Prediction[];
  predict(texts: readonly (string | Uint8Array)[], options?: PredictOptions): Prediction[][];
  predict(
    given: string | Uint8Array | readonly (string | Uint8Array)[],
    options: PredictOptions = {},
  ): Prediction[] | Prediction[][] {
    const texts = typeof given === "string" || given instanceof Uint8Array ? [given] : given;
    const { dictionary } = this.tables;
    const found: Prediction[][] = [];
    for (const { predicted, scores } of this.classify(texts.values().map(asLine), options))
      found.push(
        Array.from(predicted, (label, i) => ({
          label: dictionary.labelText(label),
          probability: probabilityOf(scores[i]!, options.compat),
        })),
      );
    return texts === given ? found : (found[0] ?? []);
  }

  /**
   * The lines of a text with their labels and predictions, by number. Views: valid until the next line is asked for.
   * A last line without a line end counts as the others, unless `compat`.
   */
  *classify(text: WholeText, options: PredictOptions = {}): Generator<ClassifiedLine> {
    const lines = this.#classifier(options);
    try {
      for (const piece of wholePieces(text)) yield* lines.add(piece);
      yield* lines.finish(options.compat ?? false);
    } finally {
      lines.close();
    }
  }

  /** The same for a text that comes in as time goes by. */
  async *classifyLater(text: TextSource, options: PredictOptions = {}): AsyncGenerator<ClassifiedLine> {
    const lines = this.#classifier(options);
    try {
      for await (const piece of pieces(text)) yield* lines.add(piece);
      yield* lines.finish(options.compat ?? false);
    } finally {
      lines.close();
    }
  }

  #classifier({ k = 1, threshold = 0 }: PredictOptions): LineClassifier {
    const { tables, kernel } = this;
    if (tables.model !== "supervised")
      throw new RangeError(`This model was trained with ${tables.model}; only a supervised model predicts labels.`);
    if (!Number.isInteger(k) || (k < 1 && k !== -1))
      throw new RangeError(`k is ${k}; expected a whole number from 1 on, or -1 for all labels.`);
    const most = k === -1 ? tables.output.rows : Math.min(k, tables.output.rows);
    return new LineClassifier(tables, kernel, { k: most, threshold });
  }

  /** Vector of a word: the mean of its own row and its character n-grams'; [dim]. */
  wordVector(word: string | Uint8Array): Float32Array {
    const rows = this.rowsOfWord(word);
    const vector = new Float32Array(this.tables.dim);
    for (const row of rows) addRow(this.tables.input, row, vector);
    if (rows.length > 0) for (let d = 0; d < vector.length; d++) vector[d]! *= Math.fround(1 / rows.length);
    return vector;
  }

  /** Rows behind a word: its own when it is in the dictionary, then its character n-grams'. */
  rowsOfWord(word: string | Uint8Array): Int32Array {
    const { tables } = this;
    const bytes = typeof word === "string" ? encoder.encode(word) : word;
    const rows = new Int32Array(1 + (bytes.length + 2) * Math.max(0, tables.maxn));
    const own = this.#wordRow(bytes);
    let count = 0;
    if (own >= 0) rows[count++] = own;
    if (tables.maxn > 0) count += this.kernel.subwords(tables, bytes, rows.subarray(count));
    return rows.subarray(0, count);
  }

  /** A word's own row, or −1; a label has none. */
  #wordRow(bytes: Uint8Array): number {
    const { dictionary } = this.tables;
    const entry = dictionary.find(bytes);
    return entry < dictionary.words ? entry : -1;
  }

  /** The word itself (when it is in the dictionary) and its character n-grams, each with its vector. */
  ngrams(word: string): { readonly text: Uint8Array; readonly vector: Float32Array }[] {
    const { tables } = this;
    const bytes = encoder.encode(word);
    const vectorOf = (row: number) => {
      const vector = new Float32Array(tables.dim);
      if (row >= 0) addRow(tables.input, row, vector);
      return vector;
    };
    const own = this.#wordRow(bytes);
    const parts = Array.from(subwords(tables, bytes), ({ text, hash }) => ({
      text,
      vector: vectorOf(rowOfHash(tables.dictionary, hash)),
    }));
    return own >= 0 ? [{ text: bytes, vector: vectorOf(own) }, ...parts] : parts;
  }

  /**
   * Vector of a text, [dim]: for a supervised model the mean of all its rows, what the classifier sees; otherwise
   * the mean of its words' vectors, each divided by its length.
   */
  sentenceVector(text: string | Uint8Array): Float32Array {
    const { tables } = this;
    const bytes = typeof text === "string" ? encoder.encode(text) : text;
    const vector = new Float32Array(tables.dim);
    if (tables.model === "supervised") {
      const line = new Uint8Array(bytes.length + 1);
      line.set(bytes);
      line[bytes.length] = 10;
      const most = (bytes.length + 2) * (tables.wordNgrams + 3 * Math.max(0, tables.maxn));
      const rows = new Int32Array(most);
      const count = this.kernel.lineRows(tables, line, rows);
      if (count > 0) this.kernel.average(tables, rows.subarray(0, count), vector);
      return vector;
    }
    let words = 0;
    for (const span of spans(bytes, true)) {
      if (span.start === span.end) continue; // a line end does not count as a word here
      const word = this.wordVector(bytes.subarray(span.start, span.end));
      const norm = length(word);
      if (norm === 0) continue;
      const scale = Math.fround(1 / norm);
      for (let d = 0; d < vector.length; d++) vector[d]! += Math.fround(word[d]! * scale);
      words++;
    }
    if (words > 0) for (let d = 0; d < vector.length; d++) vector[d]! *= Math.fround(1 / words);
    return vector;
  }

  /** The output rows as text (-saveOutput): a line "rows dim", then each label (or word) and its row. */
  *outputLines(): Generator<string | Uint8Array> {
    const { dictionary, output, model } = this.tables;
    if (output.kind !== "dense")
      throw new RangeError("The output rows of a quantised model cannot be written as text.");
    const first = model === "supervised" ? dictionary.words : 0;
    yield `${output.rows} ${output.dim}\n`;
    for (let i = 0; i < output.rows; i++) {
      yield dictionary.bytesOf(first + i);
      const row = output.values.subarray(i * output.dim, (i + 1) * output.dim);
      yield ` ${Array.from(row, (x) => `${formatNumber(x, 5)} `).join("")}\n`;
    }
  }

  /** The .vec file: a line "words dim", then each word and its vector with five digits. */
  *vectorLines(): Generator<string | Uint8Array> {
    const { dictionary, dim } = this.tables;
    yield `${dictionary.words} ${dim}\n`;
    const step = Math.max(1, Math.floor((1 << 16) / (13 * dim + 32)));
    for (let from = 0; from < dictionary.words; from += step)
      yield this.kernel.vectorLines(this.tables, from, Math.min(dictionary.words, from + step));
  }
}

/** A text as the bytes of one line. What stands behind a `</s>` that is written out would be a line of its own. */
function asLine(text: string | Uint8Array): Uint8Array {
  const bytes = typeof text === "string" ? encoder.encode(text) : text;
  const line = new Uint8Array(bytes.length + 1);
  line.set(bytes);
  line[bytes.length] = 10;
  for (let i = 0; i < bytes.length; i++) if (line[i] === 10) line[i] = 32;
  if (!line.includes(60)) return line; // no "<"
  for (const { start, end } of spans(line, true))
    if (isEndOfLine(line.subarray(start, end))) {
      line[start] = 10;
      return line.subarray(0, start + 1);
    }
  return line;
}

/** Probability of a score ln(p + 10⁻⁵); never above 1 unless `compat`. */
export function probabilityOf(score: number, compat = false): number {
  const value = Math.fround(Math.exp(score));
  return compat ? value : Math.min(1, Math.max(0, value - 1e-5));
}
