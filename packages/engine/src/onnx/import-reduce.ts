// Operators of ONNX files that go along axes: reductions, the largest elements, vector norms.
import type { Value } from "../ir/graph.ts";
import { axisOf } from "../ir/type.ts";
import {
  abs,
  argMax,
  cast,
  div,
  equal,
  full,
  log,
  mul,
  oneHot,
  reduceL1,
  reduceL2,
  reshape,
  topK,
  transpose,
  where,
} from "../ops/build.ts";
import { axesOf, type ImportRule, known, number } from "./import-site.ts";

const reductions = ["Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "LogSum", "LogSumExp", "SumSquare"];

/** What is left of a reduction over no axes where that is not the element itself. */
const ofOne: Readonly<Record<string, (x: Value) => Value>> = {
  ReduceL1: abs,
  ReduceL2: abs,
  ReduceLogSum: log,
  ReduceSumSquare: (x) => mul(x, x),
};

/** Axes were an attribute until opset 13 (sum) and 18 (the others); none are all axes, unless that is switched off. */
const reduction =
  (op: string): ImportRule =>
  (site) => {
    const x = site.inputs[0]!;
    const given = axesOf(site, x.shape.length) ?? [];
    if (given.length === 0 && number(site, "noop_with_empty_axes", 0) === 1) return (ofOne[op] ?? ((v) => v))(x);
    // An axis that is named twice is one: a mean divides by its size once.
    const axes = given.length > 0 ? [...new Set(given)] : x.shape.map((_, i) => i);
    const attrs = { axes, keepdims: number(site, "keepdims", 1) };
    if (x.dtype !== "bool") return site.graph.add(op, [x], attrs, site.name);
    // Of no truth values "and" is true and "or" is not.
    if (axes.some((axis) => x.shape[axis] === 0)) {
      const none = site.graph.add(op, [cast(x, "int32")], attrs)[0]!;
      return full(none, op === "ReduceMin" ? 1 : 0, none.shape, "bool");
    }
    // Of truth values "and" and "or" are the smallest and the largest.
    return cast(site.graph.add(op, [cast(x, "int32")], attrs, site.name)[0]!, "bool");
  };

/** x with one axis last, through f, and back. */
function atLast(x: Value, axis: number, f: (moved: Value) => Value): Value {
  const order = [...x.shape.keys()].filter((i) => i !== axis).concat(axis);
  return transpose(
    f(transpose(x, order)),
    order.map((_, i) => order.indexOf(i)),
  );
}

export const reduceRules: Readonly<Record<string, ImportRule>> = {
  ...Object.fromEntries(reductions.map((name) => [`Reduce${name}`, reduction(`Reduce${name}`)])),
  TopK(site) {
    const x = site.inputs[0]!;
    const k = number(site, "k", 0) || known(site.inputs[1], "k")[0]!;
    const { values, indices } = topK(x, k, {
      axis: number(site, "axis", -1),
      largest: number(site, "largest", 1) === 1,
    });
    return [values, indices];
  },
  Hardmax(site) {
    const x = site.inputs[0]!;
    const axis = axisOf(number(site, "axis", site.opset >= 13 ? -1 : 1), x.shape.length);
    const hard = (v: Value): Value => oneHot(argMax(v), v.shape.at(-1)!, v.dtype);
    if (site.opset >= 13) return atLast(x, axis, hard);
    const width = x.shape.slice(axis).reduce((a, b) => a * b, 1);
    return reshape(hard(reshape(x, [-1, width])), x.shape);
  },
  LpNormalization(site) {
    const x = site.inputs[0]!;
    const over = { axes: [axisOf(number(site, "axis", -1), x.shape.length)], keepDims: true };
    const norm = number(site, "p", 2) === 1 ? reduceL1(x, over) : reduceL2(x, over);
    return div(x, where(equal(norm, 0), 1, norm));
  },
};
