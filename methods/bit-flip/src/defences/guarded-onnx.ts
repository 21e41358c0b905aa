// Defences that stand in the model's graph: between a layer's stored integers and the layer, nodes bring what memory gives
// back into what it can have been. They need no training and see every flip, also one that was made while the model ran.
import {
  type Field,
  fieldsOf,
  MessageWriter,
  ModelError,
  type Tensor,
  textOf,
  writeNode,
  writeTensor,
} from "@reprise/engine";
import { type MemoryLayer, weightOf } from "../memory.ts";
import { copy, graph, model, nameOf, opsetOf } from "../onnx-file.ts";
import type { OnnxNetwork } from "../onnx-network.ts";

/** Which nodes guard the weights. */
export type Guard =
  /** Weights outside the range that their output channel had are brought to its ends. */
  | { readonly kind: "clipping" }
  /**
   * Weight reconstruction (Li et al., DAC 2020): a weight is the mean of its group, as memory gives it now, and its own
   * deviation, limited. A flip reaches all weights of its group a little, in place of one a lot.
   */
  | {
      readonly kind: "reconstruction";
      /** Weights of a group; as many as divide a channel's where it does not. */
      readonly group: number;
      /** Standard deviations of a layer's deviations that one may have. */
      readonly limit: number;
    };

export interface GuardedOnnx {
  readonly bytes: Uint8Array;
  /** Layers that have no guard, each with the reason. */
  readonly left: readonly { readonly layer: string; readonly reason: string }[];
}

/**
 * The quantised file with a guard before each layer.
 *
 * @throws ModelError where no layer can have one
 */
export function guardedOnnx(
  file: Uint8Array,
  network: OnnxNetwork,
  guard: Guard,
  { name = "model" }: { readonly name?: string } = {},
): GuardedOnnx {
  const opset = opsetOf(file);
  const guards = new Map<string, Part>();
  const left: { layer: string; reason: string }[] = [];
  for (const [i, layer] of network.layers.entries()) {
    if (layer.bits === 1) left.push({ layer: layer.name, reason: "weights of one bit are at the ends of their range" });
    else
      guards.set(
        network.initializers[i]!,
        guard.kind === "clipping" ? clipping(layer, network.outputAxes[i]!) : reconstruction(layer, guard, opset),
      );
  }
  const used = new Set<string>();
  const out = new MessageWriter();
  for (const field of fieldsOf(file)) {
    if (field.id !== model.graph) {
      copy(out, field);
      continue;
    }
    const body = new MessageWriter();
    for (const part of fieldsOf(field.bytes)) {
      const key = part.id === graph.node ? readBy(part, guards) : undefined;
      if (key === undefined) {
        copy(body, part);
        continue;
      }
      used.add(key);
      insert(body, part, guards.get(key)!);
    }
    for (const key of used)
      for (const [suffix, array] of Object.entries(guards.get(key)!.arrays))
        body.message(graph.initializer, writeTensor(`${key}_${suffix}`, array));
    out.message(model.graph, body);
  }
  for (const [i, key] of network.initializers.entries())
    if (guards.has(key) && !used.has(key))
      left.push({
        layer: network.layers[i]!.name,
        reason: "its operator reads the integers itself, without DequantizeLinear",
      });
  if (used.size === 0)
    throw new ModelError(
      `${name}: no layer can be guarded. ${left.map(({ layer, reason }) => `${layer}: ${reason}`).join("; ")}`,
    );
  return { bytes: out.finish(), left };
}

/** Nodes from "stored" to "out" by names local to the layer, and the arrays that they take. */
interface Part {
  readonly nodes: readonly {
    readonly op: string;
    readonly inputs: readonly string[];
    readonly output: string;
    readonly attributes?: ReadonlyMap<string, number | readonly number[]>;
  }[];
  readonly arrays: Readonly<Record<string, Tensor>>;
}

