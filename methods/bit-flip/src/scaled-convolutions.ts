// Convolutions that are followed by one factor and one summand for each channel, as batch normalisation is. Multiplied
// into the weights once, they cost nothing for each candidate; ONNX Runtime would do it for every copy of the node.
import type { Graph, Node, Value } from "@reprise/engine";

/** A convolution and what its result goes through. */
export interface ScaledConvolution {
  readonly conv: Node;
  /** [K, 1, …] or [1, K, 1, …], none where there is only a summand. */
  readonly scale: Value | undefined;
  readonly shift: Value | undefined;
  /** In place of both: a BatchNormalization by stored statistics. */
  readonly norm?: Node;
}

export interface ScaledConvolutions {
  /** By the last of their nodes, whose result they give. */
  readonly byLast: ReadonlyMap<Node, ScaledConvolution>;
  /** Nodes that are then left out. */
  readonly merged: ReadonlySet<Node>;
  /** How many nodes read a value. */
  readonly readersOf: (value: Value) => number;
}

/** @param images  the value that rows belong to; what does not depend on it is the same for all of them */
export function scaledConvolutions({ nodes, outputs }: Graph, images: Value): ScaledConvolutions {
  const moving = new Set<Value>([images]);
  const readers = new Map<Value, Node[]>();
  for (const node of nodes)
    for (const input of node.inputs) if (input) readers.set(input, [...(readers.get(input) ?? []), node]);
  for (const node of nodes)
    if (node.inputs.some((input) => input && moving.has(input))) for (const output of node.outputs) moving.add(output);
  const results = new Set(outputs.values());
  /** The other operand of the only reader, where that is such an operator on channels. */
  const next = (value: Value, op: "Mul" | "Add"): { node: Node; operand: Value } | undefined => {
    const [node, ...others] = readers.get(value) ?? [];
    if (!node || others.length > 0 || node.op !== op || results.has(value)) return undefined;
    const operand = node.inputs.find((input) => input !== value);
    return operand && !moving.has(operand) && isPerChannel(operand, value) ? { node, operand } : undefined;
  };
  const normOf = (value: Value): Node | undefined => {
    const [node, ...others] = readers.get(value) ?? [];
    if (node?.op !== "BatchNormalization" || others.length > 0 || results.has(value)) return undefined;
    return node.inputs[0] === value && node.inputs.slice(1).every((input) => !moving.has(input!)) ? node : undefined;
  };
  const byLast = new Map<Node, ScaledConvolution>();
  const merged = new Set<Node>();
  for (const conv of nodes) {
    if (conv.op !== "Conv" || moving.has(conv.inputs[1]!)) continue;
    const norm = normOf(conv.outputs[0]!);
    if (norm) {
      byLast.set(norm, { conv, scale: undefined, shift: undefined, norm });
      merged.add(conv);
      continue;
    }
    const scale = next(conv.outputs[0]!, "Mul");
    const shift = next(scale?.node.outputs[0] ?? conv.outputs[0]!, "Add");
    const last = shift ?? scale;
    if (!last) continue;
    byLast.set(last.node, { conv, scale: scale?.operand, shift: shift?.operand });
    merged.add(conv);
    if (scale && shift) merged.add(scale.node);
  }
  return { byLast, merged, readersOf: (value) => readers.get(value)?.length ?? 0 };
}

function isPerChannel({ shape }: Value, { shape: result }: Value): boolean {
  const axis = shape.length - result.length + 1;
  return axis >= 0 && shape.every((dim, i) => dim === (i === axis ? result[1] : 1));
}
