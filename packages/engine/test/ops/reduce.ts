import {
  argMax,
  logSoftmax,
  type ReduceOptions,
  reduceMax,
  reduceMean,
  reduceMin,
  reduceSum,
  softmax,
  type Value,
} from "@reprise/engine";
import type { Row } from "./row.ts";

const reduction = (op: string, f: (x: Value, options?: ReduceOptions) => Value): Row => ({
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

/** Of f(x, 1, 1), at the tie of all three. */
const tie = (f: (x: Value, options?: ReduceOptions) => Value): Row["kinks"] => ({
  of: (x) => f(x),
  at: [[1, 1]],
});

export const rows: Record<string, Row> = {
  ReduceSum: reduction("ReduceSum", reduceSum),
  ReduceMean: reduction("ReduceMean", reduceMean),
  ReduceMax: { ...reduction("ReduceMax", reduceMax), kinks: tie(reduceMax)! },
  ReduceMin: { ...reduction("ReduceMin", reduceMin), kinks: tie(reduceMin)! },
  Softmax: family("Softmax", softmax),
  LogSoftmax: family("LogSoftmax", logSoftmax),
  ArgMax: {
    cases: { "last axis": (x) => argMax(x), "first axis, kept": (x) => argMax(x, { axis: 0, keepDims: true }) },
    wrong: [({ f }) => argMax(f(2), { axis: 1 }), "axis 1 is outside a tensor of 1 dimensions"],
  },
};
