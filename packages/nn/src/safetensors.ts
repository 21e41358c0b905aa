// The safetensors format (https://github.com/huggingface/safetensors, "Format"): 8 bytes of header length, a JSON header
// that gives each array's dtype, shape and byte range, then the arrays. Nothing of a file is believed before it is checked.
import { type DType, formatShape, ModelError, sizeOf, type Tensor } from "@reprise/engine";
import { quoted, shownJson } from "./quoted.ts";
import { type StoredDType, storedDTypes } from "./stored-dtypes.ts";

export interface Safetensors {
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** Strings the file carries beside its arrays. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface SafetensorsSource {
  /** The file's name in messages. */
  readonly source?: string;
}

/** The reference implementation's limit on the header. */
const MAX_HEADER_BYTES = 100_000_000;
/** A header of the format nests 3 deep; the reference reader skips entries that it does not know. */
const MAX_HEADER_DEPTH = 16;
const MAX_RANK = 64;
const METADATA = "__metadata__";

const nameOf: Readonly<Record<DType, string>> = {
  float64: "F64",
  float32: "F32",
  int64: "I64",
  int32: "I32",
  int8: "I8",
  uint8: "U8",
  bool: "BOOL",
};

/**
 * Arrays as the bytes of a safetensors file, the widest dtypes first and the header padded to 8 bytes, so that every
 * array is aligned.
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  { metadata = {} }: { readonly metadata?: Readonly<Record<string, string>> } = {},
): Uint8Array {
  const entries = Object.entries(tensors).sort(
    ([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT, // a stable sort
  );
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [[METADATA, metadata]] : [];
  let end = 0;
  for (const [name, { dtype, shape, data }] of entries) {
    if (name === METADATA) throw new Error(`safetensors: an array cannot be named "${METADATA}"`);
    if (data.length !== sizeOf(shape))
      throw new Error(`safetensors: "${name}" has ${data.length} numbers for shape ${formatShape(shape)}`);
    const begin = end;
    end += data.byteLength;
    header.push([name, { dtype: nameOf[dtype], shape, data_offsets: [begin, end] }]);
  }
  let text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  if (text.length % 8 !== 0) {
    const padded = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(0x20);
    padded.set(text);
    text = padded;
  }
  const file = new Uint8Array(8 + text.length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  let at = 8 + text.length;
  for (const [, { data }] of entries) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

/**
 * The arrays of a safetensors file.
 *
 * @throws ModelError naming the file and the array, when the header is not valid, an array's bytes are outside the
 *                    file, overlap another's or leave a gap, or a dtype is one we do not compute with
 */
export function readSafetensors(bytes: Uint8Array, { source = "safetensors" }: SafetensorsSource = {}): Safetensors {
  const fail = (problem: string, cause?: unknown): never => {
    throw new ModelError(`${source}: ${problem}`, cause === undefined ? undefined : { cause });
  };
  if (bytes.length < 8) fail(`the file has ${bytes.length} bytes; a safetensors file has at least 8`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(Math.min(bytes.length - 8, MAX_HEADER_BYTES))) {
    fail(
      `the header is said to have ${length} bytes, the file has ${bytes.length - 8} after its length; it is cut off or not a safetensors file`,
    );
  }
  const headerBytes = bytes.subarray(8, 8 + Number(length));
  if (headerBytes[0] !== 0x7b) fail(`the header does not start with "{"; this is not a safetensors file`);
  let text = "";
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(headerBytes);
    if (nestsDeeper(text, MAX_HEADER_DEPTH)) throw new Error(`nested more than ${MAX_HEADER_DEPTH} deep`);
    header = JSON.parse(text);
  } catch (error) {
    fail(`the header is not valid JSON, or not a header: ${(error as Error).message}`, error);
  }
  const twice = repeatedKey(text);
  if (twice !== null) fail(`the header names ${quoted(twice)} twice`);
  const body = bytes.subarray(8 + Number(length));
  const metadata: Record<string, string> = {};
  const found: { name: string; stored: StoredDType; shape: number[]; begin: number; end: number }[] = [];
  for (const [name, entry] of Object.entries(header as Record<string, unknown>)) {
    if (name === METADATA) {
      if (!isRecord(entry) || !Object.values(entry).every((value) => typeof value === "string"))
        fail(`${METADATA} must hold strings only`);
      for (const [key, value] of Object.entries(entry as Record<string, string>))
        Object.defineProperty(metadata, key, { value, enumerable: true, configurable: true, writable: true });
      continue;
    }
    if (!isRecord(entry)) fail(`${quoted(name)} is described by ${shownJson(entry)}, not by an object`);
    const { dtype, shape, data_offsets: offsets } = entry as Record<string, unknown>;
    const stored = typeof dtype === "string" && Object.hasOwn(storedDTypes, dtype) ? storedDTypes[dtype]! : undefined;
    if (!stored)
      return fail(`${quoted(name)} has dtype ${shownJson(dtype)}; known are ${Object.keys(storedDTypes).join(", ")}`);
    if (!isCounts(shape) || shape.length > MAX_RANK)
      return fail(`${quoted(name)} has shape ${shownJson(shape)}; expected a list of at most ${MAX_RANK} sizes`);
    if (!isCounts(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]! || offsets[1]! > body.length) {
      return fail(
        `${quoted(name)} is said to lie at bytes ${shownJson(offsets)} of ${body.length}; the file is cut off or damaged`,
      );
    }
    const [begin, end] = offsets as [number, number];
    if (sizeOf(shape) * stored.bytes !== end - begin) {
      fail(
        `${quoted(name)} is ${dtype} ${formatShape(shape)}, which takes ${sizeOf(shape) * stored.bytes} bytes, but ${end - begin} are given`,
      );
    }
    found.push({ name, stored, shape, begin, end });
  }
  // By start, then end, so that arrays without bytes stand before the one that starts where they do.
  found.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { name, begin, end } of found) {
    if (begin < covered) fail(`${quoted(name)} overlaps another array at byte ${begin}`);
    if (begin > covered) fail(`bytes ${covered} to ${begin} belong to no array`);
    covered = end;
  }
  if (covered !== body.length) fail(`${body.length - covered} bytes at the end belong to no array`);
  const tensors = Object.fromEntries(
    found.map(({ name, stored, shape, begin, end }) => {
      const data = stored.decode(body.subarray(begin, end));
      if (stored.dtype === "bool" && (data as Uint8Array).some((b) => b > 1))
        fail(`${quoted(name)} holds bytes above 1, not booleans`);
      return [name, { dtype: stored.dtype, shape, data } as Tensor];
    }),
  );
  return { tensors, metadata };
}

