// The bytes of an ONNX file: where its integers lie, and the same file with integers in place of float weights. Everything
// that is not named stays as it is, byte for byte.
import { type Field, fieldsOf, MessageWriter, ModelError, textOf, writeNode, writeTensor } from "@reprise/engine";
import type { MemoryLayer } from "./memory.ts";

/** Field numbers of onnx.proto. */
export const model = { graph: 7, opset: 8, metadata: 14 } as const;
export const graph = { node: 1, initializer: 5, input: 11 } as const;
const tensor = { dims: 1, dtype: 2, float: 4, int32: 5, name: 8, raw: 9 } as const;
const node = { input: 1, name: 3, op: 4 } as const;
/** Of TensorProto.DataType. */
const dtypes = { float32: 1, float16: 10 } as const;

/** Key of the metadata that says how many bits of its int8 a weight uses, where that is less than 8. */
export const bitsKey = "reprise.bits";

/** Where the raw bytes of each array begin in the file; arrays that are stored in another form are not there. */
export function rawOffsets(file: Uint8Array): ReadonlyMap<string, number> {
  const offsets = new Map<string, number>();
  for (const { bytes } of initializersOf(file)) {
    let name = "";
    let raw: Uint8Array | undefined;
    for (const field of fieldsOf(bytes)) {
      if (field.id === tensor.name) name = textOf(field.bytes);
      if (field.id === tensor.raw) raw = field.bytes;
    }
    if (raw) offsets.set(name, raw.byteOffset - file.byteOffset);
  }
  return offsets;
}

/** The arrays that the file stores as float16. */
export function float16Names(file: Uint8Array): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { bytes } of initializersOf(file)) {
    let dtype = 0;
    for (const field of fieldsOf(bytes)) if (field.id === tensor.dtype) dtype = Number(field.int);
    if (dtype === dtypes.float16) names.add(nameOf(bytes, tensor.name));
  }
  return names;
}

/** Which inputs of quantised operators are scales. */
const scaleInputs: Readonly<Record<string, readonly number[]>> = {
  ...{ QuantizeLinear: [1], DequantizeLinear: [1] },
  ...{ QLinearConv: [1, 4, 7], QLinearMatMul: [1, 4, 6], QGemm: [1, 4, 7] },
  ...{ QLinearAdd: [1, 4, 6], QLinearMul: [1, 4, 6] },
  ...{ QLinearSigmoid: [1, 3], QLinearLeakyRelu: [1, 3], QLinearSoftmax: [1, 3] },
  ...{ QLinearGlobalAveragePool: [1, 3], QLinearAveragePool: [1, 3] },
};

/** The arrays that quantised operators take as scales, each with the first node that does. */
export function scaleNames(file: Uint8Array): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const field of fieldsOf(file)) {
    if (field.id !== model.graph) continue;
    for (const part of fieldsOf(field.bytes)) {
      if (part.id !== graph.node) continue;
      const op = nameOf(part.bytes, node.op);
      const inputs = [...fieldsOf(part.bytes)].filter(({ id }) => id === node.input).map(({ bytes }) => textOf(bytes));
      for (const at of scaleInputs[op] ?? [])
        if (inputs[at] && !names.has(inputs[at])) names.set(inputs[at], `${op} "${nameOf(part.bytes, node.name)}"`);
    }
  }
  return names;
}

function* initializersOf(file: Uint8Array): Generator<Field> {
  for (const field of fieldsOf(file))
    if (field.id === model.graph)
      for (const part of fieldsOf(field.bytes)) if (part.id === graph.initializer) yield part;
}

/** A layer of an ONNX file, by the array that holds its weights. */
export interface StoredLayer {
  readonly initializer: string;
  readonly layer: MemoryLayer;
}

