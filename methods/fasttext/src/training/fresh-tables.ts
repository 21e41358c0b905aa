// What training starts from: the rows of a new model.
import type { Settings } from "../config.ts";
import type { DenseMatrix, Job, Kernel, RowStart } from "../kernel/kernel.ts";
import type { Memory } from "../kernel/memory.ts";
import { huffman } from "../model/huffman.ts";
import { MinimalStandard } from "../reference/random.ts";
import type { Dictionary } from "../text/dictionary.ts";

/** The tables of a run: the weights to be trained and all that belongs to them. */
export type TrainableTables = Job["tables"];

/** The tables of a new model, before the first step. */
export function freshTables(
  dictionary: Dictionary,
  settings: Settings,
  memory: Memory,
  kernel: Kernel,
): TrainableTables {
  const { model, loss, dim, wordNgrams, bucket, minn, maxn } = settings;
  const outputs = model === "supervised" ? dictionary.labels : dictionary.words;
  return {
    memory,
    model,
    loss,
    dim,
    wordNgrams,
    bucket,
    minn,
    maxn,
    dictionary,
    input: initialRows(dictionary.words + bucket, settings, memory, kernel),
    output: { kind: "dense", rows: outputs, dim, values: memory.float32(outputs * dim) },
    tree: loss === "hs" ? huffman(outputCounts(dictionary, model), (length) => memory.int32(length)) : undefined,
  };
}

/** Counts of what the output rows stand for: labels, or words. */
export function outputCounts(dictionary: Dictionary, model: Settings["model"]): Float64Array {
  const { counts, words, labels } = dictionary;
  return model === "supervised" ? counts.subarray(words, words + labels) : counts.subarray(0, words);
}

/**
 * Rows of words uniform in (−1/dim, 1/dim), the others 0 until `rowStart` of the text's n-grams. With `compat` as in the
 * program.
 */
export function initialRows(rows: number, settings: Settings, memory: Memory, kernel: Kernel): DenseMatrix {
  const { bucket, dim, seed, threads, compat } = settings;
  const values = memory.float32(rows * dim);
  const a = Math.fround(1 / dim);
  if (!compat) kernel.fillUniform(memory, values.subarray(0, (rows - bucket) * dim), a, seed);
  const block = Math.floor((rows * dim) / 10);
  for (let b = 0; compat && b < threads; b++) {
    const generator = new MinimalStandard(b + seed);
    for (let i = block * b; i < Math.min(rows * dim, block * (b + 1)); i++) values[i] = generator.uniform() * 2 * a - a;
  }
  return { kind: "dense", rows, dim, values };
}

/**
 * Where the rows of n-grams start: uniform in (−1/dim, 1/dim) too, when the text first names them.
 *
 * Departure: the program fills a tenth of all rows for each thread and leaves the others 0, named or not, so that its result
 * depends on the number of threads. With all of them 0 nothing would be learnt from n-grams alone: the outputs start at 0,
 * and the step of each of the two is a multiple of the other.
 */
export function rowStart(
  { input, dictionary, dim, bucket, memory }: TrainableTables,
  { compat, seed }: Settings,
  trained: boolean,
): RowStart | undefined {
  if (compat || bucket === 0) return undefined;
  return { input, first: dictionary.words, marks: memory.bytes(bucket), a: Math.fround(1 / dim), seed, trained };
}
