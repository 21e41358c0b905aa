// A small evaluator for the constant parts of a model: the arithmetic that exporters leave behind to compute shapes, and
// nothing heavier. It gives the very numbers that ONNX Runtime's kernels give, for each dtype, or nothing: what it does not
// fold stays a node, which ONNX Runtime computes.
import type { Value } from "../ir/graph.ts";
import { type Shape, sizeOf, type Tensor } from "../ir/type.ts";
import { arithmetic } from "./fold-arithmetic.ts";
import { broadcastIndex, elementsOf, type FoldRule, tensorOf } from "./fold-element.ts";

/** More elements than this are weights, not shapes. */
export const FOLD_LIMIT = 1 << 12;

/** y[flat] = x[pick(coordinates)] over the output's shape. */
function pick(x: Tensor, out: Value, source: (at: number[]) => number): Tensor {
  const values = elementsOf(x);
  const picked = Array.from({ length: sizeOf(out.shape) }, (_, flat) => {
    const at: number[] = [];
    let rest = flat;
    for (let axis = out.shape.length - 1; axis >= 0; axis--) {
      at[axis] = rest % out.shape[axis]!;
      rest = Math.floor(rest / out.shape[axis]!);
    }
    return values[source(at)]!;
  });
  return tensorOf(out, picked);
}

function flatIndex(at: readonly number[], shape: Shape): number {
  return at.reduce((index, i, axis) => index * shape[axis]! + i, 0);
}

/** The same elements, in another shape perhaps. */
const same: FoldRule = ([x], out) => ({ ...x!, shape: out.shape }) as Tensor;

const rules: Readonly<Record<string, FoldRule>> = {
  ...arithmetic,
  Identity: same,
  Reshape: same,
  Flatten: same,
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
  Expand: ([x], out) => {
    const index = broadcastIndex(x!.shape, out.shape);
    const values = elementsOf(x!);
    return tensorOf(
      out,
      index.map((i) => values[i]!),
    );
  },
  Where: ([c, a, b], out) => {
    const [ic, ia, ib] = [c!, a!, b!].map((x) => broadcastIndex(x.shape, out.shape)) as [number[], number[], number[]];
    const [nc, na, nb] = [elementsOf(c!), elementsOf(a!), elementsOf(b!)];
    return tensorOf(
      out,
      ic.map((i, k) => (nc[i] ? na[ia[k]!]! : nb[ib[k]!]!)),
    );
  },
  Concat: (xs, out) => {
    const axis = out.node!.attrs.axis as number;
    const starts = [0];
    for (const x of xs) starts.push(starts.at(-1)! + x.shape[axis]!);
    const parts = xs.map(elementsOf);
    const values = Array.from({ length: sizeOf(out.shape) }, (_, flat) => {
      const inner = sizeOf(out.shape.slice(axis + 1));
      const along = Math.floor(flat / inner) % out.shape[axis]!;
      const outer = Math.floor(flat / (inner * out.shape[axis]!));
      const k = starts.findIndex((start, i) => along >= start && along < (starts[i + 1] ?? 0));
      return parts[k]![(outer * xs[k]!.shape[axis]! + along - starts[k]!) * inner + (flat % inner)]!;
    });
    return tensorOf(out, values);
  },
  Gather: ([x, indices], out) => {
    const axis = out.node!.attrs.axis as number;
    const rank = indices!.shape.length;
    const ids = elementsOf(indices!).map(Number);
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

/** The operators that are folded, for tests of each. */
export const foldedOperators: readonly string[] = Object.keys(rules);
