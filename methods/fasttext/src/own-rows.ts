// What each of several threads gets a copy of. Cores that write to the same rows in turn wait for each other: the output
// rows, and those of the most frequent words, are in every line. The copies are exchanged some 30 times an epoch.
import type { Settings } from "./config.ts";
import type { Job, OwnCopy, ThreadState } from "./kernel.ts";
import type { Memory } from "./memory.ts";

/** Most words whose rows are copied: measured, more do not pay. */
const mostRows = 1 << 14;
/** More of them and the copies are fresher, and exchanging them takes longer. */
const exchangesPerEpoch = 32;
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
  const room = numbersPerToken * every;
  const outputs = output.values.length <= room ? output.values.length : 0;
  // Whole vectors of four, since that is what is exchanged at once.
  const rows = Math.min(mostRows, dictionary.words, Math.floor((room - outputs) / dim)) & ~3;
  if (rows === 0) return { jobs: threads.map(() => job), threads };
  const jobs: Job[] = [];
  const own = threads.map((thread) => {
    // Copies are rows of the same matrix, further on in memory.
    const block = memory.float32((rows + 1) * dim);
    const rowOffset = Math.ceil((block.byteOffset - input.values.byteOffset) / (4 * dim));
    const copies = new Float32Array(block.buffer, input.values.byteOffset + 4 * rowOffset * dim, rows * dim);
    const outputCopy = outputs > 0 ? memory.float32(outputs) : output.values;
    jobs.push({ ...job, tables: { ...job.tables, output: { ...output, values: outputCopy } } });
    return {
      ...thread,
      own: {
        words: copyOf(input.values.subarray(0, rows * dim), copies, memory),
        outputs: copyOf(output.values.subarray(0, outputs), outputCopy.subarray(0, outputs), memory),
        rows,
        rowOffset,
        every,
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
