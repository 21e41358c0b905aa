import type { Tensor } from "@reprise/engine";

/** Some images of many, in the order of `rows`. */
export function rowsOf({ dtype, shape, data }: Tensor<"float32">, rows: ArrayLike<number>): Tensor<"float32"> {
  const each = data.length / shape[0]!;
  const picked = new Float32Array(rows.length * each);
  for (let i = 0; i < rows.length; i++) picked.set(data.subarray(rows[i]! * each, (rows[i]! + 1) * each), i * each);
  return { dtype, shape: [rows.length, ...shape.slice(1)], data: picked };
}
