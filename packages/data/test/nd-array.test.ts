import { type DType, type NdArray, ndArray } from "@reprise/data";
import type { Tensor } from "@reprise/engine";
import { expect, it } from "vitest";

// Checked by tsc: the arrays of this package are the engine's host tensors, for every dtype the engine has.
const feed = <D extends Tensor["dtype"] & DType>(array: NdArray<D>): Tensor =>
  array as NdArray<Tensor["dtype"] & DType>;

it("an array is what the engine is fed with", () => {
  const tensor: Tensor<"float32"> = ndArray("float32", [2, 1], Float32Array.of(1, 2));
  expect(feed(ndArray("int64", [], BigInt64Array.of(1n)))).toEqual({
    dtype: "int64",
    shape: [],
    data: BigInt64Array.of(1n),
  });
  expect(tensor).toEqual({ dtype: "float32", shape: [2, 1], data: Float32Array.of(1, 2) });
});

it("data that do not fill the shape are refused", () => {
  expect(() => ndArray("uint8", [2, 3], new Uint8Array(5))).toThrow("shape [2, 3] needs 6 elements, the data have 5");
  expect(() => ndArray("uint8", [-1, -1], new Uint8Array(1))).toThrow("shape [-1, -1] is not a shape");
  expect(() => ndArray("uint8", [0.5, 2], new Uint8Array(1))).toThrow("shape [0.5, 2] is not a shape");
});
