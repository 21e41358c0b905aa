// What training starts from: the rows of a new model.
import type { Settings } from "../config.ts";
import type { DenseMatrix, Job, Kernel } from "../kernel/kernel.ts";
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
 * Word rows uniform in (−1/dim, 1/dim); hashed rows too for word vectors, 0 for a classifier.
 *
 * Departure: the program fills a tenth of all rows per thread and leaves the others 0, so that its result depends on
 * the number of threads. Here it does not. A classifier's hashed rows start at 0, so that an n-gram which was never
 * trained says nothing (and is pruned first), as nearly all of them do in the program with one thread.
 */
export function initialRows(rows: number, settings: Settings, memory: Memory, kernel: Kernel): DenseMatrix {
  const { dim, seed, threads, compat } = settings;
  const values = memory.float32(rows * dim);
  const a = Math.fround(1 / dim);
  if (!compat) kernel.fillUniform(memory, values.subarray(0, randomRows(rows, settings) * dim), a, seed);
  const block = Math.floor((rows * dim) / 10);
  for (let b = 0; compat && b < threads; b++) {
    const generator = new MinimalStandard(b + seed);
    for (let i = block * b; i < Math.min(rows * dim, block * (b + 1)); i++) values[i] = generator.uniform() * 2 * a - a;
  }
  return { kind: "dense", rows, dim, values };
}

/** Of so many rows of a new model those before the ones that are all 0. */
export function randomRows(rows: number, { model, bucket, compat }: Settings): number {
  return model === "supervised" && !compat ? rows - bucket : rows;
}