const isRecord = (x: unknown): x is Record<string, unknown> => typeof x === "object" && x !== null && !Array.isArray(x);
const isCounts = (x: unknown): x is number[] =>
  Array.isArray(x) && x.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);

/** The first name that a JSON object or one of those inside it gives twice: JSON.parse keeps the last without a word. */
function repeatedKey(text: string): string | null {
  const open: (Set<string> | null)[] = []; // the names of each object we are inside of; null for a list
  for (const [first, end] of marks(text)) {
    const mark = text[first];
    if (mark === "{") open.push(new Set());
    else if (mark === "[") open.push(null);
    else if (mark !== '"') open.pop();
    else if (followedByColon(text, end)) {
      const key = JSON.parse(text.slice(first, end)) as string;
      const names = open.at(-1);
      if (names?.has(key)) return key;
      names?.add(key);
    }
  }
  return null;
}

function followedByColon(text: string, at: number): boolean {
  while (" \t\n\r".includes(text[at] ?? ":")) at++;
  return text[at] === ":";
}

function nestsDeeper(text: string, limit: number): boolean {
  let depth = 0;
  for (const [first] of marks(text)) {
    const mark = text[first]!;
    if ("{[".includes(mark) && ++depth > limit) return true;
    if ("}]".includes(mark)) depth--;
  }
  return false;
}

/** Brackets and strings of a JSON text, from the first character to behind the last; a regular expression fails on long ones. */
function* marks(text: string): Generator<readonly [first: number, end: number]> {
  for (let at = 0; at < text.length; at++) {
    if ("{}[]".includes(text[at]!)) yield [at, at + 1];
    if (text[at] !== '"') continue;
    const first = at++;
    while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    yield [first, at + 1];
  }
}
