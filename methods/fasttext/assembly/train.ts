// One thread's share of a run.
import { trainDivided } from "./divided";
import { exchange, takeCopies } from "./exchange";
import { below, nextRandom } from "./loss";
import { addToRows, mean } from "./rows";
import { DIVERGED, DONE, learn, MORE, rateAt, step } from "./step";
import { Job, Thread } from "./tables";

/** Set by a line when a score was NaN. */
let diverged = false;

export function train(job: Job, t: Thread, budget: i32): i32 {
  if (changetype<usize>(t.divided) != 0) return trainDivided(job, t, t.divided, budget);
  const own = t.own;
  if (changetype<usize>(own) == 0) return trainOn(job, t, budget);
  if (!own.taken) takeCopies(job, t);
  const status = trainOn(job, t, budget);
  // Without a budget a thread only tells the others what it learnt.
  if (status != MORE || budget <= 0) exchange(job, own, true);
  return status;
}

function trainOn(job: Job, t: Thread, budget: i32): i32 {
  const own = t.own;
  diverged = false;
  const supervised = job.tables.model == 3;
  while (budget > 0) {
    const seen = atomic.load<i64>(job.progress);
    if (seen >= job.untilTokens || t.from == t.to || (job.onePass && t.at == t.to)) return DONE;
    const rate = rateAt(job, seen);
    const tokens = supervised ? labelledLine(job, t, rate) : plainLine(job, t, rate);
    if (diverged) return DIVERGED;
    budget -= max(1, tokens);
    if (changetype<usize>(own) != 0) {
      own.seen = min(own.seen + tokens, 0x40000000);
      own.left -= tokens;
      own.hotLeft -= tokens;
      if (own.hotLeft <= 0) exchange(job, own, own.left <= 0);
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
  const end = rows + ((<usize>rowCount) << 2);
  const input = job.tables.input;
  mean(input.values, input.dim, rows, end, t.hidden, <f32>(1.0 / <f64>rowCount));
  if (learn(job, t, line, labels, labelCount, rowCount, rate)) addToRows(input.values, input.dim, rows, end, t.grad);
  else diverged = true;
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

/** Forward, loss, and the step of every row that took part. */
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
  const end = rows + ((<usize>count) << 2);
  mean(input.values, input.dim, rows, end, t.hidden, <f32>(1.0 / <f64>count));
  if (!step(job, t, labels, labelCount, target, rate, scale)) {
    diverged = true;
    return false;
  }
  addToRows(input.values, input.dim, rows, end, t.grad);
  return true;
}
