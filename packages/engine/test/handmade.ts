// Models of a few nodes, written field by field: x float32 [3] in, y out.
import type { Tensor } from "../src/index.ts";
import { writeTensor } from "../src/onnx/schema.ts";
import { MessageWriter } from "../src/onnx/wire.ts";

type Attribute =
  | number
  | string
  | readonly number[]
  | Tensor
  | MessageWriter
  | { readonly reference: string }
  | { readonly float: number }
  | { readonly floats: readonly number[] };

export interface HandmadeNode {
  readonly op: string;
  readonly name?: string;
  readonly inputs?: readonly string[];
  readonly outputs: readonly string[];
  readonly domain?: string;
  /** Integers, lists of them, floats, lists of them, texts, tensors, graphs, and references to a function's attributes, by name. */
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

export function nodeProto({ op, name = "", inputs = [], outputs, domain = "", attributes = {} }: HandmadeNode) {
  const node = new MessageWriter();
  for (const input of inputs) node.string(1, input);
  for (const output of outputs) node.string(2, output);
  node.string(3, name).string(4, op).string(7, domain);
  for (const [key, value] of Object.entries(attributes)) node.message(5, attributeProto(key, value));
  return node;
}

function attributeProto(key: string, value: Attribute): MessageWriter {
  const out = new MessageWriter().string(1, key);
  if (typeof value === "number") return out.int(3, value).int(20, 2);
  if (typeof value === "string") return out.string(4, value).int(20, 3);
  if (value instanceof MessageWriter) return out.message(6, value).int(20, 5);
  if ("float" in value) return out.float(2, value.float).int(20, 1);
  if ("floats" in value) {
    for (const item of value.floats) out.float(7, item);
    return out.int(20, 6);
  }
  if ("reference" in value) return out.int(20, 2).string(21, value.reference);
  if ("dtype" in value) return out.message(5, writeTensor("", value)).int(20, 4);
  for (const item of value) out.int(8, item);
  return out.int(20, 7);
}

export interface HandmadeFunction {
  readonly name: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly HandmadeNode[];
  readonly opset?: number;
  /** Attributes without a default. */
  readonly attributes?: readonly string[];
  readonly defaults?: Readonly<Record<string, number>>;
}

function functionProto(made: HandmadeFunction): MessageWriter {
  const { name, domain, inputs, outputs, nodes, opset = 17, attributes = [], defaults = {} } = made;
  const out = new MessageWriter().string(1, name);
  for (const input of inputs) out.string(4, input);
  for (const output of outputs) out.string(5, output);
  for (const attribute of attributes) out.string(6, attribute);
  for (const node of nodes) out.message(7, nodeProto(node));
  out.message(9, new MessageWriter().string(1, "").int(2, opset));
  for (const imported of new Set(nodes.flatMap((node) => node.domain ?? []))) {
    out.message(9, new MessageWriter().string(1, imported).int(2, 1));
  }
  out.string(10, domain);
  for (const [key, value] of Object.entries(defaults)) out.message(11, attributeProto(key, value));
  return out;
}

export const tensorInfo = (name: string, size: number | readonly number[] = 3, code = 1): MessageWriter => {
  const dims = new MessageWriter();
  for (const dim of [size].flat()) dims.message(1, new MessageWriter().int(1, dim));
  const type = new MessageWriter().message(1, new MessageWriter().int(1, code).message(2, dims));
  return new MessageWriter().string(1, name).message(2, type);
};

/** A tensor of any shape, of float32 unless another type is said by its number. */
const typeOnly = (name: string, code = 1): MessageWriter =>
  new MessageWriter().string(1, name).message(2, new MessageWriter().message(1, new MessageWriter().int(1, code)));

/** A graph without inputs of its own, as the branch of an If has. */
export function branchProto(nodes: readonly HandmadeNode[], output: string): MessageWriter {
  const graph = new MessageWriter().string(2, "branch");
  for (const node of nodes) graph.message(1, nodeProto(node));
  return graph.message(12, tensorInfo(output));
}

export function handmade(
  nodes: readonly HandmadeNode[],
  {
    opset = 17,
    domain = "",
    input = tensorInfo("x"),
    outputs = ["y"] as readonly (string | readonly [name: string, code: number])[],
    functions = [] as readonly HandmadeFunction[],
  } = {},
): Uint8Array {
  const graph = new MessageWriter();
  for (const node of nodes) graph.message(1, nodeProto(node));
  graph.message(11, input);
  for (const output of outputs) graph.message(12, typeof output === "string" ? typeOnly(output) : typeOnly(...output));
  const model = new MessageWriter()
    .int(1, 9)
    .message(7, graph)
    .message(8, new MessageWriter().string(1, domain).int(2, opset));
  for (const other of new Set(functions.map((made) => made.domain))) {
    model.message(8, new MessageWriter().string(1, other).int(2, 1));
  }
  for (const made of functions) model.message(25, functionProto(made));
  return model.finish();
}
