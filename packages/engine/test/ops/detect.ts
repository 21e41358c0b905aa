import { dequantizeLinear, einsum, quantizeLinear, resize, roiAlign, type Value } from "@reprise/engine";
import type { Row } from "./row.ts";

const sums = (...equations: string[]): Row["cases"] =>
  Object.fromEntries(equations.map((equation) => [equation, (...xs: Value[]) => einsum(equation, ...xs)]));

export const rows: Record<string, Row> = {
  Resize: {
    cases: {
      "nearest, twice": (x) => resize(x, [4, 6]),
      "nearest, 3 to 5 and 4 to 3": (x) => resize(x, [5, 3]),
      "linear, up and down": (x) => resize(x, [5, 2], { mode: "linear" }),
      "linear, aligned corners": (x) => resize(x, [5, 7], { mode: "linear", alignCorners: true }),
      "linear, to one": (x) => resize(x, [1, 1], { mode: "linear" }),
      cubic: (x) => resize(x, [5, 3], { mode: "cubic" }),
      "linear, 3-D": (x) => resize(x, [3, 4, 3], { mode: "linear" }),
      "nearest, by scales of one half": (x) =>
        x.graph.add("Resize", [x], {
          mode: "nearest",
          coordinate_transformation_mode: "asymmetric",
          nearest_mode: "floor",
          cubic_coeff_a: -0.75,
          scales: [1, 1, 0.5, 0.5],
        }),
    },
    wrong: [
      ({ f }) => resize(f(1, 2, 3, 4), [5]),
      "Resize: input [1, 2, 3, 4] needs a size or a scale for each of its 4 axes; given were 3",
    ],
  },
  Einsum: {
    cases: sums(
      "bij,bjk->bik",
      "i,j->ij",
      "ij->ji",
      "ijk->j",
      "ii->i",
      "ii",
      "...ij,...jk->...ik",
      "ab,bc,cd->ad",
      "nchw,kc->nkhw",
      "ij,j",
    ),
    wrong: [
      ({ f }) => einsum("ij,jk->ik", f(2, 3), f(4, 2)),
      'Einsum: axis "j" has size 3 in one input and 4 in another: [2, 3], [4, 2]',
    ],
  },
  RoiAlign: {
    fixed: [1],
    cases: {
      "pixels at 0": (x, boxes, batch) => roiAlign(x, boxes, batch, { outputSize: [2, 3] }),
      "pixels at one half": (x, boxes, batch) => roiAlign(x, boxes, batch, { outputSize: 2, aligned: true }),
      "half the scale, three samples, one image": (x, boxes, batch) =>
        roiAlign(x, boxes, batch, { outputSize: 2, samplingRatio: 3, spatialScale: 0.5 }),
      "samples by the size of the box": (x, boxes, batch) =>
        roiAlign(x, boxes, batch, { outputSize: 2, samplingRatio: 0 }),
    },
    wrong: [
      ({ f, i }) => roiAlign(f(1, 2, 5, 5), f(3, 5), i(3), { outputSize: 2 }),
      "RoiAlign: boxes are [3, 5], batch indices [3]; they must be [R, 4] and [R]",
    ],
  },
  QuantizeLinear: {
    cases: {
      "per tensor, limited": (x, scale, zero) => quantizeLinear(x, scale, zero),
      "per column": (x, scale, zero) => quantizeLinear(x, scale, zero),
      "and back, straight through": (x, scale, zero) => dequantizeLinear(quantizeLinear(x, scale, zero), scale, zero),
    },
    wrong: [
      ({ f, graph }) => quantizeLinear(f(2, 3), f(2), graph.input("zero", "int8", [2])),
      "QuantizeLinear: scale and zero point are [2] and [2]; input [2, 3] needs [] or, per slice of axis 1, [3]",
    ],
    departs: true,
  },
  DequantizeLinear: {
    cases: { "per row": (q, scale, zero) => dequantizeLinear(q, scale, zero, { axis: 0 }) },
    wrong: [
      ({ f, graph }) => dequantizeLinear(graph.input("q", "uint8", [2]), f(), graph.input("zero", "int8", [])),
      "DequantizeLinear: input is uint8 [2], zero point is int8 []; their dtypes must be equal",
    ],
  },
};
