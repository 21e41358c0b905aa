// The tables of src/kernel/kernel.ts as they stand in memory. tools/fasttext-kernel.ts derives from these classes where the
// fields stand (src/kernel/layouts.ts); src/kernel/records.ts writes them.

// What an entry is, as src/kernel/kernel.ts has it, when it is not its row.
export const MANY_ROWS: i32 = -2;
export const DROPPED_LABEL: i32 = -3;
export const FIRST_LABEL: i32 = -4;

@unmanaged export class Dictionary {
  slots: usize;
  slotMask: i32;
  starts: usize;
  counts: usize;
  kinds: usize;
  pool: usize;
  prefix: usize;
  prefixLength: i32;
  size: i32;
  words: i32;
  kept: usize;
  keptMask: i32;
  keptSize: i32;
  /** Words met lately (see text.ts), or 0. */
  seen: usize;
}

@unmanaged export class Matrix {
  rows: i32;
  dim: i32;
  /** Dense: the numbers. Quantised: 0. */
  values: usize;
  codes: usize;
  parts: i32;
  partDim: i32;
  lastDim: i32;
  centroids: usize;
  /** 0 without norms. */
  normCodes: usize;
  normCentroids: usize;
}

@unmanaged export class Tables {
  dictionary: Dictionary;
  /** 1 cbow, 2 skipgram, 3 supervised */
  model: i32;
  /** 1 hs, 2 ns, 3 softmax, 4 ova */
  loss: i32;
  dim: i32;
  wordNgrams: i32;
  bucket: i32;
  minn: i32;
  maxn: i32;
  input: Matrix;
  output: Matrix;
  leaves: i32;
  left: usize;
  right: usize;
  pathStarts: usize;
  pathNodes: usize;
  pathCodes: usize;
  sigmoid: usize;
  logs: usize;
  /** −ln σ of the 513 steps, then −ln(1 − σ). */
  sigmoidLogs: usize;
}

@unmanaged export class Encoding {
  entries: usize;
  starts: usize;
  rows: usize;
  /** The corpus' entry of each of a part, or 0. */
  names: usize;
  wordNgrams: i32;
  bucket: i32;
  dictionary: Dictionary;
  endOfLine: i32;
  /** Room for the hashes of a line. */
  lineHashes: usize;
  /** Where hashed rows start, or null: they stay as they are. */
  start: Start;
}

/** Where hashed rows start; see start.ts. */
@unmanaged export class Start {
  /** Numbers are uniform in (−a, a). */
  a: f64;
  seed: i32;
  /** The rows, the first that is hashed, and of each of those, u8, whether it was named. */
  values: usize;
  dim: i32;
  first: i32;
  marks: usize;
  /** Whether some rows were trained: only those that are 0 get a start. */
  trained: i32;
}

@unmanaged export class Job {
  lr: f64;
  totalTokens: i64;
  untilTokens: i64;
  tables: Tables;
  lrUpdateRate: i32;
  lines: usize;
  progress: usize;
  /** 0: all weights are 1. */
  labelWeights: usize;
  negatives: usize;
  negativesLength: i32;
  neg: i32;
  ws: i32;
  keep: usize;
  rowStarts: usize;
  rows: usize;
  endOfLine: i32;
  tabledLoss: i32;
  onePass: i32;
}

@unmanaged export class Thread {
  lossSum: f64;
  examples: i32;
  from: i32;
  to: i32;
  at: i32;
  random: i32;
  pendingTokens: i32;
  line: usize;
  hidden: usize;
  grad: usize;
  scores: usize;
  /** Rows of a cbow context. */
  context: usize;
  /** Its own copies of rows that every thread touches all the time, or null. */
  own: Own;
  /** Its part where the rows are divided, or null. */
  divided: Divided;
}

/** A thread's own copy of some numbers that are shared, and what they were when it last exchanged them. */
@unmanaged export class Copy {
  shared: usize;
  own: usize;
  before: usize;
  count: i32;
}

@unmanaged export class Own {
  /** Numbers of the rows that have copies, the hot ones first; how many those are, and all. */
  ids: usize;
  hot: i32;
  count: i32;
  /** The copies as rows of the input, from this number on; what they were when they were exchanged last. */
  firstCopy: i32;
  before: usize;
  /** Of each row of the input, u16: 1 + the place of its copy, or 0. */
  places: usize;
  hotOutputs: Copy;
  outputs: Copy;
  /** Whether the copies are made, and named by the lines. */
  taken: i32;
  /** Most tokens between exchanges, and those until the next; the same for those that are hot. */
  every: i32;
  left: i32;
  hotEvery: i32;
  hotLeft: i32;
  /** Tokens so far, 2^30 at most. */
  seen: i32;
}

/** One thread of several that divide the rows; see divided.ts. */
@unmanaged export class Divided {
  /** Tokens of the lines that it has learnt. */
  seen: i64;
  threads: i32;
  index: i32;
  maySleep: i32;
  /** Where the lines end; the number of the first of those whose rows it puts in order. */
  end: i32;
  firstLine: i32;
  /** Owner of each block of 1024 rows, u8. */
  owners: usize;
  /** [threads, each]: the frequent rows of each owner, then −1. They are moved to rows from `firstCopy` on. */
  ids: usize;
  each: i32;
  firstCopy: i32;
  /** Of each row of the input, u16: 1 + its place among them, or 0. */
  places: usize;
  /** [lines, threads]: how many rows of a line belong to the owners up to each. */
  splits: usize;
  /** Of each row of a line, u8: 2 · its owner, and 1 more when it is not frequent. */
  keys: usize;
  /** [2 · threads, longest]: room for the rows of each key. */
  room: usize;
  /** Bytes of the rows of the longest line. */
  longest: i32;
  /** [2 · threads]: where the next row of each key goes. */
  next: usize;
  /** 64 bytes of each thread: how far it is, and how many threads sleep until it is further. */
  posts: usize;
  /** [threads, ring]: sums of `stride` bytes. */
  sums: usize;
  stride: i32;
  /** Whether its lines are in order; how far all threads are at least. */
  divided: i32;
  known: i32;
  /** Lines added and learnt so far. */
  summed: i32;
  learnt: i32;
  /** Where the line is that is next to be added, and its number; the number of the one at which the thread is. */
  front: i32;
  frontLine: i32;
  line: i32;
}

/** Room for one line of text. */
@unmanaged export class Scratch {
  rows: usize;
  hashes: usize;
  labels: usize;
  word: usize;
  hidden: usize;
  scores: usize;
  topIds: usize;
  topScores: usize;
  /** Filled by readLine. */
  rowCount: i32;
  labelCount: i32;
}
