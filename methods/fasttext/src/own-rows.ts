// What each of several threads gets a copy of. Cores that write to the same rows in turn wait for each other: the output
// rows, and those of the most frequent words, are in every line. The copies are exchanged some 30 times an epoch, those of
// the commonest words and the outputs every few lines: all lines move them the same way, and threads that each go all the
// way from where they last met would together go too far.
import type { Settings } from "./config.ts";
import type { Job, OwnCopy, ThreadState } from "./kernel.ts";
import type { Memory } from "./memory.ts";

/** Most words whose rows are copied: measured, more do not pay. */
const mostRows = 1 << 14;
/** The commonest of them. */
const mostHot = 256;
/** More of them and the copies are fresher, and exchanging them takes longer. */
const exchangesPerEpoch = 32;
/** Tokens of all threads between exchanges of what is hot. */
const hotTokens = 4096;
/** Numbers in copies for each token between exchanges: what may be spent on exchanging. */
const numbersPerToken = 2;

/** A job of its own for each thread, and the threads with their copies; on small texts without. */
export function withOwnRows(
  job: Job,
  threads: readonly ThreadState[],
  { epoch }: Settings,
): { jobs: readonly Job[]; threads: readonly ThreadState[] } {
  const { input, output, memory, dim, dictionary } = job.tables;
  const every = Math.floor(job.totalTokens / epoch / threads.length / exchangesPerEpoch);
  const hotEvery = Math.min(every, Math.floor(hotTokens / threads.length));
  const room = numbersPerToken * every;
  const outputs = output.values.length <= room ? output.values.length : 0;
  // Whole vectors of four, since that is what is exchanged at once.
  const rows = Math.min(mostRows, dictionary.words, Math.floor((room - outputs) / dim)) & ~3;
  if (rows === 0) return { jobs: threads.map(() => job), threads };
  const hotRoom = numbersPerToken * hotEvery;
  const hotOutputs = outputs <= hotRoom ? outputs : 0;
  const hot = Math.min(mostHot, rows, Math.floor((hotRoom - hotOutputs) / dim)) & ~3;
  const jobs: Job[] = [];
  const own = threads.map((thread) => {
    // Copies are rows of the same matrix, further on in memory.
    const block = memory.float32((rows + 1) * dim);
    const rowOffset = Math.ceil((block.byteOffset - input.values.byteOffset) / (4 * dim));
    const copies = new Float32Array(block.buffer, input.values.byteOffset + 4 * rowOffset * dim, rows * dim);
    const outputCopy = outputs > 0 ? memory.float32(outputs) : output.values;
    jobs.push({ ...job, tables: { ...job.tables, output: { ...output, values: outputCopy } } });
    const rowsCopy = (from: number, to: number) =>
      copyOf(input.values.subarray(from * dim, to * dim), copies.subarray(from * dim, to * dim), memory);
    const outputsCopy = (from: number, to: number) =>
      copyOf(output.values.subarray(from, to), outputCopy.subarray(from, to), memory);
    return {
      ...thread,
      own: {
        hot: rowsCopy(0, hot),
        words: rowsCopy(hot, rows),
        hotOutputs: outputsCopy(0, hotOutputs),
        outputs: outputsCopy(hotOutputs, outputs),
        rows,
        rowOffset,
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
