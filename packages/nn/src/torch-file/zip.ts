// The entries of a zip archive whose entries are stored, not compressed: what torch.save writes. Sizes and places come
// from the central directory (PKWARE's APPNOTE.TXT 6.3, sections 4.3 and 4.5.3), and every one is checked.
import { ModelError } from "@reprise/engine";
import { quoted } from "../quoted.ts";

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const ZIP64_EXTRA = 1;
const FULL32 = 0xffff_ffff;

interface Entry {
  readonly name: string;
  readonly crc: number;
  readonly size: number;
  /** Where the local header starts. */
  readonly offset: number;
}

/** Whether the bytes start as a zip archive does. */
export const isZip = (bytes: Uint8Array): boolean => bytes.length >= 4 && view(bytes).getUint32(0, true) === LOCAL;

/**
 * The entries by name, as views of the archive.
 *
 * @throws ModelError naming the entry, when the archive is cut off or damaged, an entry is compressed or encrypted, or
 *                    a name comes twice
 */
export function readZip(archive: Uint8Array, { source }: { readonly source: string }): Map<string, Uint8Array> {
  const file = view(archive);
  const fail = (problem: string): never => {
    throw new ModelError(`${source}: ${problem}`);
  };
  const { count, start, length } = findDirectory(file, fail);
  if (start + length > archive.length) fail("the zip directory lies outside the file; it is cut off or damaged");
  const found = new Map<string, { begin: number; data: Uint8Array; crc: number }>();
  let at = start;
  for (let i = 0; i < count; i++) {
    const read = centralEntry(archive, file, at, start + length, fail);
    const { name, crc, size, offset } = read.entry;
    at = read.end;
    if (found.has(name)) fail(`the zip archive has ${quoted(name)} twice`);
    const begin = dataStart(archive, file, name, offset, start, fail);
    if (size > start - begin) fail(`${quoted(name)} is said to have ${size} bytes, more than the file holds`);
    found.set(name, { begin: offset, data: archive.subarray(begin, begin + size), crc });
  }
  // Before any entry is read: a thousand that share their bytes would be read a thousand times.
  const inOrder = [...found].sort(([, a], [, b]) => a.begin - b.begin);
  for (const [i, [name, { data }]] of inOrder.entries()) {
    const next = inOrder[i + 1];
    const end = data.byteOffset - archive.byteOffset + data.length;
    if (next && next[1].begin < end) fail(`${quoted(name)} and ${quoted(next[0])} overlap`);
  }
  for (const [name, { data, crc }] of found)
    if (crc32(data) !== crc) fail(`${quoted(name)} does not match its checksum; the file is damaged`);
  return new Map([...found].map(([name, { data }]) => [name, data]));
}

type Fail = (problem: string) => never;

function findDirectory(file: DataView, fail: Fail): { count: number; start: number; length: number } {
  // The record stands at the end, followed by a comment of at most 65,535 bytes.
  let at = file.byteLength - 22;
  const lowest = Math.max(0, at - 0xffff);
  while (at >= lowest && file.getUint32(at, true) !== END) at--;
  if (at < lowest) fail("the end of the zip archive is missing; the file is cut off");
  const count = file.getUint16(at + 10, true);
  const length = file.getUint32(at + 12, true);
  const start = file.getUint32(at + 16, true);
  if (count !== 0xffff && length !== FULL32 && start !== FULL32) return { count, start, length };
  if (at < 20 || file.getUint32(at - 20, true) !== LOCATOR64) fail("the zip64 locator is missing");
  const end64 = whole(file, at - 12, fail);
  if (end64 + 56 > at || file.getUint32(end64, true) !== END64) fail("the zip64 directory record is missing");
  return {
    count: whole(file, end64 + 32, fail),
    length: whole(file, end64 + 40, fail),
    start: whole(file, end64 + 48, fail),
  };
}

function centralEntry(
  archive: Uint8Array,
  file: DataView,
  at: number,
  limit: number,
  fail: Fail,
): { entry: Entry; end: number } {
  if (at + 46 > limit || file.getUint32(at, true) !== CENTRAL) fail("the zip directory is cut off or damaged");
  const nameEnd = at + 46 + file.getUint16(at + 28, true);
  const extraEnd = nameEnd + file.getUint16(at + 30, true);
  const end = extraEnd + file.getUint16(at + 32, true);
  if (end > limit) fail("the zip directory is cut off or damaged");
  const name = new TextDecoder().decode(archive.subarray(at + 46, nameEnd));
  const method = file.getUint16(at + 10, true);
  if (file.getUint16(at + 8, true) & 1) fail(`${quoted(name)} is encrypted`);
  if (method !== 0)
    fail(`${quoted(name)} is compressed (method ${method}); torch.save stores its entries, save it again`);
  const stored = { size: file.getUint32(at + 20, true), full: file.getUint32(at + 24, true) };
  let offset = file.getUint32(at + 42, true);
  for (let extra = nameEnd; extra + 4 <= extraEnd; ) {
    const id = file.getUint16(extra, true);
    const next = extra + 4 + file.getUint16(extra + 2, true);
    if (next > extraEnd) fail(`${quoted(name)}: its extra field is damaged`);
    if (id === ZIP64_EXTRA) {
      // Present in this order are those numbers only whose 32-bit field is full.
      let field = extra + 4;
      const wide = (narrow: number): number => {
        if (narrow !== FULL32) return narrow;
        if (field + 8 > next) fail(`${quoted(name)}: its zip64 field is cut off`);
        field += 8;
        return whole(file, field - 8, fail);
      };
      stored.full = wide(stored.full);
      stored.size = wide(stored.size);
      offset = wide(offset);
    }
    extra = next;
  }
  if (stored.size !== stored.full)
    fail(`${quoted(name)} is stored in ${stored.size} bytes but said to have ${stored.full}`);
  return { entry: { name, crc: file.getUint32(at + 16, true), size: stored.size, offset }, end };
}

/** Where an entry's data start: behind its local header, whose name must be the directory's. */
function dataStart(archive: Uint8Array, file: DataView, name: string, at: number, limit: number, fail: Fail): number {
  if (at + 30 > limit || file.getUint32(at, true) !== LOCAL) fail(`${quoted(name)} has no header at byte ${at}`);
  const nameEnd = at + 30 + file.getUint16(at + 26, true);
  const start = nameEnd + file.getUint16(at + 28, true);
  if (start > limit) fail(`${quoted(name)}: its header is cut off`);
  const local = new TextDecoder().decode(archive.subarray(at + 30, nameEnd));
  if (local !== name) fail(`${quoted(name)} is called ${quoted(local)} in its own header`);
  return start;
}

function whole(file: DataView, at: number, fail: Fail): number {
  const n = file.getBigUint64(at, true);
  if (n > BigInt(Number.MAX_SAFE_INTEGER)) fail(`a size of ${n} bytes is not possible; the file is damaged`);
  return Number(n);
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let c = byte;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb8_8320 : c >>> 1;
  return c;
});

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ crcTable[(crc ^ bytes[i]!) & 255]!;
  return ~crc >>> 0;
}
