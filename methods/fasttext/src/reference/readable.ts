// The readable kernel: the method in plain TypeScript, one step after the other. wasm.ts does the same, faster.

import {
  type CentroidPlaces,
  type Encoding,
  entryKinds,
  type Job,
  type Kernel,
  lineHeader,
  type RowStart,
  type Tables,
  type ThreadState,
  type TrainStatus,
} from "../kernel/kernel.ts";
import type { Memory } from "../kernel/memory.ts";
import { formatNumber } from "../model/format.ts";
import { addRow, dotRow } from "../model/matrix.ts";
import { Top } from "../model/top.ts";
import { plainWork } from "../text/dictionary.ts";
import { fnv1a } from "../text/hash.ts";
import { subwordRows, wordNgramRows } from "../text/ngrams.ts";
import { isEndOfLine, scan, spans, wordAt } from "../text/tokenize.ts";
import { describeEntries, pickPairs } from "./entries.ts";
import { allScores, forward, logScore } from "./loss.ts";
import { fillUniform, MinimalStandard } from "./random.ts";

/** Most tokens of a line of word-vector training; a longer line is cut. */
const longestLine = 1024;

export const readableKernel: Kernel = {
  name: "typescript",
  scan,
  subwords: (settings, word, rows) => subwordRows(settings, word, rows, 0),
  encode,
  train,
  classify,
  lineRows(tables, line, rows) {
    const { rows: all } = readLine(tables, line, true);
    rows.set(all);
    return all.length;
  },
  average,
  fillSlots: (dictionary) => dictionary.fillSlots(),
  dictionaryWork: plainWork,
  describeEntries,
  pickPairs: (_memory, pairs, ids, picked) => pickPairs(pairs, ids, picked),
  startRows: (_memory, start, rows) => startRows(start, rows),
  fillUniform: (_memory, values, a, seed) => fillUniform(values, a, seed),
  nearestCentroids,
  addEntries: (dictionary, other) => dictionary.addEntries(other),
  vectorLines,
};

/** hidden = (1/n) Σ rows, the paper's averaged text representation. */
function average(tables: Tables, rows: Int32Array, hidden: Float32Array): void {
  hidden.fill(0);
  for (const row of rows) addRow(tables.input, row, hidden);
  const scale = Math.fround(1 / rows.length);
  for (let d = 0; d < hidden.length; d++) hidden[d]! *= scale;
}

function encode(encoding: Encoding, tokens: Int32Array, lines: Int32Array): number {
  const { entries, starts, rows, names } = encoding;
  const weight = new Float32Array([1]);
  const weightBits = new Int32Array(weight.buffer)[0]!;
  let at = 0;
  for (let token = 0; token < tokens.length; ) {
    const first = token;
    const labels: number[] = [];
    const lineHashes: number[] = [];
    const lineRows: number[] = [];
    let ended = false;
    while (!ended && token < tokens.length) {
      const entry = tokens[token++]!;
      const what = entries[2 * entry]!;
      const name = names?.[entry] ?? entry;
      if (what <= entryKinds.firstLabel) labels.push(entryKinds.firstLabel - what);
      else if (what !== entryKinds.droppedLabel) {
        if (what >= 0) lineRows.push(what);
        if (what === entryKinds.manyRows) lineRows.push(...rows.subarray(starts[name]!, starts[name + 1]!));
        lineHashes.push(entries[2 * entry + 1]!);
      }
      ended = entry === encoding.endOfLine;
    }
    const header = at;
    at += lineHeader;
    lines.set(labels, at);
    at += labels.length;
    lines.set(lineRows, at);
    at += lineRows.length;
    at = wordNgramRows(encoding.dictionary, lineHashes, encoding.wordNgrams, encoding.bucket, lines, at);
    lines.set([token - first, labels.length, at - header - lineHeader - labels.length, weightBits], header);
    if (encoding.start) startRows(encoding.start, lines.subarray(header + lineHeader + labels.length, at));
  }
  return at;
}

/** A hashed row that is 0 gets random numbers when a text first names it. */
function startRows({ input, first, marks, a, seed }: RowStart, rows: Int32Array): void {
  for (const row of rows) {
    if (row < first || marks[row - first] === 1) continue;
    marks[row - first] = 1;
    const values = input.values.subarray(row * input.dim, (row + 1) * input.dim);
    if (values.every((value) => value === 0)) fillUniform(values, a, seed, row * input.dim);
  }
}

function train(job: Job, thread: ThreadState, budget: number): TrainStatus {
  let left = budget;
  const random = new MinimalStandard(0);
  random.state = thread.random;
  while (left > 0) {
    const seen = Number(job.progress[0]!);
    if (seen >= job.untilTokens || thread.from === thread.to || (job.onePass && thread.at === thread.to)) return "done";
    const rate = rateAt(job, seen);
    const { tokens, ok } =
      job.tables.model === "supervised" ? trainLine(job, thread, random, rate) : trainWords(job, thread, random, rate);
    if (!ok) return "nan";
    left -= Math.max(1, tokens);
    thread.pendingTokens += tokens;
    if (thread.pendingTokens > job.lrUpdateRate) {
      job.progress[0]! += BigInt(thread.pendingTokens);
      thread.pendingTokens = 0;
    }
    thread.random = random.state;
  }
  return "more";
}

