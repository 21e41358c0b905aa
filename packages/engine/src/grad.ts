// The reverse sweep. Every gradient is built from public operators, so it can be differentiated again.
import type { Graph, Node, Value } from "./ir/graph.ts";
import { type DType, formatType, isFloat, ShapeError, sameShape } from "./ir/type.ts";
import { add, full, sumTo } from "./ops/build.ts";
import type { GradientSite, OpDef } from "./ops/op.ts";

export interface GradientOptions {
  /** dL/dy in y's shape; 1 when y is a scalar. */
  readonly dy?: Value;
}

/**
 * Gradients of y in each of `wrt`, as new nodes of the same graph. A value that y does not depend on gets zeros.
 *
 * @example
 * const f = compile(nodeRuntime(), ({ x }) => ({ dx: gradient(reduceSum(mul(x, x)), [x])[0] }));
 * const { dx } = await f.run({ x: tensor("float32", [2], [3, 4]) }); // dx.data: 6, 8
 *
 * @param y    the value to differentiate, a scalar unless `dy` is given
 * @throws ShapeError when y is not a scalar and there is no dy, or dy has another shape
 * @throws Error      naming the operator, when one on the way has no gradient
 */
export function gradient(y: Value, wrt: readonly Value[], { dy }: GradientOptions = {}): Value[] {
  const { graph } = y;
  if (!isFloat(y.dtype)) throw new ShapeError(`gradient: the result is ${formatType(y)}; only floats have gradients`);
  if (!dy && y.shape.length > 0) {
    throw new ShapeError(`gradient: the result is ${formatType(y)}, not a scalar; sum it or give dy in its shape`);
  }
  if (dy && !sameShape(dy.shape, y.shape)) {
    throw new ShapeError(
      `gradient: dy is ${formatType(dy)}, the result is ${formatType(y)}; their shapes must be equal`,
    );
  }
  const depends = dependents(graph, wrt);
  const gradients = new Map<Value, Value>([[y, dy ?? graph.constant(1, y.dtype)]]);
  // The rules add nodes while the sweep runs; only those that stood before are visited.
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((output) => gradients.has(output) && depends.has(output))) continue;
    for (const [i, dx] of differentiate(node, gradients, depends).entries()) {
      const x = node.inputs[i];
      if (!x || !dx || !depends.has(x)) continue;
      const known = gradients.get(x);
      const summed = sumTo(dx, x.shape);
      gradients.set(x, known ? add(known, summed) : summed);
    }
  }
  return wrt.map((x) => gradients.get(x) ?? full(x, 0));
}

function differentiate(
  node: Node,
  gradients: ReadonlyMap<Value, Value>,
  depends: ReadonlySet<Value>,
): readonly (Value | null)[] {
  const { grad } = node.outputs[0]!.graph.operators[node.op] as OpDef;
  if (grad === "none") {
    throw new Error(
      `gradient: ${node.op}${node.name ? ` "${node.name}"` : ""} has no gradient, and the result depends on it`,
    );
  }
  const dys = node.outputs.map((output) => gradients.get(output) ?? null);
  const first = node.outputs[0]!;
  return grad({
    x: node.inputs as unknown as GradientSite<never>["x"],
    y: node.outputs as unknown as GradientSite<never>["y"],
    dy: dys[0] ?? full(first, 0),
    dys,
    attrs: node.attrs,
    need: node.inputs.map((x) => x !== null && depends.has(x)),
  });
}

/** Floats, and the 8-bit integers of quantised numbers, whose gradients are floats. */
const carries = (dtype: DType): boolean => isFloat(dtype) || dtype === "int8" || dtype === "uint8";

/** The float values that depend on any of the sources, through operators that carry floats. */
function dependents(graph: Graph, sources: readonly Value[]): Set<Value> {
  const found = new Set(sources);
  for (const node of graph.nodes) {
    if (node.op === "StopGradient") continue;
    if (!node.inputs.some((x) => x !== null && found.has(x))) continue;
    // A comparison or an argmax of a differentiable value is a constant to the gradient, not an error.
    for (const output of node.outputs) if (carries(output.dtype)) found.add(output);
  }
  return found;
}
