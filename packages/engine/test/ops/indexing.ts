import { gather, gatherElements, scatterElements } from "@reprise/engine";
import type { Row } from "./row.ts";

export const rows: Record<string, Row> = {
  Gather: {
    cases: {
      "rows, repeated": (x, i) => gather(x, i),
      "middle axis, matrix of indices": (x, i) => gather(x, i, { axis: 1 }),
      "negative index": (x, i) => gather(x, i),
      "one scalar index": (x, i) => gather(x, i, { axis: -1 }),
    },
    wrong: [({ f }) => gather(f(3), f(2)), "Gather: indices are float32 [2]; they must be int32 or int64"],
  },
  GatherElements: {
    cases: {
      "last axis, repeated": (x, i) => gatherElements(x, i, { axis: 1 }),
      "first axis, fewer columns": (x, i) => gatherElements(x, i),
    },
    wrong: [
      ({ f, i }) => gatherElements(f(2, 3), i(3, 3), { axis: 1 }),
      "GatherElements: indices [3, 3] do not fit data [2, 3]: same rank, and no longer than it on every axis but 1",
    ],
  },
  ScatterElements: {
    cases: {
      "add, repeated": (x, i, u) => scatterElements(x, i, u, { axis: 1, reduction: "add" }),
      replace: (x, i, u) => scatterElements(x, i, u),
    },
    wrong: [
      ({ f, i }) => scatterElements(f(3), i(2), f(3)),
      "ScatterElements: updates are float32 [3]; they must have the indices' shape [2] and the data's dtype float32",
    ],
  },
};
