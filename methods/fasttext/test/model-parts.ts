// Parts of a model that tests compare.
import type { Model } from "../src/index.ts";

export const bytesOf = (model: Model) => Buffer.concat([...model.bytes()]);

/** A row of the words and n-grams. */
export const rowOf = ({ tables }: Model, row: number) => {
  if (tables.input.kind !== "dense") throw new Error("expected dense rows");
  return Array.from(tables.input.values.subarray(row * tables.dim, (row + 1) * tables.dim));
};
