// What a line teaches once its hidden vector is known.
import { below, forward, OVA } from "./loss";
import { Job, Thread } from "./tables";

// @ts-ignore: decorator
@inline export const MORE = 0;
// @ts-ignore: decorator
@inline export const DONE = 1;
// @ts-ignore: decorator
@inline export const DIVERGED = 2;

/** The learning rate after so many tokens. */
// @ts-ignore: decorator
@inline export function rateAt(job: Job, seen: i64): f32 {
  const progress = <f32>seen / <f32>job.totalTokens;
  return <f32>(job.lr * (1.0 - <f64>progress));
}

/** One of a line's labels, given its hidden vector: the outputs' step, and in the thread's `grad` that of its rows. */
export function learn(
  job: Job,
  t: Thread,
  line: usize,
  labels: usize,
  labelCount: i32,
  rowCount: i32,
  rate: f32,
): bool {
  const target: i32 = job.tables.loss == OVA ? 0 : below(t, labelCount);
  let weight = load<f32>(line, 12);
  if (job.labelWeights != 0)
    weight *= load<f32>(job.labelWeights + ((<usize>load<i32>(labels + ((<usize>target) << 2))) << 2));
  return step(job, t, labels, labelCount, target, rate * weight, <f32>(1.0 / <f64>rowCount));
}

/** Forward, loss, the outputs' step, and the gradient of the rows, scaled. False when a score was NaN. */
export function step(
  job: Job,
  t: Thread,
  labels: usize,
  labelCount: i32,
  target: i32,
  rate: f32,
  scale: f32,
): bool {
  const bytes = (<usize>job.tables.input.dim) << 2;
  memory.fill(t.grad, 0, bytes);
  const loss = forward(job, t, labels, labelCount, target, rate);
  if (loss != loss) return false;
  t.lossSum += loss;
  t.examples++;
  for (let d: usize = 0; d < bytes; d += 4) store<f32>(t.grad + d, load<f32>(t.grad + d) * scale);
  return true;
}
