import { gather, gatherElements, gatherND, scatterElements, scatterND, trilu } from "@reprise/engine";
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
  GatherND: {
    cases: {
      "elements, repeated": (x, i) => gatherND(x, i),
      rows: (x, i) => gatherND(x, i),
      "a shared axis": (x, i) => gatherND(x, i, { batchDims: 1 }),
    },
    wrong: [
      ({ f, i }) => gatherND(f(3, 4), i(2, 3)),
      "GatherND: indices [2, 3] do not fit data [3, 4]: the last axis holds at most 2 coordinates, and the first 0 axes are equal",
    ],
  },
  ScatterND: {
    cases: {
      "add, repeated": (x, i, u) => scatterND(x, i, u, { reduction: "add" }),
      "replace rows": (x, i, u) => scatterND(x, i, u),
    },
    wrong: [
      ({ f, i }) => scatterND(f(4, 2), i(3, 1), f(3, 3)),
      "ScatterND: updates are float32 [3, 3]; indices [3, 1] into data float32 [4, 2] need float32 [3, 2]",
    ],
  },
  Trilu: {
    cases: { upper: (x) => trilu(x), "lower, one above the diagonal": (x) => trilu(x, { upper: false, k: 1 }) },
    wrong: [({ f }) => trilu(f(3)), "Trilu: input is [3]; it must have two axes or more"],
  },
};
