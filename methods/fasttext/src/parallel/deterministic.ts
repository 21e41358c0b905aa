// Several threads, one result, for word vectors (a classifier is trained by together.ts): each trains its own copy of the
// rows on its own lines, and a few times an epoch the copies are joined. Which thread is faster does not matter.
import type { Settings } from "../config.ts";
import { type Job, type Kernel, lineHeader, type ThreadState } from "../kernel/kernel.ts";

/** Most joins an epoch; fewer on small texts, where starting the threads would cost more than their work. */
const joinsPerEpoch = 4;
const tokensPerJoin = 50_000;

/** One thread's own run: copies of the rows, its own lines, its own progress. */
export interface Share {
  readonly job: Job;
  readonly thread: ThreadState;
}

/**
 * A job as one share for each thread.
 *
 * @param bounds  where each thread's lines start, and the end
 */
export function sharesOf(
  job: Job,
  bounds: readonly number[],
  threads: readonly ThreadState[],
  epochs: number,
): Share[] {
  const { memory, input, output } = job.tables;
  return threads.map((thread, i) => {
    const copy = (values: Float32Array) => {
      const own = memory.float32(values.length);
      own.set(values);
      return own;
    };
    const total = epochs * tokensOf(job, bounds[i]!, bounds[i + 1]!);
    return {
      thread,
      job: {
        ...job,
        tables: {
          ...job.tables,
          input: { ...input, values: copy(input.values) },
          output: { ...output, values: copy(output.values) },
        },
        progress: memory.int64(1),
        totalTokens: total,
        untilTokens: 0,
        threads: [thread],
      },
    };
  });
}

/** Ends of the stretches between joins, as parts of the whole run, from one point of it to another. */
export function* stretches(from: number, to: number, { epoch }: Settings, tokens: number): Generator<number> {
  const joins = Math.max(1, Math.ceil(epoch / 4), Math.min(epoch * joinsPerEpoch, Math.floor(tokens / tokensPerJoin)));
  for (let i = Math.floor(from * joins + 1e-9) + 1; i / joins < to - 1e-9; i++) yield i / joins;
  if (to > from) yield to;
}

/** Each number moves by the mean of the moves of those copies that moved it. */
export function join(job: Job, shares: readonly Share[], kernel: Kernel): void {
  for (const name of ["input", "output"] as const) {
    const base = job.tables[name].values;
    const copies = shares.map((share) => share.job.tables[name].values);
    kernel.mergeCopies(job.tables.memory, base, copies);
  }
}

function tokensOf({ lines, tables }: Job, from: number, to: number): number {
  let tokens = 0;
  if (tables.model === "supervised")
    for (let at = from; at < to; at += lineHeader + lines[at + 1]! + lines[at + 2]!) tokens += lines[at]!;
  else for (let at = from; at < to; at++) if (lines[at]! >= 0) tokens++;
  return tokens;
}
