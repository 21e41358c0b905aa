import {
  add,
  argMax,
  argMin,
  concat,
  cumSum,
  full,
  logSoftmax,
  type ReduceOptions,
  reduceL1,
  reduceL2,
  reduceLogSum,
  reduceLogSumExp,
  reduceMax,
  reduceMean,
  reduceMin,
  reduceProd,
  reduceSum,
  reduceSumSquare,
  reshape,
  softmax,
  tensor,
  topK,
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
  ReduceProd: {
    ...reduction(reduceProd),
    kinks: {
      // x·2·0 and x·2: the first has a zero beside x, the second is x's own.
      of: (x) =>
        add(
          reduceProd(concat([reshape(x, [1]), x.graph.constant(tensor("float32", [2], [2, 0]))], 0)),
          reduceProd(concat([reshape(x, [1]), full(x, 2, [1])], 0)),
        ),
      at: [
        [3, 2],
        [0, 2],
      ],
    },
  },
  ReduceL1: {
    ...reduction(reduceL1),
    kinks: { of: (x) => reduceL1(concat([reshape(x, [1]), full(x, 1, [1])], 0)), at: [[0, 0]] },
  },
  ReduceL2: {
    ...reduction(reduceL2),
    kinks: {
      of: (x) => reduceL2(concat([reshape(x, [1]), full(x, 0, [1])], 0)),
      at: [
        [0, 0],
        [2, 1],
      ],
    },
  },
  ReduceSumSquare: reduction(reduceSumSquare),
  ReduceLogSum: reduction(reduceLogSum),
  ReduceLogSumExp: {
    ...reduction(reduceLogSumExp),
    cases: {
      ...reduction(reduceLogSumExp).cases,
      "large, kept": (x) => reduceLogSumExp(x, { axes: [1], keepDims: true }),
    },
  },
  TopK: {
    cases: {
      "three largest": (x) => topK(x, 3).values.node!.outputs,
      "two smallest of the first axis": (x) => topK(x, 2, { axis: 0, largest: false }).values.node!.outputs,
    },
    wrong: [({ f }) => topK(f(2, 3), 4), "TopK: k is 4; axis 1 of [2, 3] has 3 elements"],
  },
  CumSum: {
    cases: {
      "last axis": (x) => cumSum(x),
      "first axis, exclusive": (x) => cumSum(x, { axis: 0, exclusive: true }),
      "from the end": (x) => cumSum(x, { reverse: true }),
    },
    wrong: [
      ({ f, graph }) => graph.add("CumSum", [f(2)], { axis: 3, exclusive: 0, reverse: 0 }),
      "CumSum: axis 3 is outside a tensor of 1 dimensions",
    ],
  },
  ArgMin: {
    cases: { "last axis": (x) => argMin(x), "first axis, kept": (x) => argMin(x, { axis: 0, keepDims: true }) },
    wrong: [({ f }) => argMin(f(2), { axis: 1 }), "axis 1 is outside a tensor of 1 dimensions"],
  },
  Softmax: family("Softmax", softmax),
  LogSoftmax: family("LogSoftmax", logSoftmax),
  ArgMax: {
    cases: { "last axis": (x) => argMax(x), "first axis, kept": (x) => argMax(x, { axis: 0, keepDims: true }) },
    wrong: [({ f }) => argMax(f(2), { axis: 1 }), "axis 1 is outside a tensor of 1 dimensions"],
  },
};
