// NPY, NumPy's file of one array (NEP 1): "\x93NUMPY", a version, the length of a header, the header (a Python dict with
// descr, fortran_order and shape), the elements. Versions 1 to 3 are read, version 1 little-endian is written.
import { DataError } from "./error.ts";
import { bytesPerElement, type DType, elementCount, fromBytes, type NdArray, toBytes } from "./nd-array.ts";

const codes: Readonly<Record<DType, string>> = {
  bool: "b1",
  int8: "i1",
  uint8: "u1",
  int16: "i2",
  uint16: "u2",
  int32: "i4",
  uint32: "u4",
  int64: "i8",
  uint64: "u8",
  float32: "f4",
  float64: "f8",
};
const dtypes = new Map(Object.entries(codes).map(([dtype, code]) => [code, dtype as DType])); // keys of the table
const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/**
 * The array of an NPY file, row-major whatever order the file keeps.
 *
 * @param source  the user's name of the file, for messages
 * @throws DataError if the file is not NPY, holds a dtype that an NdArray cannot (complex, text, objects, float16), or
 *   is longer or shorter than its header says
 */
export function decodeNpy(bytes: Uint8Array, source: string): NdArray {
  const { descr, fortranOrder, shape, start } = readHeader(bytes, source);
  const dtype = dtypes.get(descr.slice(1));
  if (dtype === undefined || !"<>|=".includes(descr[0]!))
    throw new DataError(
      source,
      `elements of type ${descr} are not read, only ${[...dtypes.keys()].join(", ")} in either byte order. Convert it in NumPy: numpy.save(path, array.astype("<f4")).`,
    );
  const end = start + elementCount(shape) * bytesPerElement(dtype);
  if (bytes.length !== end)
    throw new DataError(
      source,
      `the NPY header announces ${dtype} [${shape.join(", ")}], ${end} bytes with the header; the file has ${bytes.length}. ${
        bytes.length < end ? "It is cut short: write it again." : "More than one array in a file is not read."
      }`,
    );
  const byteOrder = descr[0] === ">" ? "big" : "little";
  const array = fromBytes(dtype, fortranOrder ? shape.toReversed() : shape, bytes.subarray(start), byteOrder);
  if (dtype === "bool") for (const byte of array.data as Uint8Array) if (byte > 1) throw notBoolean(source, byte);
  return fortranOrder ? transposed(array) : array;
}

/** The array as an NPY file (version 1, little-endian, row-major), as `numpy.load` reads it. */
export function encodeNpy(array: NdArray): Uint8Array {
  const { dtype, shape } = array;
  const order = bytesPerElement(dtype) === 1 ? "|" : "<";
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const dict = `{'descr': '${order}${codes[dtype]}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const start = Math.ceil((10 + dict.length + 1) / 64) * 64; // the elements start aligned, as NumPy writes them
  if (start > 65_545) throw new RangeError(`a shape of ${shape.length} dimensions does not fit an NPY header`);
  const data = toBytes(array, "little");
  const file = new Uint8Array(start + data.length);
  file.set([...magic, 1, 0, (start - 10) & 0xff, (start - 10) >> 8]);
  file.set(new TextEncoder().encode(`${dict.padEnd(start - 11)}\n`), 10);
  file.set(data, start);
  return file;
}

interface Header {
  /** Byte order, kind and size, as "<f4". */
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Where the elements start, bytes from the beginning of the file. */
  readonly start: number;
}

function readHeader(bytes: Uint8Array, source: string): Header {
  if (bytes.length < 10 || magic.some((byte, i) => bytes[i] !== byte))
    throw new DataError(
      source,
      `is not an NPY file: it does not start with "\\x93NUMPY" and a version (${bytes.length} bytes).`,
    );
  const [major, minor] = [bytes[6]!, bytes[7]!];
  if (major < 1 || major > 3 || minor !== 0)
    throw new DataError(
      source,
      `NPY version ${major}.${minor} is not read, only 1.0, 2.0 and 3.0. Write it again with numpy.save.`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const from = major === 1 ? 10 : 12;
  const start =
    bytes.length < from
      ? Number.POSITIVE_INFINITY
      : from + (major === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (start > bytes.length)
    throw new DataError(
      source,
      `the NPY header runs past the end of the file (${bytes.length} bytes). It is cut short: write it again.`,
    );
  const text = new TextDecoder(major === 3 ? "utf-8" : "latin1").decode(bytes.subarray(from, start));
  return { ...parseDict(text, source), start };
}

// The header is a Python literal; what NumPy writes needs only these forms of it.
function parseDict(text: string, source: string): Omit<Header, "start"> {
  const wrong = () => new DataError(source, `the NPY header is damaged: ${JSON.stringify(text.trim().slice(0, 200))}.`);
  const body = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1];
  if (body === undefined) throw wrong();
  const entry = /\s*(['"])(\w+)\1\s*:\s*(True|False|'[^']*'|"[^"]*"|\([\d\s,L]*\)|\[.*\])\s*(,|$)\s*/gsy;
  const values = new Map<string, string>();
  while (entry.lastIndex < body.length) {
    const match = entry.exec(body);
    if (!match) throw wrong();
    values.set(match[2]!, match[3]!);
  }
  const [descr, order, tuple] = [values.get("descr"), values.get("fortran_order"), values.get("shape")];
  if (!descr || (order !== "True" && order !== "False") || !tuple?.startsWith("(")) throw wrong();
  const sizes = tuple
    .slice(1, -1)
    .split(",")
    .map((size) => size.trim().replace(/L$/, "")); // Python 2 wrote 3L
  if (sizes.at(-1) === "") sizes.pop();
  if (sizes.some((size) => !/^\d+$/.test(size))) throw wrong();
  return {
    descr: /^['"]/.test(descr) ? descr.slice(1, -1) : descr,
    fortranOrder: order === "True",
    shape: sizes.map(Number),
  };
}

/** The array with its axes in reverse order. */
function transposed(array: NdArray): NdArray {
  const { data, shape } = array;
  const out = data.slice();
  const target = shape.toReversed();
  // Walk the target row-major; the source's strides, reversed, say where each element comes from.
  const strides: number[] = [];
  let stride = 1;
  for (const size of target) {
    strides.push(stride);
    stride *= size;
  }
  const index = new Array<number>(target.length).fill(0);
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = data[from]!;
    for (let axis = target.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < target[axis]!) break;
      from -= strides[axis]! * target[axis]!;
      index[axis] = 0;
    }
  }
  return { ...array, shape: target, data: out } as NdArray; // the same dtype and kind of data as before
}

function notBoolean(source: string, byte: number): DataError {
  return new DataError(source, `holds the byte ${byte} where a boolean (0 or 1) was expected. The file is damaged.`);
}
