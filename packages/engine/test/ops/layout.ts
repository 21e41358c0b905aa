import { concat, expand, flatten, mul, pad, padWith, reshape, slice, split, transpose } from "@reprise/engine";
import type { Row } from "./row.ts";

export const rows: Record<string, Row> = {
  Reshape: {
    cases: { "with a free size": (x) => reshape(x, [3, -1]) },
    wrong: [({ f }) => reshape(f(2, 3), [4, -1]), "Reshape: [2, 3] has 6 elements and cannot become [4, -1]"],
  },
  Flatten: {
    cases: { "after the batch": (x) => flatten(x), "before the last": (x) => flatten(x, { axis: -1 }) },
    wrong: [({ f }) => flatten(f(2, 3), { axis: 4 }), "Flatten: axis 4 is outside a tensor of 2 dimensions"],
  },
  Transpose: {
    cases: { "three axes": (x) => transpose(x, [2, 0, 1]), reversed: (x) => transpose(x) },
    wrong: [({ f }) => transpose(f(2, 3), [0, 0]), "Transpose: perm [0, 0] is not an order of the 2 axes of [2, 3]"],
  },
  Expand: {
    cases: { "new and old axes": (x) => expand(x, [2, 3, 4]) },
    wrong: [
      ({ f, graph }) => graph.add("Expand", [f(2, 3)], { shape: [2, 4] }),
      "Expand: shapes [2, 3] and [2, 4] do not broadcast: sizes 3 and 4 meet on axis -1; each pair must be equal or have a 1",
    ],
  },
  Concat: {
    cases: {
      "three along the last axis": (a, b, c) => concat([a, b, c], -1),
      "the same value twice": (a, b) => concat([a, b, a], 0),
    },
    wrong: [
      ({ f }) => concat([f(2, 3), f(3, 2)], 1),
      "Concat: inputs [2, 3], [3, 2] must have one dtype and agree on every axis but 1",
    ],
  },
  Split: {
    cases: {
      "second part used": (x) => split(x, [1, 3, 2], 1)[1]!,
      "products of parts": (x) => {
        const [a, , c] = split(x, [2, 1, 2]);
        return mul(a!, c!);
      },
    },
    wrong: [({ f }) => split(f(5), [2, 2]), "Split: parts [2, 2] do not add up to axis 0 of [5]"],
  },
  Slice: {
    cases: {
      "two axes": (x) =>
        slice(x, [
          { axis: 0, start: 1, end: 3 },
          { axis: 1, start: 2 },
        ]),
      steps: (x) => slice(x, [{ axis: 1, start: 1, step: 2 }]),
      "step 3 with a rest": (x) => slice(x, [{ axis: 0, step: 3 }]),
      reversed: (x) => slice(x, [{ axis: -1, step: -1 }]),
      "step -2 from inside": (x) => slice(x, [{ axis: 0, start: 6, end: 1, step: -2 }]),
      "negative bounds": (x) => slice(x, [{ axis: 0, start: -3, end: -1 }]),
      "bounds outside": (x) => slice(x, [{ axis: 0, start: 2, end: 99 }]),
      nothing: (x) => slice(x, [{ axis: 0, start: 3, end: 3 }]),
    },
    wrong: [({ f }) => slice(f(3), [{ axis: 0, step: 0 }]), "Slice: a step of 0 never ends"],
  },
  Pad: {
    cases: {
      constant: (x) => pad(x, [0, 1], [3, 2], 1.5),
      reflect: (x) => padWith(x, "reflect", [0, 0, 2, 1], [0, 0, 0, 2]),
      edge: (x) => padWith(x, "edge", [0, 0, 3, 1], [0, 0, 0, 2]),
    },
    wrong: [
      ({ f }) => padWith(f(2, 3), "reflect", [0, 3], [0, 0]),
      'Pad: pads 3 and 0 on axis 1 of [2, 3] are more than "reflect" can take from it, 2',
    ],
  },
};
