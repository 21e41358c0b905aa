// The compiled kernel on a memory.
import { wasmBase64 } from "./wasm-binary.ts";

/** What ../../assembly exports. Arguments are addresses, lengths and numbers. */
export interface Exports {
  readonly written: { value: number };
  scan(dictionary: number, text: number, length: number, last: number, tokens: number, endOfLine: number): number;
  addEntries(dictionary: number, starts: number, pool: number, counts: number, size: number, entries: number): void;
  fillSlots(dictionary: number): void;
  rankEntries(dictionary: number, least: number, leastLabel: number, ids: number, room: number, ends: number): number;
  copyEntries(from: number, ids: number, count: number, to: number, places: number): number;
  describeEntries(dictionary: number, ids: number, words: number, entries: number): void;
  pickPairs(pairs: number, ids: number, count: number, picked: number): void;
  subwordRows(tables: number, word: number, length: number, room: number, rows: number): number;
  encode(encoding: number, tokens: number, count: number, lines: number): number;
  train(job: number, thread: number, budget: number): number;
  classify(
    tables: number,
    text: number,
    length: number,
    last: number,
    k: number,
    threshold: number,
    scratch: number,
    results: number,
    room: number,
  ): number;
  lineRows(tables: number, text: number, length: number, scratch: number): number;
  passLines(lines: number, at: number, goal: number, found: number): number;
  countRows(lines: number, length: number, stride: number, counts: number, histogram: number): void;
  listFrequent(counts: number, length: number, least: number, hotLeast: number, hot: number, ids: number): void;
  average(matrix: number, rows: number, count: number, hidden: number): void;
  fillUniform(values: number, count: number, a: number, seed: number, first: number): void;
  startRows(start: number, rows: number, end: number): void;
  nearestCentroids(
    points: number,
    stride: number,
    count: number,
    width: number,
    centroids: number,
    codes: number,
    codeStride: number,
    room: number,
  ): void;
  vectorLines(tables: number, from: number, to: number, scratch: number, out: number): number;
}

let compiled: WebAssembly.Module | undefined;

/** The kernel's functions on a memory; every thread has its own instance. */
export function instantiate(memory: WebAssembly.Memory): Exports {
  compiled ??= new WebAssembly.Module(decoded(wasmBase64));
  const instance = new WebAssembly.Instance(compiled, { env: { memory, abort: () => undefined } });
  return instance.exports as unknown as Exports;
}

/** A loop: `Uint8Array.from` would take longer for these few bytes than all of the modules around. */
function decoded(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
