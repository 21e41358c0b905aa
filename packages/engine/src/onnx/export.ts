// Graph → ONNX model. The name and attributes of a node of ours are those of the ONNX node.
import type { Graph, Value } from "../ir/graph.ts";
import { type DType, sizeOf, type Tensor, tensor } from "../ir/type.ts";
import type { OpDef } from "../ops/op.ts";
import { type AttributeValue, codeOf, writeNode, writeTensor, writeValueInfo } from "./schema.ts";
import { MessageWriter } from "./wire.ts";

export interface ExportOptions {
  /** Name of the graph, shown by model viewers. */
  readonly name?: string;
  /** Key–value pairs kept in the file, e.g. the command that made it. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Names for dimensions that may vary at run time, by input or output: `{ x: ["N"] }` leaves axis 0 of x open. */
  readonly dynamic?: Readonly<Record<string, readonly (string | null)[]>>;
}

const OPSET = 17;
const IR_VERSION = 8;

/**
 * A graph as the bytes of an ONNX model, opset 17.
 *
 * @throws Error when an operator of ours has not been lowered
 */
export function exportOnnx(
  graph: Graph,
  { name = "reprise", metadata = {}, dynamic = {} }: ExportOptions = {},
): Uint8Array {
  const names = new Map<Value, string>();
  const taken = new Set<string>([...graph.inputs.map((input) => input.name!), ...graph.outputs.keys()]);
  const labels = new Set<string>();
  const fresh = (base: string, among = taken): string => {
    let free = base;
    for (let i = 1; among.has(free); i++) free = `${base}_${i}`;
    among.add(free);
    return free;
  };
  const nodes: MessageWriter[] = [];
  const initializers: MessageWriter[] = [];
  const write = (
    node: { op: string; domain?: string | undefined; name: string; inputs: string[]; outputs: string[] },
    attributes: [string, AttributeValue][] = [],
    floats: readonly string[] = [],
  ) => nodes.push(writeNode({ ...node, domain: node.domain ?? "", attributes: new Map(attributes) }, floats));
  const stored = (data: Tensor, base: string): string => {
    const key = fresh(base);
    initializers.push(writeTensor(key, data));
    return key;
  };
  const nameOf = (value: Value): string => {
    const known = names.get(value);
    if (known !== undefined) return known;
    // Values of nodes are named when their node is written, inputs at the start: this is a constant.
    const key = stored(value.constant!, value.name ?? "constant");
    names.set(value, key);
    return key;
  };
  /** What was found, then −1, cut at the value's shape. */
  const pad = ({ dtype, shape }: Value, axis: number, found: string, name: string) => {
    const fill = stored(tensor(dtype, shape, Array(sizeOf(shape)).fill(-1)), "nothing");
    const both = fresh(`${found}_and_nothing`);
    write({ op: "Concat", name: fresh(both, labels), inputs: [found, fill], outputs: [both] }, [["axis", axis]]);
    const [starts, ends, axes] = [0, shape[axis]!, axis].map((n) => stored(tensor("int64", [1], [n]), "bound"));
    const inputs = [both, starts!, ends!, axes!];
    write({ op: "Slice", name: fresh(`${name}_cut`, labels), inputs, outputs: [name] });
  };
  for (const input of graph.inputs) names.set(input, input.name!);
  const wanted = new Map<Value, string>();
  for (const [key, value] of graph.outputs) if (value.node && !wanted.has(value)) wanted.set(value, key);
  const used = new Set<Value | null>(graph.nodes.flatMap(({ inputs }) => inputs));
  for (const [i, node] of graph.nodes.entries()) {
    const def = graph.operators[node.op] as OpDef;
    if (def.since === null) throw new Error(`export: ${node.op} is not an ONNX operator; lower the graph first`);
    const inputs = node.inputs.map((input) => (input ? nameOf(input) : ""));
    const attributes: [string, AttributeValue][] = [];
    for (const [key, value] of Object.entries(node.attrs)) {
      if (value === undefined) continue;
      const place = def.asInputs?.[key];
      if (!place) attributes.push([key, key === "to" ? codeOf(value as DType) : (value as AttributeValue)]);
      else {
        while (inputs.length < place.at) inputs.push("");
        inputs[place.at] = stored(
          constantOf(value as number | readonly number[], place.dtype === "like" ? node.inputs[0]!.dtype : place.dtype),
          `${key}_${i}`,
        );
      }
    }
    const outputs = node.outputs.map((output, k) => {
      if (k >= (def.optionalFrom ?? node.outputs.length) && !wanted.has(output) && !used.has(output)) return "";
      const key = wanted.get(output) ?? fresh(`${node.op}_${i}${k > 0 ? `_${k}` : ""}`);
      names.set(output, key);
      return key;
    });
    while (outputs.at(-1) === "") outputs.pop();
    const padded = def.padded === undefined ? undefined : outputs[0]!;
    if (padded) outputs[0] = fresh(`${padded}_found`);
    write(
      {
        op: spelling(node.op, def),
        domain: def.domain,
        name: fresh(node.name ?? `${node.op}_${i}`, labels),
        inputs,
        outputs,
      },
      attributes,
      def.floats,
    );
    if (padded) pad(node.outputs[0]!, def.padded!, outputs[0]!, padded);
  }
  // An output that is an input, a constant, or another output as well needs a node of its own.
  for (const [key, value] of graph.outputs) {
    if (wanted.get(value) !== key)
      write({ op: "Identity", name: fresh(`output_${key}`, labels), inputs: [nameOf(value)], outputs: [key] });
  }
  const info = (key: string, { dtype, shape }: Value) =>
    writeValueInfo({ name: key, dtype, shape: shape.map((dim, i) => dynamic[key]?.[i] ?? dim) });
  const body = new MessageWriter();
  for (const node of nodes) body.message(1, node);
  body.string(2, name);
  for (const initializer of initializers) body.message(5, initializer);
  for (const input of graph.inputs) body.message(11, info(input.name!, input));
  for (const [key, value] of graph.outputs) body.message(12, info(key, value));
  const model = new MessageWriter().int(1, IR_VERSION).string(2, "reprise").message(7, body);
  model.message(8, new MessageWriter().string(1, "").int(2, OPSET));
  const domains = new Set(graph.nodes.flatMap(({ op }) => (graph.operators[op] as OpDef).domain ?? []));
  for (const domain of domains) model.message(8, new MessageWriter().string(1, domain).int(2, 1));
  for (const [key, value] of Object.entries(metadata))
    model.message(14, new MessageWriter().string(1, key).string(2, value));
  if (model.length > 0x7fffffff) {
    throw new Error(
      `export: the model would have ${model.length} bytes; an ONNX file holds at most 2 GB, and weights in files beside it are only read`,
    );
  }
  return model.finish();
}

const spelling = (op: string, { domain }: OpDef): string => (domain ? op.slice(domain.length + 1) : op);

function constantOf(value: number | readonly number[], dtype: DType): Tensor {
  return typeof value === "number" ? tensor(dtype, [], [value]) : tensor(dtype, [value.length], value);
}
