// Training: text to model. One pass turns the text into numbers; the epochs run over the numbers.
import { completeSettings, type Settings } from "./config.ts";
import { type Corpus, CorpusError, CorpusReader, encodeLines, encodingOf, type TextSource } from "./corpus.ts";
import type { Dictionary } from "./dictionary.ts";
import { huffman } from "./huffman.ts";
import { type DenseMatrix, type Job, type Kernel, lineHeader, type ThreadState, type TrainStatus } from "./kernel.ts";
import { negativeTable } from "./loss.ts";
import { Memory } from "./memory.ts";
import { Model } from "./model.ts";
import { MinimalStandard } from "./random.ts";
import { shareWork, type ThreadTally, type ThreadWork, wasmKernel } from "./wasm.ts";

/** How far a run is. */
export interface Progress {
  readonly phase: "reading" | "training";
  /** 0 to 1 (training). */
  readonly progress: number;
  /** Tokens read or trained on so far. */
  readonly tokens: number;
  /** Training tokens a second and thread. */
  readonly tokensPerSecond: number;
  readonly lr: number;
  /** Mean loss since the start; NaN before the first example. */
  readonly loss: number;
  readonly secondsLeft: number;
}

export interface TrainOptions {
  readonly kernel?: Kernel;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Runs several threads at once: `nodeThreads` of `@reprise/fasttext/node`, `webThreads` in pages that are
   * cross-origin isolated. Without it one thread does all the work, whatever `threads` says.
   */
  readonly runThreads?: RunThreads | undefined;
}

/** Starts a worker per piece of work, each of which calls `doWork`; resolves when all have ended. */
export type RunThreads = (work: readonly ThreadWork[]) => Promise<TrainStatus[]>;

/** Training ended in numbers that are none. The rate is too high for the data. */
export class DivergedError extends Error {
  override readonly name = "DivergedError";
}

/**
 * Trains a model.
 *
 * @param text  labelled lines (`__label__x some words`) or, for skipgram and cbow, plain text
 * @throws CorpusError, DivergedError, RangeError for settings, and the signal's reason when it is aborted
 */
export async function train(text: TextSource, given: Partial<Settings>, options: TrainOptions = {}): Promise<Model> {
  const settings = completeSettings(given);
  const { kernel = wasmKernel } = options;
  const memory = new Memory();
  const corpus = await readCorpus(text, settings, memory, kernel, options);
  const { dictionary, remap } = corpus.dictionary.ranked(settings.minCount, settings.minCountLabel, {
    index: kernel.fillSlots,
  });
  check(dictionary, settings);

  const encoding = encodingOf(corpus, dictionary, remap, settings, kernel, memory);
  const supervised = settings.model === "supervised";
  const outputs = supervised ? dictionary.labels : dictionary.words;
  const counts = dictionary.counts.subarray(supervised ? dictionary.words : 0).subarray(0, outputs);
  const int32 = (length: number) => memory.int32(length);
  const { dim, bucket } = settings;
  const tables: Job["tables"] = {
    memory,
    model: settings.model,
    loss: settings.loss,
    dim,
    wordNgrams: settings.wordNgrams,
    bucket,
    minn: settings.minn,
    maxn: settings.maxn,
    dictionary,
    input: initialRows(dictionary.words + bucket, settings, memory, kernel),
    output: { kind: "dense", rows: outputs, dim, values: memory.float32(outputs * dim) },
    tree: settings.loss === "hs" ? huffman(counts, int32) : undefined,
  };
  const job: Job = {
    tables,
    lr: settings.lr,
    lrUpdateRate: settings.lrUpdateRate,
    totalTokens: settings.epoch * corpus.tokens,
    lines: supervised ? encodeLines(corpus, encoding, kernel, memory) : plainLines(corpus, remap, memory),
    progress: memory.int64(1),
    labelWeights: undefined,
    negatives: settings.loss === "ns" ? negativeTable(counts, int32) : memory.int32(0),
    neg: settings.neg,
    ws: settings.ws,
    keep: supervised ? memory.float32(0) : keepProbabilities(dictionary, settings, memory),
    rowStarts: encoding.starts,
    rows: encoding.rows,
    endOfLine: remap[corpus.endOfLine]!,
    tabledLoss: settings.compat,
  };
  await run(job, settings, kernel, options);
  return new Model(
    tables,
    {
      ws: settings.ws,
      epoch: settings.epoch,
      minCount: settings.minCount,
      neg: settings.neg,
      lrUpdateRate: settings.lrUpdateRate,
      t: settings.t,
    },
    kernel,
  );
}

