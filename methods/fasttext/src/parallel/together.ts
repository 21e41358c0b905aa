// Several threads that train a classifier as one. A batch of lines at a time: the hidden vectors of all of them first,
// then each line's step in the order of the text. A row's step waits for its batch, an output's never, and the result is
// the same whatever the number of threads. assembly/together.ts says how threads divide the work.
import { type Job, lineHeader, type Team, type ThreadState } from "../kernel/kernel.ts";
import { partsOf } from "../text/lines.ts";

/** A batch ends behind so many rows or lines: enough work that waiting for each other costs little. */
const mostRows = 1 << 13;
const mostLines = 64;

/** So many of the commonest words are treated like outputs; at most 256. */
const mostCommons = 64;

/** Rows of a class have one owner. The class of a row is (row >> 3) & 63, in assembly/together.ts too. */
const classes = 64;
/** Lines by which the classes are divided. */
const sample = 1000;

/** More threads than this cannot own a class each. */
export const mostTogether = classes / 2;

/**
 * The threads of a job as a team.
 *
 * @returns a job for each: the outputs are the job's for the first thread and a copy for every other
 */
export function asTeam(
  job: Job,
  threads: readonly ThreadState[],
): { jobs: readonly Job[]; threads: readonly ThreadState[] } {
  const { memory, dim, dictionary } = job.tables;
  const stride = Math.ceil(dim / 16) * 16;
  const common = {
    threads: threads.length,
    arrived: memory.int32(1),
    hiddens: memory.float32(mostLines * stride),
    stride,
    end: job.lines.length,
    mostLines,
    mostRows,
    commons: Math.min(mostCommons, dictionary.words),
  };
  const bounds = classBounds(job, threads.length);
  const { longest } = partsOf(job, 1);
  return {
    jobs: threads.map((_, i) => (i === 0 ? job : withOutputs(job))),
    threads: threads.map((thread, index) => ({
      ...thread,
      at: 0,
      random: threads[0]!.random, // all draw the same labels
      team: {
        ...common,
        index,
        firstClass: bounds[index]!,
        endClass: bounds[index + 1]!,
        commonRows: memory.float32(common.commons * stride),
        loads: memory.int32(classes),
        counts: memory.int32(common.commons),
        sorted: memory.int32(longest),
      } satisfies Team,
    })),
  };
}

/** The job with outputs of its own. */
export function withOutputs(job: Job): Job {
  const { output, memory } = job.tables;
  const values = memory.float32(output.values.length);
  values.set(output.values);
  return { ...job, tables: { ...job.tables, output: { ...output, values } } };
}

/** Where each thread's classes begin, and the end: about the same number of rows for each. */
function classBounds({ lines }: Job, count: number): number[] {
  const rows = new Float64Array(classes);
  let all = 0;
  for (let line = 0, at = 0; line < sample && at < lines.length; line++) {
    const from = at + lineHeader + lines[at + 1]!;
    at = from + lines[at + 2]!;
    for (let i = from; i < at; i++) rows[(lines[i]! >> 3) & (classes - 1)]!++;
    all += at - from;
  }
  const bounds = [0];
  for (let i = 0, sum = 0; i < classes; i++) {
    sum += rows[i]!;
    while (bounds.length < count && sum >= (all * bounds.length) / count) bounds.push(i + 1);
  }
  while (bounds.length <= count) bounds.push(classes);
  return bounds;
}
