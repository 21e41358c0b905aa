// What a kernel does, and the tables it does it on. Two kernels exist: the readable one (reference/readable.ts) and the fast
// one (wasm.ts). Both read and write the same arrays, so a test written for one is a test of the other.
import type { LossName, ModelName } from "../config.ts";
import type { Tree } from "../model/huffman.ts";
import type { Dictionary, DictionaryWork } from "../text/dictionary.ts";
import type { Memory } from "./memory.ts";

/** Rows of float32, row-major. */
export interface DenseMatrix {
  readonly kind: "dense";
  readonly rows: number;
  readonly dim: number;
  /** [rows · dim] */
  readonly values: Float32Array;
}

/** Centroids of a product quantiser: `parts` sub-vectors of `partDim` numbers (the last of `lastDim`), 256 each. */
export interface ProductQuantizer {
  readonly dim: number;
  readonly parts: number;
  readonly partDim: number;
  readonly lastDim: number;
  /** [dim · 256]: part by part, its centroids one after the other */
  readonly centroids: Float32Array;
}

/** Rows as centroid numbers, and when norms are kept apart one more number for each row's length. */
export interface QuantizedMatrix {
  readonly kind: "quantized";
  readonly rows: number;
  readonly dim: number;
  /** [rows · parts] */
  readonly codes: Uint8Array;
  readonly quantizer: ProductQuantizer;
  readonly norms: { readonly codes: Uint8Array; readonly quantizer: ProductQuantizer } | undefined;
}

export type Matrix = DenseMatrix | QuantizedMatrix;

/** The trained model as tables: all that prediction needs. */
export interface Tables {
  readonly memory: Memory;
  readonly model: ModelName;
  readonly loss: LossName;
  readonly dim: number;
  readonly wordNgrams: number;
  readonly bucket: number;
  readonly minn: number;
  readonly maxn: number;
  readonly dictionary: Dictionary;
  /** A row per word, then a row per hashed n-gram. */
  readonly input: Matrix;
  /** A row per label (hs: per inner node; word vectors: per word). */
  readonly output: Matrix;
  /** The Huffman tree of the hs loss. */
  readonly tree: Tree | undefined;
}

/** How the tokens of a corpus become rows: for each entry of the corpus what it is and which rows it brings. */
export interface Encoding {
  /** Pairs: what an entry is (`entryKinds`, or the only row that the word brings), and its fnv1a. */
  readonly entries: Int32Array;
  /**
   * Rows that an entry brings: rows[starts[i]] … rows[starts[i + 1] − 1]. Both are empty where no entry brings more than the
   * row that it is.
   */
  readonly starts: Int32Array;
  readonly rows: Int32Array;
  readonly wordNgrams: number;
  readonly bucket: number;
  readonly dictionary: Dictionary;
  /** Where `entries` are those of a part: the corpus' entry of each. */
  readonly names?: Int32Array | undefined;
  /** Entry of the corpus that ends a line; it is that of every part. */
  readonly endOfLine: number;
  /** Tokens of the longest block that will be encoded. */
  readonly longestBlock: number;
  /** Where the hashed rows that are named start; without it all rows stay as they are. */
  readonly start?: RowStart | undefined;
}

/** Hashed rows that are 0 get random numbers when they are first named. */
export interface RowStart {
  readonly input: DenseMatrix;
  /** The first row that is hashed. */
  readonly first: number;
  /** Of each hashed row: 1 when it was named. */
  readonly marks: Uint8Array;
  /** Numbers are uniform in (−a, a), each decided by its place in the input and the seed. */
  readonly a: number;
  readonly seed: number;
  /** Whether rows may have been trained before; all are 0 otherwise. */
  readonly trained: boolean;
}

/** Codes of corpus entries that are not words with exactly one row. Label n is `firstLabel` − n. */
export const entryKinds = { noRow: -1, manyRows: -2, droppedLabel: -3, firstLabel: -4 } as const;

/** Numbers before the labels and rows of an encoded line: tokens, labels, rows, weight (float32 bits). */
export const lineHeader = 4;

