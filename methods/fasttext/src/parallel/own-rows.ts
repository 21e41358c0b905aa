// What each of several threads gets a copy of. Cores that write to the same rows in turn wait for each other: the output
// rows, and those of the most frequent words and n-grams, are in every line. The copies are exchanged a few times an epoch,
// those of the commonest rows and the outputs every few lines: all lines move them the same way, and threads that each go
// all the way from where they last met would together go too far.
import type { Settings } from "../config.ts";
import type { Job, OwnCopy, ThreadState } from "../kernel/kernel.ts";
import type { Memory } from "../kernel/memory.ts";
import { frequentRows, meanLine } from "../text/lines.ts";

/** Most rows that are copied; 1 + their number fits into two bytes. */
const mostRows = 1 << 14;
/** The commonest of them. */
const mostHot = 64;
/** More of them and the copies are fresher, and exchanging them takes longer. */
const exchangesPerEpoch = 8;
/** Rows that are named less often between two exchanges are cheaper to share. */
const usesPerExchange = 8;
/** Lines of all threads between exchanges of what is hot. */
const hotLines = 64;
/** Numbers in copies for each number that lines touch between exchanges: what may be spent on exchanging. */
const shareOfWork = 1 / 12;

/** A job of its own for each thread, and the threads with their copies; on small texts without. */
export function withOwnRows(
  job: Job,
  threads: readonly ThreadState[],
  { epoch }: Settings,
): { jobs: readonly Job[]; threads: readonly ThreadState[] } {
  const { input, output, memory, dim } = job.tables;
  const line = meanLine(job);
  const every = Math.floor(job.totalTokens / epoch / threads.length / exchangesPerEpoch);
  const hotEvery = Math.min(every, Math.ceil((hotLines / threads.length) * line.tokens));
  const perToken = (shareOfWork * (line.outputs + line.rows * dim)) / line.tokens;
  const room = perToken * every;
  const outputs = output.values.length <= room ? output.values.length : 0;
  const most = Math.min(mostRows, Math.floor((room - outputs) / dim));
  if (most === 0) return { jobs: threads.map(() => job), threads };
  const hotRoom = perToken * hotEvery;
  const hotOutputs = outputs <= hotRoom ? outputs : 0;
  const { ids, hot, places } = frequentRows(job, {
    most,
    mostHot: Math.min(mostHot, Math.floor((hotRoom - hotOutputs) / dim)),
    fewestUses: usesPerExchange * exchangesPerEpoch,
  });
  const jobs: Job[] = [];
  const own = threads.map((thread) => {
    // Copies are rows of the same matrix, further on in memory.
    const block = memory.float32((ids.length + 1) * dim);
    const firstCopy = Math.ceil((block.byteOffset - input.values.byteOffset) / (4 * dim));
    const outputCopy = outputs > 0 ? memory.float32(outputs) : output.values;
    jobs.push({ ...job, tables: { ...job.tables, output: { ...output, values: outputCopy } } });
    const outputsCopy = (from: number, to: number) =>
      copyOf(output.values.subarray(from, to), outputCopy.subarray(from, to), memory);
    return {
      ...thread,
      own: {
        ids,
        hot,
        firstCopy,
        before: memory.float32(ids.length * dim),
        places,
        hotOutputs: outputsCopy(0, hotOutputs),
        outputs: outputsCopy(hotOutputs, outputs),
        every,
        hotEvery,
      },
    };
  });
  return { jobs, threads: own };
}

function copyOf(shared: Float32Array, own: Float32Array, memory: Memory): OwnCopy {
  own.set(shared);
  const before = memory.float32(shared.length);
  before.set(shared);
  return { shared, own, before };
}
