// One thread's share of a run.
import { below, forward, nextRandom, OVA } from "./loss";
import { exchange, nameCopies } from "./exchange";
import { addToRows, mean } from "./rows";
import { Job, Thread } from "./tables";

const MORE = 0;
const DONE = 1;
const DIVERGED = 2;

/** Set by a line when a score was NaN. */
let diverged = false;

export function train(job: Job, t: Thread, budget: i32): i32 {
  const own = t.own;
  if (changetype<usize>(own) == 0) return trainOn(job, t, budget);
  if (!own.named) nameCopies(job, t);
  exchange(own);
  const status = trainOn(job, t, budget);
  exchange(own);
  return status;
}

function trainOn(job: Job, t: Thread, budget: i32): i32 {
  const own = t.own;
  diverged = false;
  const supervised = job.tables.model == 3;
  const total = <f32>job.totalTokens;
  while (budget > 0) {
    const seen = atomic.load<i64>(job.progress);
    if (seen >= job.untilTokens || t.from == t.to || (job.onePass && t.at == t.to)) return DONE;
    const progress = <f32>seen / total;
    const rate = <f32>(job.lr * (1.0 - <f64>progress));
    const tokens = supervised ? labelledLine(job, t, rate) : plainLine(job, t, rate);
    if (diverged) return DIVERGED;
    budget -= max(1, tokens);
    if (changetype<usize>(own) != 0) {
      own.left -= tokens;
      if (own.left <= 0) exchange(own);
    }
    t.pendingTokens += tokens;
    if (t.pendingTokens > job.lrUpdateRate) {
      atomic.add<i64>(job.progress, t.pendingTokens);
      t.pendingTokens = 0;
    }
  }
  return MORE;
}

// @ts-ignore: decorator
@inline function labelledLine(job: Job, t: Thread, rate: f32): i32 {
  if (t.at == t.to) t.at = t.from;
  const line = job.lines + ((<usize>t.at) << 2);
  const tokens = load<i32>(line);
  const labelCount = load<i32>(line, 4);
  const rowCount = load<i32>(line, 8);
  t.at += 4 + labelCount + rowCount;
  if (labelCount == 0 || rowCount == 0) return tokens;
  const labels = line + 16;
  const rows = labels + ((<usize>labelCount) << 2);
  const target: i32 = job.tables.loss == OVA ? 0 : below(t, labelCount);
  let weight = load<f32>(line, 12);
  if (job.labelWeights != 0)
    weight *= load<f32>(job.labelWeights + ((<usize>load<i32>(labels + ((<usize>target) << 2))) << 2));
  update(job, t, rows, rowCount, labels, labelCount, target, rate * weight, <f32>(1.0 / <f64>rowCount));
  return tokens;
}

function uniform(t: Thread): f64 {
  t.random = nextRandom(t.random);
  const low = <f64>(<u32>t.random - 1);
  t.random = nextRandom(t.random);
  const value = (low + <f64>(<u32>t.random - 1) * 2147483646.0) / (2147483646.0 * 2147483646.0);
  return value < 1 ? value : 1 - 1.1102230246251565e-16;
}

function plainLine(job: Job, t: Thread, rate: f32): i32 {
  if (t.at == t.to) t.at = t.from;
  const words = job.tables.dictionary.words;
  let tokens = 0;
  let length = 0;
  while (t.at < t.to) {
    const word = load<i32>(job.lines + ((<usize>t.at) << 2));
    t.at++;
    if (word < 0) continue;
    tokens++;
    if (word < words && uniform(t) <= <f64>load<f32>(job.keep + ((<usize>word) << 2))) {
      store<i32>(t.line + ((<usize>length) << 2), word);
      length++;
    }
    if (tokens > 1024 || word == job.endOfLine) break;
  }
  const cbow = job.tables.model == 1;
  for (let w = 0; w < length; w++) {
    const reach = 1 + <i32>below(t, job.ws);
    const own = job.rowStarts + ((<usize>load<i32>(t.line + ((<usize>w) << 2))) << 2);
    const rows = job.rows + ((<usize>load<i32>(own)) << 2);
    const rowCount = load<i32>(own, 4) - load<i32>(own);
    let context = t.context;
    const last = min(length - 1, w + reach);
    for (let c = max(0, w - reach); c <= last; c++) {
      if (c == w) continue;
      if (cbow) {
        const other = job.rowStarts + ((<usize>load<i32>(t.line + ((<usize>c) << 2))) << 2);
        const bytes = (<usize>(load<i32>(other, 4) - load<i32>(other))) << 2;
        memory.copy(context, job.rows + ((<usize>load<i32>(other)) << 2), bytes);
        context += bytes;
      } else if (!update(job, t, rows, rowCount, t.line, length, c, rate, 1)) return tokens;
    }
    if (cbow && context > t.context) {
      const count = <i32>((context - t.context) >> 2);
      if (!update(job, t, t.context, count, t.line, length, w, rate, 1)) return tokens;
    }
  }
  return tokens;
}

/** Forward, loss, and the step of every row that took part; the gradient is scaled by `scale`. */
function update(
  job: Job,
  t: Thread,
  rows: usize,
  count: i32,
  labels: usize,
  labelCount: i32,
  target: i32,
  rate: f32,
  scale: f32,
): bool {
  const input = job.tables.input;
  const dim = input.dim;
  const end = rows + ((<usize>count) << 2);
  mean(input.values, dim, rows, end, t.hidden, <f32>(1.0 / <f64>count));
  memory.fill(t.grad, 0, (<usize>dim) << 2);
  const loss = forward(job, t, labels, labelCount, target, rate);
  if (loss != loss) {
    diverged = true;
    return false;
  }
  t.lossSum += loss;
  t.examples++;
  for (let d: usize = 0; d < (<usize>dim) << 2; d += 4) store<f32>(t.grad + d, load<f32>(t.grad + d) * scale);
  addToRows(input.values, dim, rows, end, t.grad);
  return true;
}
