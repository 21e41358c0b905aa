// An ONNX classifier's scores as a function of arrays that are given in place of its stored ones.
import { div, Graph, ModelError, mul, type Node, type OnnxModel, reshape, tensor, type Value } from "@reprise/engine";
import type { FoundArray } from "./onnx-arrays.ts";

export interface LogitsOptions {
  readonly name: string;
  readonly input: string;
  readonly output: string;
  readonly images: Value;
  /** What stands for the arrays, in their order: floats; integers less their zero point where their scale is given too. */
  readonly arrays: readonly Value[];
  readonly found: readonly FoundArray[];
}

/** The model's scores before a last softmax, [N, K]. */
export function logitsOf(model: OnnxModel, { name, input, output, images, arrays, found }: LogitsOptions): Value {
  const { graph } = images;
  // Integers are held by arrays of their dtype while the file is read, and their scaled values put in afterwards.
  const draft = new Graph(graph.operators);
  const holders: Record<string, Value> = {};
  const given = new Map<Value, Value>();
  const integers = new Map<Value, Value>();
  for (const [i, { initializer, dequantized, cast }] of found.entries()) {
    const { dtype, shape } = model.initializers.get(initializer)!;
    holders[initializer] = draft.input(`weight ${initializer}`, dtype, shape);
    (dequantized || cast ? integers : given).set(holders[initializer], arrays[i]!);
  }
  const picture = draft.input("images of the network", images.dtype, images.shape);
  given.set(picture, images);
  let end = model.apply({ [input]: picture }, holders)[output]!;
  while (end.node && /^(Softmax|Identity)$/.test(end.node.op)) end = end.node.inputs[0]!;
  if (end.shape.length !== 2 || end.shape[0] !== images.shape[0] || end.shape[1]! < 2)
    throw new ModelError(
      `${name}: its output "${output}" is [${end.shape.join(", ")}] for ${images.shape[0]} images; expected a row of scores for each, [N, K] with K ≥ 2.`,
    );
  for (const node of nodesBefore(end, draft)) copyNode(node, graph, given, integers);
  return given.get(end)!;
}

/** The nodes that a value depends on, in their order. */
function nodesBefore(end: Value, { nodes }: Graph): Node[] {
  const wanted = new Set<Value>([end]);
  const kept: Node[] = [];
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some((output) => wanted.has(output))) continue;
    kept.unshift(node);
    for (const each of node.inputs) if (each) wanted.add(each);
  }
  return kept;
}

function copyNode(node: Node, graph: Graph, given: Map<Value, Value>, integers: ReadonlyMap<Value, Value>): void {
  const at = (input: Value): Value => {
    const value = given.get(input) ?? graph.constant(input.constant!, input.dtype, input.name);
    given.set(input, value);
    return value;
  };
  const [x, scale, zeroPoint] = node.inputs as readonly [Value, Value, Value | null | undefined];
  const [y] = node.outputs as readonly [Value];
  const whole = integers.get(x);
  const isScaled = /^(Dequantize|Quantize)Linear$/.test(node.op) && !scale.constant;
  if (whole && node.op === "Cast") given.set(y, whole);
  else if (whole && node.op === "DequantizeLinear")
    given.set(y, isScaled ? mul(whole, along(at(scale), x.shape, node.attrs.axis as number)) : whole);
  else if (isScaled) {
    // The scale may change: the node counts in whole numbers, and the scale is a factor beside it.
    const one = graph.constant(tensor("float32", scale.shape, new Float32Array(sizeOf(scale.shape)).fill(1)));
    const factor = along(at(scale), x.shape, node.attrs.axis as number);
    const zero = zeroPoint ? [at(zeroPoint)] : [];
    const into = node.op === "QuantizeLinear" ? div(at(x), factor) : at(x);
    const made = graph.add(node.op, [into, one, ...zero], node.attrs, node.name)[0]!;
    given.set(y, node.op === "QuantizeLinear" ? made : mul(made, factor));
  } else {
    const outputs = graph.add(
      node.op,
      node.inputs.map((input) => (input ? at(input) : null)),
      node.attrs,
      node.name,
    );
    for (const [i, output] of node.outputs.entries()) given.set(output, outputs[i]!);
  }
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** One number, or one for each slice along the axis, in a shape that is broadcast to the array's. */
function along(scale: Value, shape: readonly number[], axis: number): Value {
  if (scale.shape.length === 0) return scale;
  const at = axis < 0 ? axis + shape.length : axis;
  return reshape(
    scale,
    shape.map((_, i) => (i === at ? scale.shape[0]! : 1)),
  );
}