export interface QuantizedOnnxOptions {
  /** What messages call the model. */
  readonly name?: string;
  /** Kept in the file, e.g. the command that made it. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * The file with its float weights as int8 and DequantizeLinear: ONNX Runtime computes with integers × step. Weights of
 * fewer than 8 bits are stored in int8, their number of bits in the metadata. Weights of float16 are cast to float32.
 *
 * @throws ModelError when the file's opset has no DequantizeLinear: 10 for one step a layer, 13 for one a channel
 */
export function quantizedOnnx(
  file: Uint8Array,
  layers: readonly StoredLayer[],
  { name = "model", metadata = {} }: QuantizedOnnxOptions = {},
): Uint8Array {
  const byName = new Map(layers.map(({ initializer, layer }) => [initializer, layer]));
  const needed = layers.every(({ layer }) => layer.format)
    ? 9
    : layers.some(({ layer }) => layer.step.length > 1)
      ? 13
      : 10;
  const opset = opsetOf(file);
  if (opset < needed)
    throw new ModelError(
      `${name}: it uses opset ${opset}; DequantizeLinear ${needed === 13 ? "with a step for each channel " : ""}needs ${needed}. Convert it with onnx.version_converter.`,
    );
  const [bits] = layers.map(({ layer }) => layer.bits);
  const all = { ...metadata, ...(bits !== undefined && bits < 8 ? { [bitsKey]: `${bits}` } : {}) };
  const out = new MessageWriter();
  for (const field of fieldsOf(file)) {
    if (field.id === model.graph) out.message(model.graph, quantizedGraph(field.bytes, byName));
    else if (field.id !== model.metadata || !Object.hasOwn(all, keyOf(field.bytes))) copy(out, field);
  }
  for (const [key, value] of Object.entries(all))
    out.message(model.metadata, new MessageWriter().string(1, key).string(2, value));
  return out.finish();
}

function quantizedGraph(bytes: Uint8Array, layers: ReadonlyMap<string, MemoryLayer>): MessageWriter {
  const out = new MessageWriter();
  // Before all nodes that read the weights.
  for (const [name, { bits, step, axis = 0, format }] of layers) {
    if (format) {
      const attributes = new Map([["to", dtypes.float32]]);
      const cast = {
        op: "Cast",
        domain: "",
        name: `${name}_cast`,
        attributes,
        inputs: [`${name}_float16`],
        outputs: [name],
      };
      out.message(graph.node, writeNode(cast));
      continue;
    }
    const attributes = new Map(step.length > 1 ? [["axis", axis]] : []);
    const scaled = bits === 1 ? `${name}_scaled` : name;
    const inputs = [`${name}_quantized`, `${name}_scale`];
    const node = { domain: "", attributes, inputs, outputs: [scaled] };
    out.message(graph.node, writeNode({ ...node, op: "DequantizeLinear", name: `${name}_dequantize` }));
    // −1 and 0 times Δw, and Δw/2: zero points are integers.
    const middle = { ...node, op: "Add", name: `${name}_middle`, inputs: [scaled, `${name}_half`], outputs: [name] };
    if (bits === 1) out.message(graph.node, writeNode({ ...middle, attributes: new Map() }));
  }
  for (const field of fieldsOf(bytes)) {
    const layer = field.id === graph.initializer ? layers.get(nameOf(field.bytes, tensor.name)) : undefined;
    // Before IR version 4 every array is an input as well.
    if (field.id === graph.input && layers.has(nameOf(field.bytes, 1))) continue;
    if (!layer) {
      copy(out, field);
      continue;
    }
    const name = nameOf(field.bytes, tensor.name);
    const { bits, shape, step, axis = 0, values, format } = layer;
    if (format) {
      const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      const half = new MessageWriter().ints(tensor.dims, shape).int(tensor.dtype, dtypes.float16);
      out.message(graph.initializer, half.string(tensor.name, `${name}_float16`).bytes(tensor.raw, raw));
      continue;
    }
    const data = values as Int8Array;
    out.message(graph.initializer, writeTensor(`${name}_quantized`, { dtype: "int8", shape, data }));
    const steps = step.length > 1 ? [step.length] : [];
    out.message(graph.initializer, writeTensor(`${name}_scale`, { dtype: "float32", shape: steps, data: step }));
    if (bits !== 1) continue;
    const along = step.length > 1 ? shape.map((dim, i) => (i === axis ? dim : 1)) : [];
    const half = { dtype: "float32" as const, shape: along, data: step.map((s) => s / 2) };
    out.message(graph.initializer, writeTensor(`${name}_half`, half));
  }
  return out;
}

/** The same file with arrays whose numbers are stored one by one as raw bytes, so that each has its place. */
export function withRawNumbers(file: Uint8Array, arrays: ReadonlyMap<string, MemoryLayer["values"]>): Uint8Array {
  const known = rawOffsets(file);
  const missing = new Map([...arrays].filter(([name]) => !known.has(name)));
  if (missing.size === 0) return file;
  const rewritten = (field: Field): MessageWriter | undefined => {
    const data = missing.get(nameOf(field.bytes, tensor.name));
    if (!data) return undefined;
    const out = new MessageWriter();
    for (const part of fieldsOf(field.bytes)) if (part.id !== tensor.int32 && part.id !== tensor.float) copy(out, part);
    return out.bytes(tensor.raw, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  };
  const out = new MessageWriter();
  for (const field of fieldsOf(file)) {
    if (field.id !== model.graph) {
      copy(out, field);
      continue;
    }
    const body = new MessageWriter();
    for (const part of fieldsOf(field.bytes)) {
      const changed = part.id === graph.initializer ? rewritten(part) : undefined;
      if (changed) body.message(part.id, changed);
      else copy(body, part);
    }
    out.message(model.graph, body);
  }
  return out.finish();
}

export function opsetOf(file: Uint8Array): number {
  let found = 0;
  for (const field of fieldsOf(file)) {
    if (field.id !== model.opset) continue;
    let [domain, version] = ["", 0];
    for (const part of fieldsOf(field.bytes)) {
      if (part.id === 1) domain = textOf(part.bytes);
      if (part.id === 2) version = Number(part.int);
    }
    if (domain === "" || domain === "ai.onnx") found = version;
  }
  return found;
}

export function nameOf(bytes: Uint8Array, id: number): string {
  for (const field of fieldsOf(bytes)) if (field.id === id) return textOf(field.bytes);
  return "";
}

const keyOf = (entry: Uint8Array): string => nameOf(entry, 1);

/** @throws ModelError for a field of fixed width, which no message here has */
export function copy(out: MessageWriter, { id, wire, int, bytes }: Field): void {
  if (wire === 0) out.int(id, int);
  else if (wire === 2) out.bytes(id, bytes);
  else throw new ModelError(`field ${id} of fixed width is not known`);
}
