// How files of weights store their numbers, little-endian, and the arrays that we compute with.
import { bfloatToFloat, type DType, halfToFloat, type Tensor } from "@reprise/engine";

export interface StoredDType {
  /** Of one element in the file. */
  readonly bytes: number;
  /** Of the array that `decode` gives. */
  readonly dtype: DType;
  /** A new array of the elements in `bytes`, which may start at any address and hold a whole number of them. */
  decode(bytes: Uint8Array): Tensor["data"];
}

const plain = <T extends Tensor["data"]>(
  dtype: DType,
  array: { new (buffer: ArrayBuffer): T; readonly BYTES_PER_ELEMENT: number },
): StoredDType => ({ bytes: array.BYTES_PER_ELEMENT, dtype, decode: (bytes) => new array(copied(bytes)) });

/**
 * By the names of safetensors. Half floats become float32 and 16-bit integers int32, in which every one of them is
 * exact.
 */
export const storedDTypes: Readonly<Record<string, StoredDType>> = {
  F64: plain("float64", Float64Array),
  F32: plain("float32", Float32Array),
  I64: plain("int64", BigInt64Array),
  I32: plain("int32", Int32Array),
  I8: plain("int8", Int8Array),
  U8: plain("uint8", Uint8Array),
  BOOL: plain("bool", Uint8Array),
  I16: { bytes: 2, dtype: "int32", decode: (bytes) => Int32Array.from(new Int16Array(copied(bytes))) },
  F16: { bytes: 2, dtype: "float32", decode: (bytes) => Float32Array.from(halves(bytes), halfToFloat) },
  BF16: { bytes: 2, dtype: "float32", decode: (bytes) => Float32Array.from(halves(bytes), bfloatToFloat) },
};

/** The bytes in a buffer of their own: arrays may start at any byte of a file. A Buffer's `slice` would not copy. */
const copied = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

function halves(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(copied(bytes));
}
