// Lines of text to their best labels.
import { products, sigmoid, SOFTMAX, softmax } from "./loss";
import { average, dotRow } from "./rows";
import { Scratch, Tables } from "./tables";
import { readLine, setWritten } from "./text";
import { startReading } from "./words";

let size = 0;
let capacity = 0;
let ids: usize = 0;
let scores: usize = 0;

// @ts-ignore: decorator
@inline function logScore(p: f32): f32 {
  return <f32>Math.log(<f64>p + 1e-5);
}

// @ts-ignore: decorator
@inline function put(at: i32, id: i32, score: f32): void {
  store<i32>(ids + ((<usize>at) << 2), id);
  store<f32>(scores + ((<usize>at) << 2), score);
}

// @ts-ignore: decorator
@inline function idAt(at: i32): i32 {
  return load<i32>(ids + ((<usize>at) << 2));
}

// @ts-ignore: decorator
@inline function scoreAt(at: i32): f32 {
  return load<f32>(scores + ((<usize>at) << 2));
}

// The heap of src/model/top.ts: the worst on top, equal scores in the order of the C++ library.

function rise(from: i32, id: i32, score: f32): void {
  let hole = from;
  while (hole > 0) {
    const parent = (hole - 1) >> 1;
    if (!(scoreAt(parent) > score)) break;
    put(hole, idAt(parent), scoreAt(parent));
    hole = parent;
  }
  put(hole, id, score);
}

function moveWorstToEnd(length: i32): void {
  const end = length - 1;
  const id = idAt(end);
  const score = scoreAt(end);
  put(end, idAt(0), scoreAt(0));
  let hole = 0;
  for (let child = 2; child <= end; child = 2 * hole + 2) {
    if (child == end || scoreAt(child) > scoreAt(child - 1)) child--;
    put(hole, idAt(child), scoreAt(child));
    hole = child;
  }
  rise(hole, id, score);
}

function push(id: i32, score: f32): void {
  size++;
  put(size - 1, id, score);
  rise(size - 1, id, score);
  if (size <= capacity) return;
  moveWorstToEnd(size);
  size--;
}

function descend(t: Tables, s: Scratch, node: i32, score: f32, least: f32): void {
  if (score < least || (size == capacity && score < scoreAt(0))) return;
  const left = load<i32>(t.left + ((<usize>node) << 2));
  if (left == -1) {
    push(node, score);
    return;
  }
  const f = <f32>(1.0 / (1.0 + <f64>(<f32>Math.exp(<f64>-dotRow(t.output, node - t.leaves, s.hidden)))));
  descend(t, s, left, score + logScore(<f32>1 - f), least);
  descend(t, s, load<i32>(t.right + ((<usize>node) << 2)), score + logScore(f), least);
}

function best(t: Tables, s: Scratch, threshold: f32): void {
  if (t.loss == 1) {
    descend(t, s, 2 * t.leaves - 2, 0, logScore(threshold));
  } else {
    const count = t.output.rows;
    products(t.output, s.hidden, s.scores);
    if (t.loss == SOFTMAX) softmax(s.scores, count);
    // A probability this far below the worst one kept has a smaller logarithm too, so none need be taken.
    let surely: f32 = -1;
    for (let i = 0; i < count; i++) {
      let p = load<f32>(s.scores + ((<usize>i) << 2));
      if (t.loss != SOFTMAX) p = sigmoid(t, p);
      if (p < surely || p < threshold) continue;
      const score = logScore(p);
      if (size == capacity && score < scoreAt(0)) continue;
      push(i, score);
      if (size == capacity) surely = <f32>((Math.exp(<f64>scoreAt(0)) - 1e-5) * (1 - 1e-5) - 1e-9);
    }
  }
  for (let length = size; length > 1; length--) moveWorstToEnd(length);
}

/** Results as in src/kernel/kernel.ts. Returns the bytes used. */
export function classify(
  t: Tables,
  text: usize,
  length: i32,
  last: bool,
  k: i32,
  threshold: f32,
  s: Scratch,
  results: usize,
  room: i32,
): i32 {
  const end = text + length;
  const resultEnd = results + ((<usize>room) << 2);
  let at = text;
  let out = results;
  capacity = k;
  startReading(t.dictionary, -1);
  ids = s.topIds;
  scores = s.topScores;
  while (at < end) {
    const lineEnd = readLine(t, at, end, last, s);
    if (lineEnd == 0) break;
    size = 0;
    if (s.rowCount > 0) {
      average(t.input, s.rows, s.rowCount, s.hidden);
      best(t, s, threshold);
    }
    const need = (3 + s.labelCount + 2 * size) << 2;
    if (out + need > resultEnd) break;
    store<i32>(out, s.labelCount);
    store<i32>(out, size, 4);
    store<i32>(out, s.rowCount, 8);
    memory.copy(out + 12, s.labels, (<usize>s.labelCount) << 2);
    out += 12 + ((<usize>s.labelCount) << 2);
    for (let i = 0; i < size; i++, out += 8) {
      store<i32>(out, idAt(i));
      store<f32>(out, scoreAt(i), 4);
    }
    at = lineEnd;
  }
  setWritten(<i32>((out - results) >> 2));
  return <i32>(at - text);
}

/** Rows of one line, into the scratch. Returns how many. */
export function lineRows(t: Tables, text: usize, length: i32, s: Scratch): i32 {
  s.rowCount = 0;
  startReading(t.dictionary, -1);
  if (length > 0) readLine(t, text, text + length, true, s);
  return s.rowCount;
}

