// Running a job: one thread here, several in workers, or blocks of lines one after the other.
import type { Settings } from "../config.ts";
import type { Job, Kernel, ThreadState, TrainStatus } from "../kernel/kernel.ts";
import { shareWork, type ThreadTally, type ThreadWork, wasmKernel } from "../kernel/wasm.ts";
import type { Model } from "../model/model.ts";
import { paysToDivide, withDividedRows } from "../parallel/divided.ts";
import { withOwnRows } from "../parallel/own-rows.ts";
import type { ReadPart, ReadWork } from "../parallel/parts.ts";
import { MinimalStandard } from "../reference/random.ts";
import type { EncodeAside } from "../text/encode-corpus.ts";
import { partsOf } from "../text/lines.ts";
import type { TextSource } from "../text/source.ts";
import { pause } from "./pause.ts";

/** What a long call tells while it works. `total` is null while it is not known. */
export type Progress = ReadingProgress | ReadProgress | TrainingProgress | EpochProgress;

/** The text is being read. */
export interface ReadingProgress {
  readonly kind: "reading";
  /** Tokens read so far. */
  readonly done: number;
  readonly total: null;
}

/** The text is read; the memory for the rows is taken next. What the callback throws ends the call. */
export interface ReadProgress {
  readonly kind: "read";
  /** Tokens of the text. */
  readonly done: number;
  readonly total: number;
  readonly words: number;
  readonly labels: number;
  /** Bytes of all rows. */
  readonly modelBytes: number;
}

/** The rows are being trained. */
export interface TrainingProgress {
  readonly kind: "training";
  /** Tokens trained on so far, and in all epochs. */
  readonly done: number;
  readonly total: number;
  /** Tokens a second and thread, of training alone; 0 while the clock has not moved. */
  readonly tokensPerSecond: number;
  readonly lr: number;
  /** Mean loss since the start; NaN before the first example. */
  readonly loss: number;
  readonly secondsLeft: number;
}

/** An epoch was tested on the validation text. */
export interface EpochProgress {
  readonly kind: "epoch";
  /** Epochs so far, and most there will be. */
  readonly done: number;
  readonly total: number;
  /** F1 on the validation text. */
  readonly score: number;
  /** The best epoch so far, whose rows are kept. */
  readonly kept: { readonly epoch: number; readonly score: number };
}

export interface TrainOptions {
  readonly kernel?: Kernel;
  /** Aborts: the call throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Ends the training early: the call returns what was learnt so far. */
  readonly stop?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Runs several threads at once: `nodeThreads` of `@reprise/fasttext/node`, `webThreads` in pages that are
   * cross-origin isolated. Without it one thread does all the work, whatever `threads` says.
   */
  readonly runThreads?: RunThreads | undefined;
}

/** Has a worker do each piece of work by calling `doWork`; a promise for each. */
export interface RunThreads {
  (work: readonly ThreadWork[]): readonly Promise<TrainStatus>[];
  /** Threads that can run at once; without it that is not known. */
  readonly cores?: number;
  /** Starts so many workers, so that they are there when there is work. */
  prepare?(count: number): void;
  /**
   * Has workers that are up take parts of a text of at most `most` bytes, `count` with the `first`. Undefined where the
   * text is longer or cannot be divided.
   */
  readAside?(
    text: TextSource,
    count: number,
    most: number,
    work: ReadWork,
  ): { readonly first: Iterable<Uint8Array>; readonly others: readonly Promise<ReadPart | undefined>[] } | undefined;
  readonly encodeAside?: EncodeAside;
}

/** A score became NaN or infinite: the rate is too high for the data. */
export class DivergedError extends Error {
  override readonly name = "DivergedError";
  /** The model of the best epoch before, when a validation text was given. */
  readonly lastGood: Model | undefined;

  constructor(message: string, lastGood?: Model) {
    super(message);
    this.lastGood = lastGood;
  }
}