async function readCorpus(
  text: TextSource,
  settings: Settings,
  memory: Memory,
  kernel: Kernel,
  { signal, onProgress }: TrainOptions,
): Promise<Corpus> {
  const reader = new CorpusReader(memory, kernel, settings);
  const encoder = new TextEncoder();
  for await (const piece of text) {
    signal?.throwIfAborted();
    reader.add(typeof piece === "string" ? encoder.encode(piece) : piece);
    onProgress?.({
      phase: "reading",
      progress: 0,
      tokens: reader.dictionary.tokens,
      tokensPerSecond: 0,
      lr: settings.lr,
      loss: Number.NaN,
      secondsLeft: Number.NaN,
    });
  }
  return reader.finish();
}

function check(dictionary: Dictionary, settings: Settings): void {
  const { minCount, minCountLabel, label, model } = settings;
  if (dictionary.size === 0)
    throw new CorpusError(
      dictionary.tokens === 0
        ? "The training text is empty; expected lines of words."
        : `No word occurs ${minCount} times; try a smaller minCount.`,
    );
  if (model === "supervised" && dictionary.labels === 0)
    throw new CorpusError(
      minCountLabel > 1
        ? `No label occurs ${minCountLabel} times; try a smaller minCountLabel.`
        : `The training text has no labels; expected words that start with "${label}", or set label to the prefix in use.`,
    );
  if (model === "supervised" && dictionary.words === 0)
    throw new CorpusError(`The training text has only labels and no words (minCount is ${minCount}).`);
  if (settings.loss === "ns" && (model === "supervised" ? dictionary.labels : dictionary.words) < 2)
    throw new CorpusError("Negative sampling needs two labels or words at least; there is one. Use loss softmax.");
}

/**
 * Every row uniform in (−1/dim, 1/dim).
 *
 * Departure: the program fills a tenth of the rows per thread and leaves the others 0, so that its result depends on
 * the number of threads. Here all rows are drawn and the threads do not matter; `compat` does as the program.
 */
function initialRows(
  rows: number,
  { dim, seed, threads, compat }: Settings,
  memory: Memory,
  kernel: Kernel,
): DenseMatrix {
  const values = memory.float32(rows * dim);
  const a = Math.fround(1 / dim);
  if (!compat) kernel.fillUniform(memory, values, a, seed);
  const block = Math.floor((rows * dim) / 10);
  for (let b = 0; compat && b < threads; b++) {
    const random = new MinimalStandard(b + seed);
    for (let i = block * b; i < Math.min(rows * dim, block * (b + 1)); i++) values[i] = random.uniform() * 2 * a - a;
  }
  return { kind: "dense", rows, dim, values };
}

/** √(t/f) + t/f: the probability to keep an occurrence of a word of frequency f. */
function keepProbabilities(dictionary: Dictionary, { t }: Settings, memory: Memory): Float32Array {
  const keep = memory.float32(dictionary.words);
  for (let i = 0; i < keep.length; i++) {
    const f = Math.fround(Math.fround(dictionary.counts[i]!) / Math.fround(dictionary.tokens));
    keep[i] = Math.sqrt(t / f) + t / f;
  }
  return keep;
}

/** The corpus as entries of the final dictionary. */
function plainLines(corpus: Corpus, remap: Int32Array, memory: Memory): Int32Array {
  const lines = memory.int32(corpus.tokens);
  let at = 0;
  for (const block of corpus.blocks) for (const entry of block) lines[at++] = remap[entry]!;
  return lines;
}

/** One thread's part of a run. */
export function threadState(job: Job, from: number, to: number, seed: number): ThreadState {
  const { memory, dim, output } = job.tables;
  return {
    from,
    to,
    at: from,
    random: new MinimalStandard(seed).state,
    pendingTokens: 0,
    lossSum: 0,
    examples: 0,
    line: memory.int32(1026),
    hidden: memory.float32(dim),
    grad: memory.float32(dim),
    scores: memory.float32(output.rows + 4),
    context: memory.int32(job.tables.model === "cbow" ? 2 * job.ws * mostRows(job.rowStarts) : 0),
  };
}

