// The four ways to read labels out of the hidden vector h and the output rows w: scores, loss and update of each.
import type { DenseMatrix, Job, Matrix, Tables, ThreadState } from "../kernel/kernel.ts";
import { addRow, dotRow } from "../model/matrix.ts";
import { MinimalStandard } from "./random.ts";

/** ln(x + 10⁻⁵), the score of a prediction. */
export const logScore = (probability: number): number => Math.fround(Math.log(probability + 1e-5));

const tableSteps = 512;
const tableEnd = 8;
const sigmoidTable = Float32Array.from({ length: tableSteps + 1 }, (_, i) => {
  const x = (i * 2 * tableEnd) / tableSteps - tableEnd;
  return 1 / (1 + Math.fround(Math.exp(-x)));
});

/** 1/(1 + e⁻ˣ) from a table of 512 steps over [−8, 8], rounded down to a step; 0 or 1 outside. */
function tabledSigmoid(x: number): number {
  if (!(x >= -tableEnd)) return 0; // NaN too
  if (x > tableEnd) return 1;
  return sigmoidTable[Math.trunc((Math.fround(x + tableEnd) * tableSteps) / tableEnd / 2)]!;
}

/** yᵢ = e^(wᵢ·h) / Σⱼ e^(wⱼ·h), eq. of §2, into `scores`. */
function softmax(output: Matrix, hidden: Float32Array, scores: Float32Array): void {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < output.rows; i++) {
    scores[i] = dotRow(output, i, hidden);
    max = Math.max(max, scores[i]!);
  }
  let sum = 0;
  for (let i = 0; i < output.rows; i++) {
    scores[i] = Math.exp(Math.fround(scores[i]! - max));
    sum = Math.fround(sum + scores[i]!);
  }
  for (let i = 0; i < output.rows; i++) scores[i]! /= sum;
}

/** Probability of every label into `scores`: softmax, or the sigmoid of each for the losses that are binary. */
export function allScores(tables: Tables, hidden: Float32Array, scores: Float32Array): void {
  const { output, loss } = tables;
  if (loss === "softmax") softmax(output, hidden, scores);
  else for (let i = 0; i < output.rows; i++) scores[i] = tabledSigmoid(dotRow(output, i, hidden));
}

/**
 * Loss of these labels at the hidden vector, and one step of it: output rows move by rate·(y − p)·h, and the
 * gradient for the hidden vector, times the rate, is added to `thread.grad`.
 *
 * @param target  which of the labels is learnt (all of them for ova)
 * @returns the loss, NaN when a score was not a number
 */
export function forward(job: Job, thread: ThreadState, labels: Int32Array, target: number, rate: number): number {
  const { tables } = job;
  const { output, tree } = tables;
  const { hidden, grad } = thread;
  const label = labels[target]!;
  switch (tables.loss) {
    case "softmax": {
      softmax(output, hidden, thread.scores);
      const loss = negativeLog(job, thread.scores[label]!);
      if (Number.isNaN(loss)) return Number.NaN;
      for (let i = 0; i < output.rows; i++)
        step(output, i, hidden, grad, Math.fround(rate * Math.fround((i === label ? 1 : 0) - thread.scores[i]!)));
      return loss;
    }
    case "ova": {
      let loss = 0;
      for (let i = 0; i < output.rows; i++) loss += binary(job, i, labels.includes(i), thread, rate);
      return loss;
    }
    case "hs": {
      let loss = 0;
      const { pathStarts, pathNodes, pathCodes } = tree!;
      for (let i = pathStarts[label]!; i < pathStarts[label + 1]!; i++)
        loss += binary(job, pathNodes[i]!, pathCodes[i] === 1, thread, rate);
      return loss;
    }
    case "ns": {
      let loss = binary(job, label, true, thread, rate);
      const random = new MinimalStandard(0);
      random.state = thread.random;
      for (let n = 0; n < job.neg; n++) {
        let drawn = label;
        while (drawn === label) drawn = job.negatives[random.below(job.negatives.length)]!;
        loss += binary(job, drawn, false, thread, rate);
      }
      thread.random = random.state;
      return loss;
    }
  }
}

/** One yes-or-no question: −ln p or −ln(1 − p), with its step. */
function binary(job: Job, row: number, positive: boolean, thread: ThreadState, rate: number): number {
  const { output } = job.tables;
  const dot = dotRow(output, row, thread.hidden);
  if (Number.isNaN(dot)) return Number.NaN;
  const p = tabledSigmoid(dot);
  step(output, row, thread.hidden, thread.grad, Math.fround(rate * Math.fround((positive ? 1 : 0) - p)));
  return negativeLog(job, positive ? p : 1 - p);
}

/** −ln p; with `tabledLoss` from a table of 512 steps, rounded down, as the reference program prints it. */
function negativeLog({ tabledLoss }: Job, p: number): number {
  if (!tabledLoss) return -Math.log(Math.max(p, 1e-10));
  return p > 1 ? 0 : -Math.fround(Math.log(Math.fround((Math.trunc(p * 512) + 1e-5) / 512)));
}

/** grad += alpha·w, then w += alpha·h. */
function step(output: DenseMatrix, row: number, hidden: Float32Array, grad: Float32Array, alpha: number): void {
  addRow(output, row, grad, alpha);
  const offset = row * output.dim;
  for (let d = 0; d < output.dim; d++) output.values[offset + d]! += Math.fround(alpha * hidden[d]!);
}

/**
 * Tables of how often each label is drawn as a negative: in proportion to the square root of its count,
 * 10⁷ entries in all at most.
 */
export function negativeTable(counts: ArrayLike<number>, int32: (length: number) => Int32Array): Int32Array {
  const size = 10_000_000;
  // float32 at every step, as the program's: with hundreds of entries a share would else differ by one, and all draws behind.
  let z = 0;
  for (let i = 0; i < counts.length; i++) z = Math.fround(z + Math.sqrt(counts[i]!));
  const share = (i: number) => Math.ceil(Math.fround(Math.fround(Math.fround(Math.sqrt(counts[i]!)) * size) / z));
  let total = 0;
  for (let i = 0; i < counts.length; i++) total += share(i);
  const table = int32(total);
  let at = 0;
  for (let i = 0; i < counts.length; i++) {
    table.fill(i, at, at + share(i));
    at += share(i);
  }
  return table;
}