/** The learning rate after so many tokens. */
function rateAt(job: Job, seen: number): number {
  // float32, as the reference program computes it: the learning rate is the same to the last bit.
  const progress = Math.fround(Math.fround(seen) / Math.fround(job.totalTokens));
  return Math.fround(job.lr * (1 - progress));
}

/** One line of labelled text: one of its labels, drawn anew each time, is the target (ova: all of them are). */
function trainLine(job: Job, thread: ThreadState, random: MinimalStandard, rate: number) {
  if (thread.at === thread.to) thread.at = thread.from;
  const { lines } = job;
  const [tokens, labelCount, rowCount] = lines.subarray(thread.at, thread.at + 3) as unknown as [
    number,
    number,
    number,
  ];
  const weight = new Float32Array(lines.buffer, lines.byteOffset + 4 * (thread.at + 3), 1)[0]!;
  const labels = lines.subarray(thread.at + lineHeader, thread.at + lineHeader + labelCount);
  const rowsAt = thread.at + lineHeader + labelCount;
  const rows = lines.subarray(rowsAt, rowsAt + rowCount);
  thread.at = rowsAt + rowCount;
  if (labelCount === 0 || rowCount === 0) return { tokens, ok: true };
  let target = 0;
  if (job.tables.loss !== "ova") {
    target = random.below(labelCount);
    thread.random = random.state;
  }
  const labelWeight = job.labelWeights ? job.labelWeights[labels[target]!]! : 1;
  const ok = update(job, thread, rows, labels, target, Math.fround(rate * Math.fround(weight * labelWeight)));
  random.state = thread.random;
  return { tokens, ok };
}

/** One line of plain text: each word predicts its neighbours (skipgram), or they predict it (cbow). */
function trainWords(job: Job, thread: ThreadState, random: MinimalStandard, rate: number) {
  const { lines, rows, rowStarts, tables } = job;
  if (thread.at === thread.to) thread.at = thread.from;
  let tokens = 0;
  let length = 0;
  while (thread.at < thread.to) {
    const word = lines[thread.at++]!;
    if (word < 0) continue;
    tokens++;
    if (word < tables.dictionary.words && random.uniform() <= job.keep[word]!) thread.line[length++] = word;
    if (tokens > longestLine || word === job.endOfLine) break;
  }
  const line = thread.line.subarray(0, length);
  const rowsOf = (word: number) => rows.subarray(rowStarts[word]!, rowStarts[word + 1]!);
  for (let w = 0; w < length; w++) {
    const reach = 1 + random.below(job.ws);
    thread.random = random.state;
    const context: number[] = [];
    for (let c = Math.max(0, w - reach); c <= Math.min(length - 1, w + reach); c++) {
      if (c === w) continue;
      if (tables.model === "cbow") context.push(...rowsOf(line[c]!));
      else if (!update(job, thread, rowsOf(line[w]!), line, c, rate)) return { tokens, ok: false };
    }
    if (tables.model === "cbow" && context.length > 0)
      if (!update(job, thread, Int32Array.from(context), line, w, rate)) return { tokens, ok: false };
    random.state = thread.random;
  }
  return { tokens, ok: true };
}

/** Forward, loss, and the step of every row that took part. False when a score was not a number. */
function update(
  job: Job,
  thread: ThreadState,
  rows: Int32Array,
  targets: Int32Array,
  target: number,
  rate: number,
): boolean {
  const { input, model } = job.tables;
  const { hidden, grad } = thread;
  average(job.tables, rows, hidden);
  grad.fill(0);
  const loss = forward(job, thread, targets, target, rate);
  if (Number.isNaN(loss)) return false;
  thread.lossSum += loss;
  thread.examples++;
  if (model === "supervised") {
    const scale = Math.fround(1 / rows.length);
    for (let d = 0; d < grad.length; d++) grad[d]! *= scale;
  }
  for (const row of rows) {
    const offset = row * input.dim;
    for (let d = 0; d < input.dim; d++) input.values[offset + d]! += grad[d]!;
  }
  return true;
}

/** Labels and rows of the first line of a text; `end` is where it ends, undefined when the text ends first. */
function readLine(tables: Tables, text: Uint8Array, last: boolean) {
  const labels: number[] = [];
  const rows: number[] = [];
  const hashes: number[] = [];
  let end: number | undefined;
  for (const span of spans(text, last)) {
    const word = wordAt(text, span);
    addWord(tables, word, labels, rows, hashes);
    if (!isEndOfLine(word)) continue;
    end = Math.max(span.end, span.start + 1);
    break;
  }
  if (end === undefined && last) end = text.length;
  const ngrams = new Int32Array(hashes.length * Math.max(0, tables.wordNgrams - 1));
  const count = wordNgramRows(tables.dictionary, hashes, tables.wordNgrams, tables.bucket, ngrams, 0);
  return { end, labels, rows: Int32Array.from([...rows, ...ngrams.subarray(0, count)]) };
}

