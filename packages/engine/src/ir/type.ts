// What a value is: a dtype and a concrete shape; and the host tensors that hold data.

/** Element types of ONNX that the engine computes with. */
export type DType = "float32" | "float64" | "int8" | "uint8" | "int32" | "int64" | "bool";

/** The typed array that holds each dtype on the host. Booleans are bytes 0 and 1. */
export interface DataOf {
  float32: Float32Array;
  float64: Float64Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int32: Int32Array;
  int64: BigInt64Array;
  bool: Uint8Array;
}
export type Data = DataOf[DType];

/** Dimensions, outermost first; [] is a scalar. */
export type Shape = readonly number[];

export interface Type {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** An array on the host: row-major data with its type. */
export interface Tensor<D extends DType = DType> extends Type {
  readonly dtype: D;
  readonly data: DataOf[D];
}

/** Shapes that do not fit an operator; the message names the operator, the shapes and the way out. */
export class ShapeError extends Error {
  override name = "ShapeError";
}

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const;

/** Every dtype there is. */
export const dtypes = Object.keys(arrays) as readonly DType[];

/** Number of elements of a shape. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const dim of shape) size *= dim;
  return size;
}

/** Bytes of one element. */
export function bytesOf(dtype: DType): number {
  return arrays[dtype].BYTES_PER_ELEMENT;
}

/** A fresh zeroed array for a dtype. */
export function allocate<D extends DType>(dtype: D, length: number): DataOf[D] {
  return new arrays[dtype](length) as DataOf[D];
}

/** The array of a dtype over existing bytes; `byteOffset` must be a multiple of the element size. */
export function viewAs<D extends DType>(dtype: D, buffer: ArrayBuffer, byteOffset: number, length: number): DataOf[D] {
  return new arrays[dtype](buffer, byteOffset, length) as DataOf[D];
}

/**
 * A host tensor from numbers or from a typed array of the right kind, which is used without a copy.
 *
 * @throws ShapeError when the number of elements is not that of the shape
 */
export function tensor<D extends DType>(dtype: D, shape: Shape, values: ArrayLike<number | bigint>): Tensor<D> {
  if (values.length !== sizeOf(shape)) {
    throw new ShapeError(
      `tensor: ${values.length} values for shape ${formatShape(shape)}, which needs ${sizeOf(shape)}`,
    );
  }
  const array = arrays[dtype];
  if (values instanceof array) return { dtype, shape, data: values as DataOf[D] };
  const data = new array(values.length);
  if (dtype === "int64") for (let i = 0; i < values.length; i++) data[i] = BigInt(values[i]!);
  else for (let i = 0; i < values.length; i++) data[i] = Number(values[i]);
  return { dtype, shape, data: data as DataOf[D] };
}

export const isFloat = (dtype: DType): boolean => dtype === "float32" || dtype === "float64";

/** `[2, 3, 28, 28]`; `[]` for a scalar. */
export const formatShape = (shape: Shape): string => `[${shape.join(", ")}]`;

/** `float32 [2, 3]`. */
export const formatType = ({ dtype, shape }: Type): string => `${dtype} ${formatShape(shape)}`;

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((dim, i) => dim === b[i]);

/** Axis counted from the front; negative axes count from the back as in ONNX. */
export function axisOf(axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || at < 0 || at >= rank) {
    throw new ShapeError(`axis ${axis} is outside a tensor of ${rank} dimensions`);
  }
  return at;
}

/** The common shape of NumPy broadcasting: sizes are equal or one of them is 1, aligned at the last axis. */
export function broadcast(...shapes: readonly Shape[]): Shape {
  const rank = Math.max(...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, i) => {
    let dim = 1;
    for (const shape of shapes) {
      const size = shape[i - rank + shape.length] ?? 1;
      if (size === 1 || size === dim) continue;
      if (dim !== 1) {
        throw new ShapeError(
          `shapes ${shapes.map(formatShape).join(" and ")} do not broadcast: sizes ${dim} and ${size} meet on axis ${i - rank}; each pair must be equal or have a 1`,
        );
      }
      dim = size;
    }
    return dim;
  });
}

/** Whether a shape becomes another one by repeating its axes of size 1 and new ones in front. */
export function broadcastsTo(from: Shape, to: Shape): boolean {
  const extra = to.length - from.length;
  return extra >= 0 && from.every((dim, i) => dim === 1 || dim === to[i + extra]);
}
