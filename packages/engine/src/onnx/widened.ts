// Numbers of ONNX files in types that the engine does not compute with, and the wider types it takes for them.
import { bfloatToFloat, halfToFloat } from "../ir/half.ts";
import { allocate, type Data, type DType } from "../ir/type.ts";
import { ModelError } from "./wire.ts";

export interface Widened {
  readonly name: string;
  readonly to: DType;
  /** Of one number in the file. */
  readonly bytes: number;
  /** All numbers of raw little-endian bytes, in the wider type. */
  readonly ofBytes: (raw: Uint8Array) => Data;
  /** A number of a typed field: floats are there as their bits. */
  readonly ofField: (value: number | bigint) => number | bigint;
}

type Read<T> = (view: DataView, at: number) => T;

function widening<T extends number | bigint>(
  name: string,
  to: DType,
  bytes: number,
  read: Read<T>,
  decode: (value: number | bigint) => number | bigint,
): Widened {
  const ofBytes = (raw: Uint8Array) => {
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    const data = allocate(to, raw.length / bytes);
    for (let i = 0; i < data.length; i++) data[i] = decode(read(view, i * bytes)) as never;
    return data;
  };
  return { name, to, bytes, ofBytes, ofField: decode };
}

const same = (value: number | bigint): number | bigint => value;
const uint16: Read<number> = (view, at) => view.getUint16(at, true);

function below63(value: number | bigint): bigint {
  const whole = BigInt.asUintN(64, BigInt(value));
  if (whole >= 1n << 63n) throw new ModelError(`uint64 ${whole} is too large: such numbers are computed as int64`);
  return whole;
}

/** By TensorProto.DataType. Every number is exact in the wider type; sums that would wrap around do not. */
export const widened: Readonly<Record<number, Widened>> = {
  4: widening("uint16", "int32", 2, uint16, same),
  5: widening("int16", "int32", 2, (view, at) => view.getInt16(at, true), same),
  10: widening("float16", "float32", 2, uint16, (bits) => halfToFloat(Number(bits) & 0xffff)),
  12: widening("uint32", "int64", 4, (view, at) => BigInt(view.getUint32(at, true)), same),
  13: widening("uint64", "int64", 8, (view, at) => view.getBigUint64(at, true), below63),
  16: widening("bfloat16", "float32", 2, uint16, (bits) => bfloatToFloat(Number(bits) & 0xffff)),
};
