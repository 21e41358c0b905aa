// From the engine's graph to what one target runs: composite operators are replaced, types changed where the target
// asks, dead nodes dropped and equal nodes merged.
import { type Attrs, Graph, type Node, type Value } from "../ir/graph.ts";
import { type DType, type Tensor, tensor } from "../ir/type.ts";
import type { OpDef } from "../ops/op.ts";
import type { AttrsOf, OperatorName } from "../ops/table.ts";

/**
 * Builds the outputs of a node in the target's operators, from the already lowered inputs; null: it stays as it is.
 * `A` is what the operator's entry says of its attributes.
 */
export type LoweringRule<A extends Attrs = Attrs> = (
  inputs: readonly Value[],
  attrs: A,
  node: Node,
) => readonly Value[] | Value | null;

/** A rule for each of the engine's operators that the target replaces. */
export type LoweringRules = { readonly [Op in OperatorName]?: LoweringRule<AttrsOf<Op>> };

export interface Target {
  readonly name: string;
  readonly rules: LoweringRules;
  /** Rules of operators of other domains, which other rules bring in. */
  readonly ownRules?: Readonly<Record<string, LoweringRule>>;
  /** Operators that only this target has, of domains of its own; rules may use them. */
  readonly operators?: Readonly<Record<string, OpDef>>;
  /** The float that the target computes in. */
  readonly float: "float32" | "float64";
}

/**
 * A graph for a target, with the same inputs and outputs under the same names.
 *
 * @throws Error when an operator of ours has no lowering for the target
 */
export function lower(graph: Graph, target: Target): Graph {
  const operators = { ...graph.operators, ...target.operators };
  let pass = rebuild(graph, target, { convert: true, operators });
  while (pass.replaced > 0) pass = rebuild(pass.graph, target);
  return simplify(pass.graph);
}

/** Dead nodes dropped, equal nodes merged. */
export const simplify = (graph: Graph): Graph =>
  rebuild(graph, { name: "", rules: {}, float: "float32" }, { merge: true }).graph;

/** A copy of the live part of a graph with the target's rules applied once, and how many nodes they replaced. */
function rebuild(
  graph: Graph,
  target: Target,
  { convert = false, merge = false, operators = graph.operators } = {},
): { graph: Graph; replaced: number } {
  const out = new Graph(operators);
  let replaced = 0;
  const map = new Map<Value, Value>();
  const known = new Map<string, readonly Value[]>();
  const ids = new Map<Value, number>();
  const idOf = (value: Value): number => {
    const id = ids.get(value) ?? ids.size;
    ids.set(value, id);
    return id;
  };
  const dtypeOf = (dtype: DType): DType => (convert && dtype === "float32" ? target.float : dtype);
  const find = (value: Value): Value => {
    let found = map.get(value);
    if (!found) {
      // Inputs are mapped up front, so this is a constant.
      const data = value.constant as Tensor;
      const to = dtypeOf(data.dtype);
      const changed = to === data.dtype ? data : tensor(to, data.shape, data.data as ArrayLike<number>);
      found = shared(out, changed, value.name);
      map.set(value, found);
    }
    return found;
  };
  const small = new Map<string, Value>();
  const shared = (to: Graph, data: Tensor, name: string | undefined): Value => {
    // A constant with a name is one the user wants to find again: it stays apart from its equals.
    if (data.data.length > 64 || name !== undefined) return to.constant(data, data.dtype, name);
    const key = `${data.dtype} ${data.shape} ${Array.from(data.data as ArrayLike<number>, keyOf)}`;
    const value = small.get(key) ?? to.constant(data, data.dtype, name);
    small.set(key, value);
    return value;
  };
  for (const input of graph.inputs) map.set(input, out.input(input.name!, dtypeOf(input.dtype), input.shape));
  for (const node of live(graph)) {
    const inputs = node.inputs.map((input) => (input ? find(input) : null));
    // A node's attributes are those that its operator's entry has checked, so they are the ones its rule takes.
    const rule = (target.rules[node.op as OperatorName] ?? target.ownRules?.[node.op]) as
      | LoweringRule<never>
      | undefined;
    const attrs = node.op === "Cast" ? { ...node.attrs, to: dtypeOf(node.attrs.to as DType) } : node.attrs;
    let made: readonly Value[];
    const result = rule?.(inputs as Value[], attrs as never, node);
    if (result) {
      replaced++;
      made = Array.isArray(result) ? (result as readonly Value[]) : [result as Value];
    } else {
      const key = merge ? `${node.op} ${inputs.map((x) => (x ? idOf(x) : "-"))} ${keyOfAttrs(attrs)}` : "";
      made = (merge && known.get(key)) || out.add(node.op, inputs, attrs, node.name);
      if (merge) known.set(key, made);
    }
    for (const [i, output] of node.outputs.entries()) {
      if (made[i]) map.set(output, made[i]);
    }
  }
  for (const [name, value] of graph.outputs) out.output(name, find(value));
  return { graph: out, replaced };
}

const keyOf = (x: number): string => (Object.is(x, -0) ? "-0" : String(x));

function keyOfAttrs(attrs: Attrs): string {
  return JSON.stringify(attrs, (_, value) =>
    typeof value === "bigint" ? `${value}n` : ArrayBuffer.isView(value) ? Array.from(value as Uint8Array) : value,
  );
}

/** The nodes that some output needs, in order. */
export function live(graph: Graph): Node[] {
  const needed = new Set<Node>();
  const stack = [...graph.outputs.values()].flatMap(({ node }) => node ?? []);
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (needed.has(node)) continue;
    needed.add(node);
    for (const input of node.inputs) if (input?.node) stack.push(input.node);
  }
  return graph.nodes.filter((node) => needed.has(node));
}
