// Running a job: one thread here, several in workers, copies that are joined, blocks one after the other.
import type { Settings } from "../config.ts";
import type { Job, Kernel, ThreadState, TrainStatus } from "../kernel/kernel.ts";
import { shareWork, type ThreadTally, type ThreadWork, wasmKernel } from "../kernel/wasm.ts";
import type { Model } from "../model/model.ts";
import { join, type Share, sharesOf, stretches } from "../parallel/deterministic.ts";
import { paysToDivide, withDividedRows } from "../parallel/divided.ts";
import { withOwnRows } from "../parallel/own-rows.ts";
import type { ReadPart, ReadWork } from "../parallel/parts.ts";
import { asTeam, mostTogether } from "../parallel/together.ts";
import { MinimalStandard } from "../reference/random.ts";
import type { TextSource } from "../text/corpus.ts";
import type { EncodeAside } from "../text/encode-corpus.ts";
import { partsOf } from "../text/lines.ts";
import { pause } from "./pause.ts";

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

/** Training ended in numbers that are none. The rate is too high for the data. */
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

export async function run(job: Job, settings: Settings, kernel: Kernel, options: TrainOptions): Promise<void> {
  const { runThreads, signal, stop: early } = options;
  const report = reporter(job, settings, options.onProgress);
  const many = runThreads && kernel === wasmKernel;
  const supervised = job.tables.model === "supervised";
  const deterministic = settings.deterministic && settings.threads > 1;
  if (deterministic && !supervised) return runDeterministic(job, settings, kernel, options, report);
  if (job.threads.length === 0) {
    // Threads that divide the rows wait for each other at every line: only where each has a core.
    const divided =
      many &&
      supervised &&
      !deterministic &&
      settings.threads > 1 &&
      settings.threads <= (runThreads.cores ?? 1) &&
      paysToDivide(job, settings.threads);
    // One against all moves every label at every line, most of them the same way. Threads that share the rows wait for each
    // other all the time, and with copies they go too far and run away: one is faster than several.
    const atOnce = job.tables.loss === "ova" && supervised && !deterministic && !divided ? 1 : settings.threads;
    const count = many ? Math.min(atOnce, deterministic ? mostTogether : atOnce) : 1;
    const bounds = shares(job, count);
    job.threads = bounds.slice(1).map((to, i) => threadState(job, bounds[i]!, to, settings.seed + i));
    if (supervised && (deterministic || count > 1)) {
      const prepared = deterministic
        ? asTeam(job, job.threads)
        : divided
          ? withDividedRows(job, job.threads)
          : withOwnRows(job, job.threads, settings);
      job.threads = prepared.threads;
      jobsUnderWay.set(job, prepared.jobs);
    }
  }
  const { threads } = job;
  if (!runThreads || threads.length === 1) return runHere(job, threads[0]!, kernel, options, report);

  const jobs = jobsUnderWay.get(job) ?? threads.map(() => job);
  for (const each of jobs) each.untilTokens = job.untilTokens;
  const stop = job.tables.memory.int32(1);
  const { work, tallies, finish } = shareWork(jobs, threads, stop);
  const abort = () => Atomics.store(stop, 0, 1);
  signal?.throwIfAborted();
  signal?.addEventListener("abort", abort);
  early?.addEventListener("abort", abort);
  if (early?.aborted) abort();
  report(tallies());
  const timer = setInterval(() => report(tallies()), 100);
  try {
    const others = runThreads(work.slice(1));
    const statuses = await allEnded([untilStopped(jobs[0]!, threads[0]!, kernel, stop), ...others], stop);
    finish();
    signal?.throwIfAborted();
    const progress = report(tallies());
    if (statuses.includes("nan")) throw diverged(job, progress);
  } finally {
    clearInterval(timer);
    signal?.removeEventListener("abort", abort);
    early?.removeEventListener("abort", abort);
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

/** The jobs of the threads of runs that are under way. */
const jobsUnderWay = new WeakMap<Job, readonly Job[]>();

/** The shares of runs that are under way. */
const sharesUnderWay = new WeakMap<Job, Share[]>();

/** As many copies of the rows as threads, joined a few times an epoch; at once or one after the other, the same bytes. */
async function runDeterministic(
  job: Job,
  settings: Settings,
  kernel: Kernel,
  options: TrainOptions,
  report: (tallies: readonly ThreadTally[]) => number,
): Promise<void> {
  const { runThreads, signal, stop: early } = options;
  const bounds = shares(job, settings.threads);
  let own = sharesUnderWay.get(job);
  if (!own) {
    const threads = Array.from({ length: settings.threads }, (_, i) =>
      threadState(job, bounds[i]!, bounds[i + 1]!, settings.seed + i),
    );
    own = sharesOf(job, bounds, threads, settings.epoch);
    sharesUnderWay.set(job, own);
    job.threads = threads;
  }
  const stop = job.tables.memory.int32(1);
  const done = Number(job.progress[0]!) / job.totalTokens;
  for (const part of stretches(done, job.untilTokens / job.totalTokens, settings, job.totalTokens)) {
    signal?.throwIfAborted();
    for (const share of own) share.job.untilTokens = Math.ceil(share.job.totalTokens * part);
    if (runThreads && kernel === wasmKernel) {
      const shared = own.map((share) => shareWork([share.job], [share.thread], stop));
      const statuses = await allEnded(runThreads(shared.flatMap(({ work }) => work)), stop);
      for (const { finish } of shared) finish();
      if (statuses.includes("nan")) throw diverged(job, part);
    } else for (const share of own) await runHere(share.job, share.thread, kernel, options, () => part);
    join(job, own, kernel);
    job.progress[0] = BigInt(Math.round(part * job.totalTokens));
    report(job.threads);
    if (early?.aborted) return;
  }
}

/** One thread, in pieces of about 50 ms, so that progress can be shown and the run stopped. */
async function runHere(
  job: Job,
  thread: ThreadState,
  kernel: Kernel,
  { signal, stop }: TrainOptions,
  report: (tallies: readonly ThreadTally[]) => number,
): Promise<void> {
  let budget = 20_000;
  for (;;) {
    signal?.throwIfAborted();
    const before = performance.now();
    const status = kernel.train(job, thread, budget);
    const took = performance.now() - before;
    const progress = report([thread]);
    if (status === "done" || stop?.aborted) return;
    if (status === "nan") throw diverged(job, progress);
    budget = nextBudget(budget, took);
    await pause();
  }
}

/** Advises a quarter of the rate, or the highest usual one where that is less. */
function diverged({ lr, tables }: Job, progress: number): DivergedError {
  const [kind, usual, highest] =
    tables.model === "supervised" ? ["a classifier", "0.1 to 1.0", 1] : ["word vectors", "0.05", 0.05];
  return new DivergedError(
    `Training diverged after ${(100 * progress).toFixed(1)} % of the run: a score is not a number. The learning rate ` +
      `${lr} is too high for this data; try ${Math.min(highest, lr / 4)} (usual for ${kind}: ${usual}).`,
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

/** One thread, block by block: for corpora whose encoded lines do not fit. */
export async function runStreamed(
  job: Job,
  blocks: () => Iterable<Int32Array>,
  settings: Settings,
  kernel: Kernel,
  options: TrainOptions,
): Promise<void> {
  const report = reporter(job, settings, options.onProgress);
  const thread = job.threads[0] ?? threadState(job, 0, 0, settings.seed);
  job.threads = [thread];
  while (Number(job.progress[0]!) < job.untilTokens) {
    const before = job.progress[0]!;
    for (const lines of blocks()) {
      job.lines = lines;
      Object.assign(thread, { from: 0, at: 0, to: lines.length });
      await runHere(job, thread, kernel, options, report);
      job.progress[0]! += BigInt(thread.pendingTokens);
      thread.pendingTokens = 0;
      if (options.stop?.aborted) return;
    }
    if (job.progress[0] === before) return;
  }
}