function clipping(layer: MemoryLayer, axis: number): Part {
  const { shape, values } = layer;
  const channels = shape[axis]!;
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const [lowest, highest] = [new Float32Array(channels).fill(Infinity), new Float32Array(channels).fill(-Infinity)];
  for (const [index, value] of values.entries()) {
    const [c, w] = [Math.floor(index / inner) % channels, weightOf(layer, index, value)];
    lowest[c] = Math.min(lowest[c]!, w);
    highest[c] = Math.max(highest[c]!, w);
  }
  const along = shape.map((dim, i) => (i === axis ? dim : 1));
  return {
    nodes: [
      { op: "Max", inputs: ["stored", "lowest"], output: "raised" },
      { op: "Min", inputs: ["raised", "highest"], output: "out" },
    ],
    arrays: {
      lowest: { dtype: "float32", shape: along, data: lowest },
      highest: { dtype: "float32", shape: along, data: highest },
    },
  };
}

function reconstruction(layer: MemoryLayer, { group, limit }: Guard & { kind: "reconstruction" }, opset: number): Part {
  const { shape, values } = layer;
  const each = values.length / shape[0]!;
  let size = Math.min(group, each);
  while (each % size !== 0) size--;
  const weights = Float32Array.from(values, (value, index) => weightOf(layer, index, value));
  let [squares, largest] = [0, 0];
  for (let at = 0; at < weights.length; at += size) {
    const members = weights.subarray(at, at + size);
    const mean = members.reduce((a, b) => a + b, 0) / size;
    for (const w of members) {
      squares += (w - mean) ** 2;
      largest = Math.max(largest, Math.abs(w - mean));
    }
  }
  const most = Math.min(largest, limit * Math.sqrt(squares / weights.length));
  const number = (value: number): Tensor => ({ dtype: "float32", shape: [], data: Float32Array.of(value) });
  const integers = (...list: number[]): Tensor => ({
    ...{ dtype: "int64", shape: [list.length] },
    data: BigInt64Array.from(list, BigInt),
  });
  const asInput = opset >= 18;
  return {
    nodes: [
      { op: "Reshape", inputs: ["stored", "groups"], output: "grouped" },
      {
        ...{ op: "ReduceMean", inputs: ["grouped", ...(asInput ? ["axis"] : [])], output: "mean" },
        attributes: new Map<string, number | readonly number[]>([
          ["keepdims", 1],
          ...(asInput ? [] : [["axes", [1]] as const]),
        ]),
      },
      { op: "Sub", inputs: ["grouped", "mean"], output: "deviation" },
      { op: "Max", inputs: ["deviation", "least"], output: "raised" },
      { op: "Min", inputs: ["raised", "most"], output: "limited" },
      { op: "Add", inputs: ["mean", "limited"], output: "rebuilt" },
      { op: "Reshape", inputs: ["rebuilt", "shape"], output: "out" },
    ],
    arrays: {
      groups: integers(weights.length / size, size),
      shape: integers(...shape),
      least: number(-most),
      most: number(most),
      ...(asInput ? { axis: integers(1) } : {}),
    },
  };
}

/** The array with a guard that a DequantizeLinear reads. */
function readBy({ bytes }: Field, guards: ReadonlyMap<string, Part>): string | undefined {
  if (nameOf(bytes, 4) !== "DequantizeLinear") return undefined;
  const first = nameOf(bytes, 1);
  return guards.has(first) ? first : undefined;
}

/** The node with another name for its result, and the guard from that to the name that it had. */
function insert(body: MessageWriter, { bytes }: Field, { nodes, arrays }: Part): void {
  const key = nameOf(bytes, 1);
  const result = nameOf(bytes, 2);
  const names: Record<string, string> = { stored: `${result}_stored`, out: result };
  const node = new MessageWriter();
  for (const field of fieldsOf(bytes)) {
    if (field.id === 2 && textOf(field.bytes) === result) node.string(2, names.stored!);
    else copy(node, field);
  }
  body.message(graph.node, node);
  const nameIn = (local: string) => names[local] ?? (arrays[local] ? `${key}_${local}` : `${result}_${local}`);
  for (const { op, inputs, output, attributes = new Map() } of nodes)
    body.message(
      graph.node,
      writeNode({
        ...{ op, domain: "", name: `${result}_${output}_guard`, attributes },
        inputs: inputs.map(nameIn),
        outputs: [nameIn(output)],
      }),
    );
}