/** One thread's part of a run. */
function threadState(job: Job, from: number, to: number, seed: number): ThreadState {
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
function shares(job: Job, count: number): number[] {
  const { lines, endOfLine, tables } = job;
  if (count > 1 && tables.model === "supervised") return partsOf(job, count).bounds.map(({ at }) => at);
  const starts = [0];
  let at = 0;
  for (let i = 1; i < count; i++) {
    at = Math.max(at, Math.floor((lines.length * i) / count));
    while (at < lines.length && lines[at - 1] !== endOfLine) at++;
    starts.push(at);
  }
  return [...starts, lines.length];
}

/** A run under way: its threads, and what they have learnt so far. Each call of `until` goes on where the last one ended. */
export class TrainingRun {
  readonly #job: Job;
  readonly #settings: Settings;
  readonly #kernel: Kernel;
  readonly #options: TrainOptions;
  readonly #blocks: (() => Iterable<Int32Array>) | undefined;
  readonly #threads: readonly ThreadState[];
  /** The job as each thread sees it. */
  readonly #jobs: readonly Job[];
  /** Milliseconds of training before this stretch. */
  #before = 0;
  #stretchStart = 0;

  /** @param blocks  the lines a block at a time, where all of them do not fit into memory: trained on by one thread */
  constructor(
    job: Job,
    settings: Settings,
    kernel: Kernel,
    options: TrainOptions,
    blocks?: () => Iterable<Int32Array>,
  ) {
    this.#job = job;
    this.#settings = settings;
    this.#kernel = kernel;
    this.#options = options;
    this.#blocks = blocks;
    const { count, divides } = blocks ? { count: 1, divides: false } : this.#threadsToUse();
    const bounds = shares(job, count);
    const threads = bounds.slice(1).map((to, i) => threadState(job, bounds[i]!, to, settings.seed + i));
    const prepared =
      count === 1 || job.tables.model !== "supervised"
        ? { threads, jobs: threads.map(() => job) }
        : divides
          ? withDividedRows(job, threads)
          : withOwnRows(job, threads, settings);
    this.#threads = prepared.threads;
    this.#jobs = prepared.jobs;
  }

  #threadsToUse(): { count: number; divides: boolean } {
    const { threads, deterministic } = this.#settings;
    const { loss, model } = this.#job.tables;
    const { runThreads } = this.#options;
    // One thread gives the same bytes each time, and sooner than several that would have to wait for each other.
    if (!runThreads || this.#kernel !== wasmKernel || threads === 1 || deterministic)
      return { count: 1, divides: false };
    // Threads that divide the rows wait for each other at every line: only where each has a core.
    const divides = model === "supervised" && threads <= (runThreads.cores ?? 1) && paysToDivide(this.#job, threads);
    // One against all moves every label at every line, most of them the same way. Threads that share the rows wait for each
    // other all the time, and with copies they go too far and run away: one is faster than several.
    const alone = loss === "ova" && model === "supervised" && !divides;
    return { count: alone ? 1 : threads, divides };
  }

  /**
   * Trains until the threads together have seen so many tokens.
   *
   * @throws DivergedError; the signal's reason when it is aborted
   */
  async until(tokens: number): Promise<void> {
    for (const job of new Set([this.#job, ...this.#jobs])) job.untilTokens = tokens;
    this.#stretchStart = performance.now();
    try {
      if (this.#blocks) await this.#byBlocks(this.#blocks);
      else if (this.#threads.length === 1) await this.#alone(this.#threads[0]!);
      else await this.#together();
    } finally {
      this.#before += performance.now() - this.#stretchStart;
    }
  }

  /** One thread, block by block. */
  async #byBlocks(blocks: () => Iterable<Int32Array>): Promise<void> {
    const job = this.#job;
    const thread = this.#threads[0]!;
    while (Number(job.progress[0]!) < job.untilTokens) {
      const before = job.progress[0]!;
      for (const lines of blocks()) {
        job.lines = lines;
        Object.assign(thread, { from: 0, at: 0, to: lines.length });
        await this.#alone(thread);
        job.progress[0]! += BigInt(thread.pendingTokens);
        thread.pendingTokens = 0;
        if (this.#options.stop?.aborted) return;
      }
      if (job.progress[0] === before) return;
    }
  }

  /** One thread, in pieces of about 50 ms, so that progress can be shown and the run stopped. */
  async #alone(thread: ThreadState): Promise<void> {
    const { signal, stop } = this.#options;
    let budget = 20_000;
    for (;;) {
      signal?.throwIfAborted();
      const before = performance.now();
      const status = this.#kernel.train(this.#job, thread, budget);
      const took = performance.now() - before;
      this.#report([thread]);
      if (status === "done" || stop?.aborted) return;
      if (status === "nan") throw this.#diverged();
      budget = nextBudget(budget, took);
      await pause();
    }
  }

  /** Several threads at once: this one and workers. */
  async #together(): Promise<void> {
    const { signal, stop: early, runThreads } = this.#options;
    const stop = this.#job.tables.memory.int32(1);
    const { work, tallies, finish } = shareWork(this.#jobs, this.#threads, stop);
    const abort = () => Atomics.store(stop, 0, 1);
    signal?.throwIfAborted();
    signal?.addEventListener("abort", abort);
    early?.addEventListener("abort", abort);
    if (early?.aborted) abort();
    this.#report(tallies());
    const timer = setInterval(() => this.#report(tallies()), 100);
    try {
      const others = runThreads!(work.slice(1));
      const here = untilStopped(this.#jobs[0]!, this.#threads[0]!, this.#kernel, stop);
      const statuses = await allEnded([here, ...others], stop);
      finish();
      signal?.throwIfAborted();
      this.#report(tallies());
      if (statuses.includes("nan")) throw this.#diverged();
    } finally {
      clearInterval(timer);
      signal?.removeEventListener("abort", abort);
      early?.removeEventListener("abort", abort);
    }
  }

  /** 0 to 1. */
  get #share(): number {
    const { totalTokens, progress } = this.#job;
    return totalTokens === 0 ? 1 : Math.min(1, Number(Atomics.load(progress, 0)) / totalTokens);
  }

  #report(tallies: readonly ThreadTally[]): void {
    const share = this.#share;
    const { totalTokens, progress } = this.#job;
    const done = Math.min(totalTokens, Number(Atomics.load(progress, 0)));
    const seconds = (this.#before + performance.now() - this.#stretchStart) / 1000;
    this.#options.onProgress?.({
      kind: "training",
      done,
      total: totalTokens,
      tokensPerSecond: seconds > 0 ? done / seconds / tallies.length : 0,
      lr: this.#settings.lr * (1 - share),
      loss: tallies.reduce((sum, t) => sum + t.lossSum, 0) / tallies.reduce((sum, t) => sum + t.examples, 0),
      secondsLeft: (seconds * (1 - share)) / share,
    });
  }

  /** Advises a quarter of the rate, or the highest usual one where that is less. */
  #diverged(): DivergedError {
    const { lr, tables } = this.#job;
    const [what, usual, highest] =
      tables.model === "supervised" ? ["a classifier", "0.1 to 1.0", 1] : ["word vectors", "0.05", 0.05];
    return new DivergedError(
      `Training diverged after ${(100 * this.#share).toFixed(1)} % of the run: a score is not a number. The learning rate ` +
        `${lr} is too high for this data; try ${Math.min(highest, lr / 4)} (usual for ${what}: ${usual}).`,
    );
  }
}

/**
 * Waits until every thread has ended; when one of them fails, the others are told to stop.
 *
 * @throws what the first of them failed with
 */
async function allEnded(shares: readonly Promise<TrainStatus>[], stop: Int32Array): Promise<readonly TrainStatus[]> {
  for (const share of shares) share.catch(() => Atomics.store(stop, 0, 1));
  const ends = await Promise.allSettled(shares);
  return ends.map((end) => {
    if (end.status === "rejected") throw end.reason;
    return end.value;
  });
}

/** One thread's share done here, in pieces of about 50 ms, until it ends or is stopped. */
async function untilStopped(job: Job, thread: ThreadState, kernel: Kernel, stop: Int32Array): Promise<TrainStatus> {
  for (let budget = 20_000; Atomics.load(stop, 0) === 0; ) {
    const before = performance.now();
    const status = kernel.train(job, thread, budget);
    if (status === "nan") Atomics.store(stop, 0, 1);
    if (status !== "more") return status;
    budget = nextBudget(budget, performance.now() - before);
    await pause();
  }
  return kernel.train(job, thread, 0);
}

/** Tokens that take about 50 ms; a 32-bit number for the kernel, though a thread that only waits takes no time at all. */
function nextBudget(budget: number, tookMs: number): number {
  return Math.ceil(Math.min(2 ** 30, 4 * budget, Math.max(1000, (budget * 50) / Math.max(1, tookMs))));
}
