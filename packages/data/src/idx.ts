// IDX, the format of the MNIST files (http://yann.lecun.com/exdb/mnist/): two zero bytes, a type code, the number of
// dimensions, each dimension as a big-endian 32-bit integer, then the elements, big-endian, row-major.
import { DataError } from "./error.ts";
import { gunzip, isGzip } from "./gzip.ts";
import { bytesPerElement, elementCount, fromBytes, type NdArray, toBytes } from "./nd-array.ts";

/** The dtypes IDX can hold. */
export type IdxDType = keyof typeof typeCodes;

const typeCodes = { uint8: 0x08, int8: 0x09, int16: 0x0b, int32: 0x0c, float32: 0x0d, float64: 0x0e } as const;
const dtypes = new Map<number, IdxDType>(
  Object.entries(typeCodes).map(([dtype, code]) => [code, dtype as IdxDType]), // keys of the table
);

/**
 * The array of an IDX file, packed with gzip or not.
 *
 * @param source  the user's name of the file, for messages
 * @param options.maxBytes  a header that announces more is refused before anything is unpacked; 2 GiB by default
 * @throws DataError if the file is not IDX, is longer or shorter than its header says, or is damaged
 */
export async function decodeIdx(
  bytes: Uint8Array,
  source: string,
  { maxBytes = 2 ** 31 }: { maxBytes?: number } = {},
): Promise<NdArray<IdxDType>> {
  const file = isGzip(bytes) ? await unpack(bytes, source, maxBytes) : bytes;
  const { dtype, shape, start, end } = readHeader(file, source, maxBytes);
  if (file.length !== end)
    throw new DataError(
      source,
      `the IDX header announces ${dtype} [${shape.join(", ")}], ${end} bytes with the header; the file has ${file.length}. ${
        file.length < end
          ? "It is cut short: download or write it again."
          : "Something was appended to it, or its header is damaged."
      }`,
    );
  return fromBytes(dtype, shape, file.subarray(start), "big");
}

/** The array as an IDX file, not compressed. @throws RangeError for a dtype, a rank or a size that IDX cannot hold */
export function encodeIdx(array: NdArray<IdxDType>): Uint8Array {
  const { dtype, shape } = array;
  const code = typeCodes[dtype];
  if (code === undefined) throw new RangeError(`IDX cannot hold ${dtype}, only ${Object.keys(typeCodes).join(", ")}`);
  if (shape.length > 255 || shape.some((size) => size >= 2 ** 32))
    throw new RangeError(`IDX cannot hold the shape [${shape.join(", ")}]: at most 255 dimensions, each below 2^32`);
  const data = toBytes(array, "big");
  const start = 4 + 4 * shape.length;
  const file = new Uint8Array(start + data.length);
  const view = new DataView(file.buffer);
  view.setUint8(2, code);
  view.setUint8(3, shape.length);
  shape.forEach((size, i) => {
    view.setUint32(4 + 4 * i, size);
  });
  file.set(data, start);
  return file;
}

interface Header {
  readonly dtype: IdxDType;
  readonly shape: readonly number[];
  /** Where the elements start and end, bytes from the beginning of the file. */
  readonly start: number;
  readonly end: number;
}

function readHeader(file: Uint8Array, source: string, maxBytes: number): Header {
  const isIdx = file.length >= 4 && file[0] === 0 && file[1] === 0;
  const dtype = isIdx ? dtypes.get(file[2]!) : undefined;
  if (dtype === undefined) {
    const found = [...file.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    throw new DataError(
      source,
      `is not an IDX file: it starts with ${found || "nothing, it is empty"}; expected 00 00, a type (08 09 0b 0c 0d 0e) and the number of dimensions.`,
    );
  }
  const rank = file[3]!;
  const start = 4 + 4 * rank;
  if (file.length < start)
    throw new DataError(
      source,
      `the IDX header announces ${rank} dimensions and needs ${start} bytes; the file has ${file.length}. It is cut short: download or write it again.`,
    );
  const view = new DataView(file.buffer, file.byteOffset, start);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const end = start + elementCount(shape) * bytesPerElement(dtype);
  if (end > maxBytes)
    throw new DataError(
      source,
      `the IDX header announces ${dtype} [${shape.join(", ")}], ${end} bytes; at most ${maxBytes} are read. The header is damaged, or raise maxBytes.`,
    );
  return { dtype, shape, start, end };
}

// Stops as soon as the data run past what the header announced: a few kilobytes of gzip can unpack to gigabytes.
async function unpack(bytes: Uint8Array, source: string, maxBytes: number): Promise<Uint8Array> {
  const longestHeader = 4 + 4 * 255;
  const chunks: Uint8Array[] = [];
  let length = 0;
  let header: Header | undefined;
  for await (const chunk of gunzip(bytes, source)) {
    chunks.push(chunk);
    length += chunk.length;
    if (!header && length >= longestHeader) header = readHeader(concat(chunks, length), source, maxBytes);
    if (header && length > header.end) throw tooLong(source, header);
  }
  return concat(chunks, length);
}

function tooLong(source: string, { dtype, shape, end }: Header): DataError {
  return new DataError(
    source,
    `the IDX header announces ${dtype} [${shape.join(", ")}], ${end} bytes with the header; the gzip data unpack to more. Something was appended to it, or its header is damaged.`,
  );
}

function concat(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
