// A dense array in host memory, row-major. Structurally the engine's host Tensor: what a reader returns can be fed.

/** The typed array behind each dtype. Booleans are bytes, 0 or 1; 64-bit integers are BigInts. */
export interface ArrayOf {
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  readonly int8: Int8Array;
  readonly int16: Int16Array;
  readonly int32: Int32Array;
  readonly int64: BigInt64Array;
  readonly uint8: Uint8Array;
  readonly uint16: Uint16Array;
  readonly uint32: Uint32Array;
  readonly uint64: BigUint64Array;
  readonly bool: Uint8Array;
}

export type DType = keyof ArrayOf;

/** An array of one dtype, or of any of several: `NdArray<"uint8" | "float32">` narrows on its `dtype`. */
export type NdArray<T extends DType = DType> = {
  readonly [K in T]: { readonly dtype: K; readonly shape: readonly number[]; readonly data: ArrayOf[K] };
}[T];

const constructors = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const;

/** Bytes of one element. */
export function bytesPerElement(dtype: DType): number {
  return constructors[dtype].BYTES_PER_ELEMENT;
}

/** Number of elements of a shape; 1 for a scalar (`[]`). May exceed what an array can hold: check before allocating. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** An array from its parts. @throws RangeError if the data do not fill the shape exactly */
export function ndArray<T extends DType>(dtype: T, shape: readonly number[], data: ArrayOf[T]): NdArray<T> {
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw new RangeError(`shape [${shape.join(", ")}] is not a shape: every size must be an integer from 0 on`);
  if (data.length !== elementCount(shape))
    throw new RangeError(
      `shape [${shape.join(", ")}] needs ${elementCount(shape)} elements, the data have ${data.length}`,
    );
  return { dtype, shape, data } as NdArray<T>; // TypeScript does not relate K to T here
}

/**
 * Elements stored as bytes, in either byte order, as a new array; the bytes may start at any alignment.
 *
 * @param bytes  exactly elementCount(shape) elements
 */
export function fromBytes<T extends DType>(
  dtype: T,
  shape: readonly number[],
  bytes: Uint8Array,
  byteOrder: "big" | "little",
): NdArray<T> {
  const copy = new Uint8Array(bytes); // a Buffer's slice would share its memory
  if (byteOrder === "big") reverseElements(copy, bytesPerElement(dtype));
  const data = new constructors[dtype](copy.buffer, 0, copy.length / bytesPerElement(dtype));
  return ndArray(dtype, shape, data as ArrayOf[T]);
}

/** The elements as bytes in the given byte order, row-major; a copy. */
export function toBytes(array: NdArray, byteOrder: "big" | "little"): Uint8Array {
  const { buffer, byteOffset, byteLength } = array.data;
  const bytes = new Uint8Array(buffer, byteOffset, byteLength).slice();
  if (byteOrder === "big") reverseElements(bytes, bytesPerElement(array.dtype));
  return bytes;
}

// Typed arrays are little-endian on every machine that runs a JavaScript engine of today.
function reverseElements(bytes: Uint8Array, width: number): void {
  if (width === 1) return;
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}
