export { DataError } from "./error.ts";
export { type ArrayOf, bytesPerElement, type DType, elementCount, type NdArray, ndArray } from "./nd-array.ts";
export { Random, type RandomState } from "./random.ts";