/** One training run, shared by its threads. */
export interface Job {
  readonly tables: Tables & { readonly input: DenseMatrix; readonly output: DenseMatrix };
  readonly lr: number;
  readonly lrUpdateRate: number;
  /** Tokens of the whole run, epochs · tokens of the corpus: the learning rate falls to 0 over them. */
  readonly totalTokens: number;
  /** Tokens after which the threads pause: the end, or that of an epoch. */
  untilTokens: number;
  /** Supervised: encoded lines. Word vectors: entries of the final dictionary, −1 for what is not a word in it. */
  lines: Int32Array;
  /** Threads pause when they reach the end of their part, instead of starting it again. */
  onePass: boolean;
  /** [1], tokens seen by all threads together. */
  readonly progress: BigInt64Array;
  /** Factor on the learning rate of each label's examples, or undefined for 1. */
  readonly labelWeights: Float32Array | undefined;
  /** ns: labels in the proportion they are drawn; empty otherwise. */
  readonly negatives: Int32Array;
  readonly neg: number;
  readonly ws: number;
  /** Word vectors: probability that an occurrence of each word is kept. */
  readonly keep: Float32Array;
  /** Word vectors: rows of each word, as in Encoding. */
  readonly rowStarts: Int32Array;
  readonly rows: Int32Array;
  readonly endOfLine: number;
  /** Report the loss through the reference program's table of 512 logarithms, which is what it prints. */
  readonly tabledLoss: boolean;
}

/** What one thread of a run owns. */
export interface ThreadState {
  /** Its part of `lines`, and where it is in it. */
  from: number;
  to: number;
  at: number;
  /** State of its generator. */
  random: number;
  /** Tokens not yet added to the shared progress. */
  pendingTokens: number;
  lossSum: number;
  examples: number;
  /** Word vectors: the words of a line that were kept. */
  readonly line: Int32Array;
  readonly hidden: Float32Array;
  readonly grad: Float32Array;
  readonly scores: Float32Array;
  /** Room for the rows of a cbow context. */
  readonly context: Int32Array;
  /** Its own copies of the rows that every thread touches all the time. */
  readonly own?: OwnRows;
  /** Its part where the rows are divided among the threads. */
  readonly divided?: DividedRows;
}

/** Some numbers that are shared, a thread's own copy of them, and what they were when it last exchanged them. */
export interface OwnCopy {
  readonly shared: Float32Array;
  readonly own: Float32Array;
  readonly before: Float32Array;
}

/** What a thread works on instead of the shared rows; see assembly/exchange.ts. */
export interface OwnRows {
  /** Numbers of the rows of the input that have copies, the `hot` ones first. */
  readonly ids: Int32Array;
  readonly hot: number;
  /** The copies are rows of the input from this number on; `before` is what they were when they were exchanged last. */
  readonly firstCopy: number;
  readonly before: Float32Array;
  /** Of each row of the input: 1 + the place of its copy, or 0. As little-endian numbers of two bytes. */
  readonly places: Uint8Array;
  /** The outputs: one of the two has them, the other is empty. */
  readonly hotOutputs: OwnCopy;
  readonly outputs: OwnCopy;
  /** Tokens between exchanges. */
  readonly every: number;
  readonly hotEvery: number;
}

/** One thread of several that divide the rows; see divided.ts. */
export interface DividedRows {
  readonly threads: number;
  readonly index: number;
  /** Where the lines end. */
  readonly end: number;
  /** Number of the first of the lines whose rows the thread puts in the order of their owners. */
  readonly firstLine: number;
  /** Owner of each block of 1024 rows. */
  readonly owners: Uint8Array;
  /** [threads, each]: the frequent rows of each owner, then −1. They are moved to rows from `firstCopy` on. */
  readonly ids: Int32Array;
  readonly firstCopy: number;
  /** Of each row of the input: 1 + its place among the frequent ones, or 0. As little-endian numbers of two bytes. */
  readonly places: Uint8Array;
  /** [lines, threads]: how many rows of a line belong to the owners up to each. */
  readonly splits: Int32Array;
  /** Of each row of a line: 2 · its owner, and 1 more when it is not frequent. */
  readonly keys: Uint8Array;
  /** [2 · threads, longest]: room for the rows of each key. */
  readonly room: Int32Array;
  /** [2 · threads]: where the next row of each key goes. */
  readonly next: Int32Array;
  /** 16 numbers of each thread: how far it is, and how many threads sleep until it is further. */
  readonly posts: Int32Array;
  /** [threads, ring, stride] */
  readonly sums: Float32Array;
  readonly stride: number;
}

