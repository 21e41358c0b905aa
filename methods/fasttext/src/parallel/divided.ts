// Several threads that train a classifier by dividing the rows: each goes through all lines, and adds and moves only its own
// rows. assembly/divided.ts says how they come to the same hidden vectors.
import { type DividedRows, type Job, lineHeader, type ThreadState } from "../kernel/kernel.ts";
import { frequentRows, meanLine, partsOf } from "../text/lines.ts";

/** Rows of a line for each thread that are worth the posting of a sum. */
const leastRows = 64;
/** Numbers of outputs, which every thread moves, for each number of its own rows. */
const mostOutputs = 1 / 4;
/** Rows of a block have one owner. A core fetches what is near what it needs, and must not fetch what another writes. */
const blockRows = 1024;
/** Bytes of frequent rows that are moved, of each thread, and their number: 1 + it fits into two bytes. */
const movedBytes = 1 << 21;
const mostBlocks = 63;
/** Rows that are named less often are not. */
const fewestUses = 8;
/** Rows of the first lines by which the blocks are divided. */
const sampledRows = 1 << 15;
/** Sums of lines that each thread keeps, in assembly/divided.ts too. */
const ring = 8;

/** Whether it pays: lines must have many rows for each thread, and outputs that take little beside them. */
export function paysToDivide(job: Job, threads: number): boolean {
  const { rows, outputs } = meanLine(job);
  return rows >= leastRows * threads && outputs <= (mostOutputs * rows * job.tables.dim) / threads;
}

/** The threads of a job, each with its rows, and a job for each: the outputs are the job's for the first, else a copy. */
export function withDividedRows(
  job: Job,
  threads: readonly ThreadState[],
): { jobs: readonly Job[]; threads: readonly ThreadState[] } {
  const { memory, dim } = job.tables;
  const stride = Math.ceil(dim / 16) * 16;
  const { bounds, longest } = partsOf(job, threads.length);
  const moved = movedRows(job, threads.length);
  const common = {
    threads: threads.length,
    end: job.lines.length,
    owners: owners(job, threads.length, moved),
    ids: moved.ids,
    firstCopy: moved.firstCopy,
    places: moved.places,
    splits: memory.int32(bounds.at(-1)!.line * threads.length),
    posts: memory.int32(16 * threads.length),
    sums: memory.float32(threads.length * ring * stride),
    stride,
  };
  return {
    jobs: threads.map((_, i) => (i === 0 ? job : withOutputs(job))),
    threads: threads.map((thread, index) => ({
      ...thread,
      at: 0,
      from: bounds[index]!.at,
      to: bounds[index + 1]!.at,
      random: threads[0]!.random, // all draw the same labels
      divided: {
        ...common,
        index,
        firstLine: bounds[index]!.line,
        keys: memory.bytes(longest),
        room: memory.int32(2 * threads.length * longest),
        next: memory.int32(2 * threads.length),
      } satisfies DividedRows,
    })),
  };
}

interface Moved {
  readonly ids: Int32Array;
  readonly each: number;
  readonly firstCopy: number;
  readonly places: Uint8Array;
}

/** Frequent rows are dealt out to the threads, and those of each moved side by side: they stay in its cores' caches. */
function movedRows(job: Job, threads: number): Moved {
  const { memory, dim, input, dictionary } = job.tables;
  const mostEach =
    blockRows * Math.min(Math.floor(mostBlocks / threads), 1 + Math.ceil(movedBytes / (4 * dim * blockRows)));
  const most = threads * Math.max(0, mostEach - blockRows); // a block each is left for chance
  const { ids: frequent, places } = frequentRows(job, { most, mostHot: 0, fewestUses });
  const dealt = Array.from({ length: threads }, () => new Int32Array(Math.min(mostEach, frequent.length)));
  const counts = new Int32Array(threads);
  for (let i = 0; i < frequent.length; i++) {
    const row = frequent[i]!;
    // Words there and back, so that nobody always has the more frequent of two. N-grams by blocks: a new page comes sooner to
    // one thread than to two at once.
    const turn = i % (2 * threads);
    const owner =
      row < dictionary.words ? (turn < threads ? turn : 2 * threads - 1 - turn) : Math.floor(row / blockRows) % threads;
    if (counts[owner]! < mostEach) dealt[owner]![counts[owner]!++] = row;
    else places.fill(0, 2 * row, 2 * row + 2);
  }
  const each = Math.ceil(Math.max(...counts) / blockRows) * blockRows;
  const room = memory.float32((threads * each + blockRows) * dim);
  const firstCopy = Math.ceil((room.byteOffset - input.values.byteOffset) / (4 * dim * blockRows)) * blockRows;
  const ids = memory.int32(threads * each).fill(-1);
  for (let owner = 0; owner < threads; owner++)
    for (let i = 0; i < counts[owner]!; i++) {
      const row = dealt[owner]![i]!;
      const place = 1 + owner * each + i;
      ids[place - 1] = row;
      places[2 * row] = place;
      places[2 * row + 1] = place >> 8;
    }
  return { ids, each, firstCopy, places };
}

/** The owner of each block: the largest first, always to the thread that has least so far. */
function owners(job: Job, threads: number, { firstCopy, each, places }: Moved): Uint8Array {
  const { lines, tables } = job;
  const sizes = new Int32Array(Math.ceil(tables.input.rows / blockRows));
  const loads = new Array<number>(threads).fill(0);
  for (let at = 0, rows = 0; at < lines.length && rows < sampledRows; ) {
    const from = at + lineHeader + lines[at + 1]!;
    at = from + lines[at + 2]!;
    rows += at - from;
    for (let i = from; i < at; i++) {
      const row = lines[i]!;
      const place = places[2 * row]! | (places[2 * row + 1]! << 8);
      if (place === 0) sizes[Math.floor(row / blockRows)]!++;
      else loads[Math.floor((place - 1) / each)]!++;
    }
  }
  const owner = tables.memory.bytes((firstCopy + threads * each) / blockRows);
  for (let i = 0; i < threads; i++)
    owner.fill(i, (firstCopy + i * each) / blockRows, (firstCopy + (i + 1) * each) / blockRows);
  for (const block of Array.from(sizes.keys()).sort((a, b) => sizes[b]! - sizes[a]!)) {
    const least = loads.indexOf(Math.min(...loads));
    owner[block] = least;
    loads[least]! += sizes[block]!;
  }
  return owner;
}

/** The job with outputs of its own. */
function withOutputs(job: Job): Job {
  const { output, memory } = job.tables;
  const values = memory.float32(output.values.length);
  values.set(output.values);
  return { ...job, tables: { ...job.tables, output: { ...output, values } } };
}
