import {
  argMax,
  concat,
  full,
  logSoftmax,
  type ReduceOptions,
  reduceMax,
  reduceMean,
  reduceMin,
  reduceSum,
  reshape,
  softmax,
  type Value,
} from "@reprise/engine";
import type { Row } from "./row.ts";

const reduction = (f: (x: Value, options?: ReduceOptions) => Value): Row => ({
  cases: {
    "all axes": (x) => f(x),
    "middle axis": (x) => f(x, { axes: [1] }),
    "outer axes, kept": (x) => f(x, { axes: [0, -1], keepDims: true }),
  },
  wrong: [({ f: float }) => f(float(2, 3), { axes: [2] }), "axis 2 is outside a tensor of 2 dimensions"],
});

const family = (op: string, f: (x: Value, options?: { axis?: number }) => Value): Row => ({
  cases: {
    "last axis": (x) => f(x),
    "first axis of three": (x) => f(x, { axis: 0 }),
    "large logits": (x) => f(x),
  },
  wrong: [({ i }) => f(i(2, 3)), `${op}: input is int64 [2, 3]; it must be float32 or float64: cast it`],
});

/** Of f(x, 1, 1): at the tie of all three, and beside it. */
const tie = (f: (x: Value, options?: ReduceOptions) => Value, above: number): NonNullable<Row["kinks"]> => ({
  of: (x) => f(concat([reshape(x, [1]), full(x, 1, [2])], 0)),
  at: [
    [1, 1 / 3],
    [2, above],
    [0, 1 - above],
  ],
});

export const rows: Record<string, Row> = {
  ReduceSum: reduction(reduceSum),
  ReduceMean: reduction(reduceMean),
  ReduceMax: { ...reduction(reduceMax), kinks: tie(reduceMax, 1) },
  ReduceMin: { ...reduction(reduceMin), kinks: tie(reduceMin, 0) },
  Softmax: family("Softmax", softmax),
  LogSoftmax: family("LogSoftmax", logSoftmax),
  ArgMax: {
    cases: { "last axis": (x) => argMax(x), "first axis, kept": (x) => argMax(x, { axis: 0, keepDims: true }) },
    wrong: [({ f }) => argMax(f(2), { axis: 1 }), "axis 1 is outside a tensor of 1 dimensions"],
  },
};
