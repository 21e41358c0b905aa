// A small evaluator for the constant parts of a model: the integer arithmetic that exporters leave behind to compute
// shapes, and nothing heavier. What it cannot compute stays a node; ONNX Runtime folds it later.
import type { Value } from "../ir/graph.ts";
import { allocate, broadcast, type DType, type Shape, sizeOf, type Tensor } from "../ir/type.ts";

/** More elements than this are weights, not shapes. */
export const FOLD_LIMIT = 1 << 12;

type Rule = (x: readonly Tensor[], out: Value) => Tensor | undefined;

const numbers = (x: Tensor): number[] => Array.from(x.data as ArrayLike<number | bigint>, Number);

function make(dtype: DType, shape: Shape, values: readonly number[]): Tensor {
  const data = allocate(dtype, values.length);
  for (const [i, value] of values.entries()) {
    if (dtype === "int64") (data as BigInt64Array)[i] = BigInt(Math.trunc(value));
    else (data as Float64Array)[i] = value;
  }
  return { dtype, shape, data } as Tensor;
}

/** Flat index into a tensor of shape `from`, broadcast to `to`, for each element of `to`. */
function broadcastIndex(from: Shape, to: Shape): number[] {
  const offset = to.length - from.length;
  return Array.from({ length: sizeOf(to) }, (_, flat) => {
    let rest = flat;
    let index = 0;
    let stride = 1;
    for (let axis = to.length - 1; axis >= 0; axis--) {
      const at = rest % to[axis]!;
      rest = Math.floor(rest / to[axis]!);
      const size = from[axis - offset];
      if (size === undefined) continue;
      if (size !== 1) index += at * stride;
      stride *= size;
    }
    return index;
  });
}

const binary =
  (f: (a: number, b: number, integer: boolean) => number): Rule =>
  ([a, b], out) => {
    const shape = broadcast(a!.shape, b!.shape);
    const [ia, ib] = [broadcastIndex(a!.shape, shape), broadcastIndex(b!.shape, shape)];
    const [na, nb] = [numbers(a!), numbers(b!)];
    const integer = !a!.dtype.startsWith("float");
    return make(
      out.dtype,
      shape,
      ia.map((i, k) => f(na[i]!, nb[ib[k]!]!, integer)),
    );
  };

const unary =
  (f: (a: number) => number): Rule =>
  ([a], out) =>
    make(out.dtype, out.shape, numbers(a!).map(f));

/** y[flat] = x[pick(coordinates)] over the output's shape. */
function pick(x: Tensor, out: Value, source: (at: number[]) => number): Tensor {
  const values = numbers(x);
  const picked = Array.from({ length: sizeOf(out.shape) }, (_, flat) => {
    const at: number[] = [];
    let rest = flat;
    for (let axis = out.shape.length - 1; axis >= 0; axis--) {
      at[axis] = rest % out.shape[axis]!;
      rest = Math.floor(rest / out.shape[axis]!);
    }
    return values[source(at)]!;
  });
  return make(out.dtype, out.shape, picked);
}

const reduced =
  (f: (a: number, b: number) => number, start: number): Rule =>
  ([x], out) => {
    const axes = out.node!.attrs.axes as readonly number[];
    const result = Array<number>(sizeOf(out.shape)).fill(start);
    for (const [flat, value] of numbers(x!).entries()) {
      let rest = flat;
      let index = 0;
      let stride = 1;
      for (let axis = x!.shape.length - 1; axis >= 0; axis--) {
        const size = x!.shape[axis]!;
        if (!axes.includes(axis)) {
          index += (rest % size) * stride;
          stride *= size;
        }
        rest = Math.floor(rest / size);
      }
      result[index] = f(result[index]!, value);
    }
    return make(out.dtype, out.shape, result);
  };

function flatIndex(at: readonly number[], shape: Shape): number {
  return at.reduce((index, i, axis) => index * shape[axis]! + i, 0);
}

