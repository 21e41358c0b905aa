// Models of a few nodes, written field by field: x float32 [3] in, y out.
import type { Tensor } from "../src/index.ts";
import { writeTensor } from "../src/onnx/schema.ts";
import { MessageWriter } from "../src/onnx/wire.ts";

export interface HandmadeNode {
  readonly op: string;
  readonly name?: string;
  readonly inputs?: readonly string[];
  readonly outputs: readonly string[];
  readonly domain?: string;
  /** Integers, tensors, and graphs, by name. */
  readonly attributes?: Readonly<Record<string, number | Tensor | MessageWriter>>;
}

export function nodeProto({ op, name = "", inputs = [], outputs, domain = "", attributes = {} }: HandmadeNode) {
  const node = new MessageWriter();
  for (const input of inputs) node.string(1, input);
  for (const output of outputs) node.string(2, output);
  node.string(3, name).string(4, op).string(7, domain);
  for (const [key, value] of Object.entries(attributes)) {
    const out = new MessageWriter().string(1, key);
    if (typeof value === "number") out.int(3, value).int(20, 2);
    else if (value instanceof MessageWriter) out.message(6, value).int(20, 5);
    else out.message(5, writeTensor("", value)).int(20, 4);
    node.message(5, out);
  }
  return node;
}

export const tensorInfo = (name: string, size = 3, code = 1): MessageWriter => {
  const dims = new MessageWriter().message(1, new MessageWriter().int(1, size));
  const type = new MessageWriter().message(1, new MessageWriter().int(1, code).message(2, dims));
  return new MessageWriter().string(1, name).message(2, type);
};

/** A graph without inputs of its own, as the branch of an If has. */
export function branchProto(nodes: readonly HandmadeNode[], output: string): MessageWriter {
  const graph = new MessageWriter();
  for (const node of nodes) graph.message(1, nodeProto(node));
  return graph.message(12, tensorInfo(output));
}

export function handmade(
  nodes: readonly HandmadeNode[],
  { opset = 17, domain = "", input = tensorInfo("x"), outputs = ["y"] } = {},
): Uint8Array {
  const graph = new MessageWriter();
  for (const node of nodes) graph.message(1, nodeProto(node));
  graph.message(11, input);
  for (const output of outputs) graph.message(12, tensorInfo(output));
  return new MessageWriter()
    .int(1, 8)
    .message(7, graph)
    .message(8, new MessageWriter().string(1, domain).int(2, opset))
    .finish();
}