/** `nan`: a score was not a number, nothing was updated with it. */
export type TrainStatus = "more" | "done" | "nan";

/** A kernel: the inner loops, and nothing else. */
export interface Kernel {
  readonly name: "wasm" | "typescript";

  /**
   * Splits text into words, counts them in the dictionary and writes each one's entry.
   * A word that reaches the end of the text is left for the next call, unless `last`.
   *
   * @returns bytes used and tokens written
   */
  scan(dictionary: Dictionary, text: Uint8Array, last: boolean, tokens: Int32Array): { used: number; written: number };

  /** Rows that a word brings besides its own: character n-grams of `<word>`. @returns how many were written */
  subwords(tables: SubwordSettings, word: Uint8Array, rows: Int32Array): number;

  /** Encodes whole lines: [tokens, labels, rows, weight, labels…, rows…] each, and starts their rows. @returns numbers written */
  encode(encoding: Encoding, tokens: Int32Array, lines: Int32Array): number;

  /** Trains on at most `budget` tokens. */
  train(job: Job, thread: ThreadState, budget: number): TrainStatus;

  /**
   * Splits text into lines, each line into labels and rows, and writes for each
   * [labels, predictions, rows, labels…, (label, log-probability bits)…]; no predictions when there are no rows.
   * A line that reaches the end of the text is left for the next call, unless `last`.
   *
   * @param k  most predictions a line; their probability is at least `threshold`
   * @returns bytes used and numbers written; stops when `results` has no room for another line
   */
  classify(
    tables: Tables,
    text: Uint8Array,
    last: boolean,
    options: { readonly k: number; readonly threshold: number },
    results: Int32Array,
  ): { used: number; written: number };

  /** Rows of one line, labels left out. @returns how many were written */
  lineRows(tables: Tables, line: Uint8Array, rows: Int32Array): number;

  /** hidden = mean of these rows of the input. */
  average(tables: Tables, rows: Int32Array, hidden: Float32Array): void;

  /**
   * Adds the entries of another dictionary of the same memory with their counts.
   *
   * @returns the entry of each of the other's
   */
  addEntries(dictionary: Dictionary, other: Pick<Dictionary, "size" | "starts" | "counts" | "pool">): Int32Array;

  /** Builds the hash table of a dictionary's entries into its empty slots. */
  fillSlots(dictionary: Dictionary): void;

  /** Ranks, copies and indexes the entries of a dictionary. */
  readonly dictionaryWork: DictionaryWork;

  /** What each entry is if a word brings its own row alone, and its fnv1a; `ids` are the entries in a model of `words`. */
  describeEntries(dictionary: Dictionary, ids: Int32Array, words: number, entries: Int32Array): void;

  /** Pair i of `picked` is pair `ids[i]` of `pairs`. Arrays are of the memory. */
  pickPairs(memory: Memory, pairs: Int32Array, ids: Int32Array, picked: Int32Array): void;

  /** Starts the hashed ones of these rows. The rows are of the memory. */
  startRows(memory: Memory, start: RowStart, rows: Int32Array): void;

  /** Numbers in (−a, a), each decided by its place and the seed alone. */
  fillUniform(memory: Memory, values: Float32Array, a: number, seed: number): void;

  /** Nearest of 256 centroids, the first of equals, for each point. Arrays are of the memory. */
  nearestCentroids(
    memory: Memory,
    points: Float32Array,
    centroids: Float32Array,
    codes: Uint8Array,
    places: CentroidPlaces,
  ): void;

  /** The lines of the .vec file for words from…to−1. */
  vectorLines(tables: Tables, from: number, to: number): Uint8Array;
}

/** Point i is the `width` numbers at points[i·stride]; its code goes to codes[i·codeStride]. */
export interface CentroidPlaces {
  readonly width: number;
  readonly stride: number;
  readonly codeStride: number;
}

/** What character n-grams depend on. */
export type SubwordSettings = Pick<Tables, "minn" | "maxn" | "bucket" | "dictionary">;