function addWord(tables: Tables, word: Uint8Array, labels: number[], rows: number[], hashes: number[]): void {
  const { dictionary } = tables;
  const hash = fnv1a(word);
  const entry = dictionary.find(word, hash);
  const isLabel = entry >= 0 ? dictionary.kinds[entry] === 1 : startsWith(word, dictionary.prefix);
  if (isLabel) {
    if (entry >= 0) labels.push(entry - dictionary.words);
    return;
  }
  hashes.push(hash | 0);
  if (entry >= 0) rows.push(entry);
  const own = new Int32Array((word.length + 2) * Math.max(0, tables.maxn));
  for (const row of own.subarray(0, subwordRows(tables, word, own, 0))) rows.push(row);
}

function startsWith(word: Uint8Array, prefix: Uint8Array): boolean {
  return word.length >= prefix.length && prefix.every((byte, i) => word[i] === byte);
}

function classify(
  tables: Tables,
  text: Uint8Array,
  last: boolean,
  options: { readonly k: number; readonly threshold: number },
  results: Int32Array,
): { used: number; written: number } {
  const hidden = new Float32Array(tables.dim);
  const scoreBits = new Float32Array(results.buffer, results.byteOffset, results.length);
  let used = 0;
  let written = 0;
  while (used < text.length) {
    const { end, labels, rows } = readLine(tables, text.subarray(used), last);
    if (end === undefined) break;
    const best = new Top(options.k);
    if (rows.length > 0) {
      average(tables, rows, hidden);
      predict(tables, hidden, options.threshold, best);
    }
    if (written + 3 + labels.length + 2 * best.ids.length > results.length) break;
    results.set([labels.length, best.ids.length, rows.length, ...labels], written);
    written += 3 + labels.length;
    for (let i = 0; i < best.ids.length; i++) {
      results[written++] = best.ids[i]!;
      scoreBits[written++] = best.scores[i]!;
    }
    used += end;
  }
  return { used, written };
}

/** The best labels for a hidden vector, best first. */
function predict(tables: Tables, hidden: Float32Array, threshold: number, best: Top): void {
  if (tables.tree) descend(tables, tables.tree, 2 * tables.tree.leaves - 2, 0, hidden, logScore(threshold), best);
  else {
    const scores = new Float32Array(tables.output.rows);
    allScores(tables, hidden, scores);
    for (let i = 0; i < scores.length; i++) {
      if (scores[i]! < threshold) continue;
      const score = logScore(scores[i]!);
      if (!(best.full && score < best.worst)) best.push(i, score);
    }
  }
  best.sort();
}

/** Depth first through the Huffman tree; a branch that can no longer reach the k best is not entered (§2.1). */
function descend(
  tables: Tables,
  tree: NonNullable<Tables["tree"]>,
  node: number,
  score: number,
  hidden: Float32Array,
  least: number,
  best: Top,
): void {
  if (score < least || (best.full && score < best.worst)) return;
  if (tree.left[node] === -1) {
    best.push(node, score);
    return;
  }
  const odds = Math.fround(Math.exp(-dotRow(tables.output, node - tree.leaves, hidden)));
  const f = Math.fround(1 / Math.fround(1 + odds));
  descend(tables, tree, tree.left[node]!, Math.fround(score + logScore(Math.fround(1 - f))), hidden, least, best);
  descend(tables, tree, tree.right[node]!, Math.fround(score + logScore(f)), hidden, least, best);
}

/** The .vec lines of some words: word, blank, and each number with five digits and a blank behind it. */
function vectorLines(tables: Tables, from: number, to: number): Uint8Array {
  const vector = new Float32Array(tables.dim);
  const lines: Uint8Array[] = [];
  const encoder = new TextEncoder();
  for (let id = from; id < to; id++) {
    const word = tables.dictionary.bytesOf(id);
    const rows = new Int32Array(1 + (word.length + 2) * Math.max(0, tables.maxn));
    rows[0] = id;
    average(tables, rows.subarray(0, subwordRows(tables, word, rows, 1)), vector);
    lines.push(word.slice(), encoder.encode(` ${Array.from(vector, (x) => `${formatNumber(x, 5)} `).join("")}\n`));
  }
  const text = new Uint8Array(lines.reduce((sum, line) => sum + line.length, 0));
  let at = 0;
  for (const line of lines) {
    text.set(line, at);
    at += line.length;
  }
  return text;
}

function nearestCentroids(
  _memory: Memory,
  points: Float32Array,
  centroids: Float32Array,
  codes: Uint8Array,
  { width, stride, codeStride }: CentroidPlaces,
): void {
  for (let i = 0; i * codeStride < codes.length; i++) {
    let least = Number.POSITIVE_INFINITY;
    for (let c = 0; c < 256; c++) {
      let distance = 0;
      for (let d = 0; d < width; d++) {
        const difference = Math.fround(points[i * stride + d]! - centroids[c * width + d]!);
        distance = Math.fround(distance + Math.fround(difference * difference));
      }
      if (distance >= least) continue;
      least = distance;
      codes[i * codeStride] = c;
    }
  }
}