/** Rows of the word that brings most. */
function mostRows(starts: Int32Array): number {
  let most = 0;
  for (let i = 1; i < starts.length; i++) most = Math.max(most, starts[i]! - starts[i - 1]!);
  return most;
}

/** The places where each of `count` threads starts, and the end: whole lines, about the same work for each. */
export function shares(job: Job, count: number): number[] {
  const { lines, endOfLine, tables } = job;
  const starts = [0];
  let at = 0;
  for (let i = 1; i < count; i++) {
    const goal = Math.floor((lines.length * i) / count);
    if (tables.model === "supervised") while (at < goal) at += lineHeader + lines[at + 1]! + lines[at + 2]!;
    else for (at = Math.max(at, goal); at < lines.length && lines[at - 1] !== endOfLine; ) at++;
    starts.push(at);
  }
  return [...starts, lines.length];
}

async function run(job: Job, settings: Settings, kernel: Kernel, options: TrainOptions): Promise<void> {
  const { runThreads, signal } = options;
  const report = reporter(job, settings, options.onProgress);
  const count = runThreads && kernel === wasmKernel ? settings.threads : 1;
  const bounds = shares(job, count);
  const threads = Array.from({ length: count }, (_, i) =>
    threadState(job, bounds[i]!, bounds[i + 1]!, settings.seed + i),
  );
  if (!runThreads || count === 1) return runHere(job, threads[0]!, kernel, signal, report);

  const stop = job.tables.memory.int32(1);
  const { work, tallies } = shareWork(job, threads, stop);
  const abort = () => Atomics.store(stop, 0, 1);
  signal?.throwIfAborted();
  signal?.addEventListener("abort", abort);
  const timer = setInterval(() => report(tallies()), 100);
  try {
    const statuses = await runThreads(work);
    signal?.throwIfAborted();
    const progress = report(tallies());
    if (statuses.includes("nan")) throw diverged(settings, progress);
  } finally {
    clearInterval(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** One thread, in pieces of about 50 ms, so that progress can be shown and the run stopped. */
async function runHere(
  job: Job,
  thread: ThreadState,
  kernel: Kernel,
  signal: AbortSignal | undefined,
  report: (tallies: readonly ThreadTally[]) => number,
): Promise<void> {
  let budget = 20_000;
  for (;;) {
    signal?.throwIfAborted();
    const before = performance.now();
    const status = kernel.train(job, thread, budget);
    const took = performance.now() - before;
    const progress = report([thread]);
    if (status === "done") return;
    if (status === "nan") throw diverged(job, progress);
    budget = Math.ceil(Math.min(4 * budget, Math.max(1000, (budget * 50) / Math.max(1, took))));
    await new Promise((resolve) => setTimeout(resolve));
  }
}

function diverged({ lr }: { readonly lr: number }, progress: number): DivergedError {
  return new DivergedError(
    `Training diverged after ${(100 * progress).toFixed(1)} % of the run: a score is not a number. ` +
      `The learning rate ${lr} is too high for this data; try ${lr / 4}.`,
  );
}

/** Tells the caller how far the run is. The function returns the progress, 0 to 1. */
function reporter(job: Job, settings: Settings, onProgress: TrainOptions["onProgress"]) {
  const start = performance.now();
  return (tallies: readonly ThreadTally[]): number => {
    const tokens = Number(Atomics.load(job.progress, 0));
    const progress = job.totalTokens === 0 ? 1 : Math.min(1, tokens / job.totalTokens);
    const seconds = (performance.now() - start) / 1000;
    onProgress?.({
      phase: "training",
      progress,
      tokens,
      tokensPerSecond: tokens / seconds / tallies.length,
      lr: settings.lr * (1 - progress),
      loss: tallies.reduce((sum, t) => sum + t.lossSum, 0) / tallies.reduce((sum, t) => sum + t.examples, 0),
      secondsLeft: (seconds * (1 - progress)) / progress,
    });
    return progress;
  };
}