const rules: Readonly<Record<string, Rule>> = {
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary((a, b, integer) => (integer ? Math.trunc(a / b) : a / b)),
  Min: binary((a, b) => Math.min(a, b)),
  Max: binary((a, b) => Math.max(a, b)),
  Pow: binary((a, b) => a ** b),
  // Integers: the rest has the sign of b, as Python's; ours of floats has that of a.
  Mod: binary((a, b, integer) => (integer ? a - b * Math.floor(a / b) : a % b)),
  And: binary((a, b) => a & b),
  Or: binary((a, b) => a | b),
  Xor: binary((a, b) => a ^ b),
  GreaterOrEqual: binary((a, b) => Number(a >= b)),
  LessOrEqual: binary((a, b) => Number(a <= b)),
  Equal: binary((a, b) => Number(a === b)),
  Greater: binary((a, b) => Number(a > b)),
  Less: binary((a, b) => Number(a < b)),
  Neg: unary((a) => -a),
  Abs: unary(Math.abs),
  Round: unary((a) => {
    const up = Math.round(a);
    return up - a === 0.5 && up % 2 !== 0 ? up - 1 : up;
  }),
  ReduceSum: reduced((a, b) => a + b, 0),
  ReduceProd: reduced((a, b) => a * b, 1),
  ReduceMax: reduced(Math.max, Number.NEGATIVE_INFINITY),
  ReduceMin: reduced(Math.min, Number.POSITIVE_INFINITY),
  Split: ([x], out) => {
    const { split, axis } = out.node!.attrs as { split: readonly number[]; axis: number };
    const start = split.slice(0, out.index).reduce((a, b) => a + b, 0);
    return pick(x!, out, (at) =>
      flatIndex(
        at.map((i, k) => (k === axis ? i + start : i)),
        x!.shape,
      ),
    );
  },
  Not: unary((a) => 1 - a),
  Sqrt: unary(Math.sqrt),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Cast: unary((a) => a),
  Identity: unary((a) => a),
  Reshape: unary((a) => a),
  Flatten: unary((a) => a),
  Expand: ([x], out) => {
    const index = broadcastIndex(x!.shape, out.shape);
    const values = numbers(x!);
    return make(
      out.dtype,
      out.shape,
      index.map((i) => values[i]!),
    );
  },
  Where: ([c, a, b], out) => {
    const [ic, ia, ib] = [c!, a!, b!].map((x) => broadcastIndex(x.shape, out.shape)) as [number[], number[], number[]];
    const [nc, na, nb] = [numbers(c!), numbers(a!), numbers(b!)];
    return make(
      out.dtype,
      out.shape,
      ic.map((i, k) => (nc[i] ? na[ia[k]!]! : nb[ib[k]!]!)),
    );
  },
  Concat: (xs, out) => {
    const axis = out.node!.attrs.axis as number;
    const starts = [0];
    for (const x of xs) starts.push(starts.at(-1)! + x.shape[axis]!);
    const parts = xs.map(numbers);
    const values = Array.from({ length: sizeOf(out.shape) }, (_, flat) => {
      const inner = sizeOf(out.shape.slice(axis + 1));
      const along = Math.floor(flat / inner) % out.shape[axis]!;
      const outer = Math.floor(flat / (inner * out.shape[axis]!));
      const k = starts.findIndex((start, i) => along >= start && along < (starts[i + 1] ?? 0));
      return parts[k]![(outer * xs[k]!.shape[axis]! + along - starts[k]!) * inner + (flat % inner)]!;
    });
    return make(out.dtype, out.shape, values);
  },
  Gather: ([x, indices], out) => {
    const axis = out.node!.attrs.axis as number;
    const rank = indices!.shape.length;
    const ids = numbers(indices!);
    return pick(x!, out, (at) => {
      const index = ids[flatIndex(at.slice(axis, axis + rank), indices!.shape)]!;
      const wrapped = index < 0 ? index + x!.shape[axis]! : index;
      return flatIndex([...at.slice(0, axis), wrapped, ...at.slice(axis + rank)], x!.shape);
    });
  },
  Slice: ([x], out) => {
    const { starts, axes, steps } = out.node!.attrs as Record<string, readonly number[]>;
    return pick(x!, out, (at) => {
      const from = [...at];
      for (const [i, axis] of axes!.entries()) {
        const size = x!.shape[axis]!;
        const start = starts![i]! < 0 ? starts![i]! + size : starts![i]!;
        from[axis] = Math.max(0, Math.min(start, steps![i]! < 0 ? size - 1 : size)) + at[axis]! * steps![i]!;
      }
      return flatIndex(from, x!.shape);
    });
  },
  Transpose: ([x], out) => {
    const perm = out.node!.attrs.perm as readonly number[];
    return pick(x!, out, (at) =>
      flatIndex(
        perm.map((_, i) => at[perm.indexOf(i)]!),
        x!.shape,
      ),
    );
  },
};

/** The value of a node's output when all its inputs are small constants and it is of a known kind. */
export function foldConstant(output: Value): Tensor | undefined {
  const { node } = output;
  const rule = node ? rules[node.op] : undefined;
  if (!node || !rule || sizeOf(output.shape) > FOLD_LIMIT) return undefined;
  const inputs: Tensor[] = [];
  for (const input of node.inputs) {
    if (!input?.constant || input.constant.data.length > FOLD_LIMIT) return undefined;
    inputs.push(input.constant);
  }
  return rule(inputs, output);
}
