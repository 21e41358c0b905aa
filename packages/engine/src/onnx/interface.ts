// What a model file says of its inputs and outputs, and files rewritten without reading their graphs: what only runs a
// model needs no more, whatever its operators, opset or size.
import type { Dimension, ReadExternal } from "./schema.ts";
import { fieldsOf, intsOf, MessageWriter, ModelError, text } from "./wire.ts";

export interface InterfaceValue {
  readonly name: string;
  /** As the file stores it, e.g. "float16"; null where it is not a tensor. */
  readonly dtype: string | null;
  readonly shape: readonly Dimension[] | null;
  /** What it is, when it is not a tensor. */
  readonly other?: string;
  /** Of an output: the operator that makes it. */
  readonly op?: string;
}

export interface OnnxInterface {
  /** Inputs that have no initialiser. */
  readonly inputs: readonly InterfaceValue[];
  readonly outputs: readonly InterfaceValue[];
}

/** TensorProto.DataType by number. */
const dtypes: readonly (string | null)[] = [
  ...[null, "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool"],
  ...["float16", "float64", "uint32", "uint64", "complex64", "complex128", "bfloat16"],
];
const bytesPer: Readonly<Record<number, number>> = {
  ...{ 1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 14: 8, 15: 16, 16: 2 },
  ...{ 17: 1, 18: 1, 19: 1, 20: 1, 21: 0.5, 22: 0.5 },
};
const others: Readonly<Record<number, string>> = { 4: "a sequence", 5: "a map", 8: "a sparse tensor", 9: "optional" };

/** Inputs and outputs of a model. @throws ModelError when the bytes are not one, or not a whole one */
export function onnxInterface(bytes: Uint8Array, { name = "model" }: { readonly name?: string } = {}): OnnxInterface {
  try {
    const graph = graphOf(bytes);
    const inputs: InterfaceValue[] = [];
    const outputs: InterfaceValue[] = [];
    const initialised = new Set<string>();
    const makers = new Map<string, string>();
    for (const { id, bytes: part } of fieldsOf(graph)) {
      if (id === 11) inputs.push(describedBy(part));
      else if (id === 12) outputs.push(describedBy(part));
      else if (id === 5) initialised.add(nameIn(part, 8));
      else if (id === 1) for (const made of namesIn(part, 2)) makers.set(made, nameIn(part, 4));
    }
    return {
      inputs: inputs.filter((input) => !initialised.has(input.name)),
      outputs: outputs.map((output) => {
        const op = makers.get(output.name);
        return op === undefined ? output : { ...output, op };
      }),
    };
  } catch (cause) {
    if (!(cause instanceof ModelError)) throw cause;
    throw new ModelError(`${name}: not a readable ONNX model: ${cause.message}. Export or download the file again.`, {
      cause,
    });
  }
}

/**
 * The model with weights of other files put into it; the same bytes where it has none.
 *
 * @throws ModelError when the bytes are no model or the whole is larger than an ONNX file may be; whatever `external` throws
 */
export function withExternalData(bytes: Uint8Array, external: ReadExternal): Uint8Array {
  const tensor: Rewrite = (part) => {
    const fields = [...fieldsOf(part)];
    if (!fields.some(({ id, int }) => id === 14 && int === 1n)) return part;
    const entries = new Map(
      fields.filter(({ id }) => id === 13).map((entry) => [nameIn(entry.bytes, 1), nameIn(entry.bytes, 2)]),
    );
    const dims = fields.filter(({ id }) => id === 1).flatMap(intsOf);
    const code = Number(fields.find(({ id }) => id === 2)?.int ?? 0n);
    const size = dims.reduce((product, dim) => product * Number(dim), 1);
    const length = Number(entries.get("length") ?? Math.ceil(size * (bytesPer[code] ?? 1)));
    const raw = external(entries.get("location") ?? "", Number(entries.get("offset") ?? 0), length);
    const out = new MessageWriter();
    for (const field of fields) if (field.id !== 13 && field.id !== 14 && field.id !== 9) copy(out, field);
    return out.bytes(9, raw).finish();
  };
  const attribute: Rewrite = (part) => rewritten(part, { 5: tensor, 6: graph, 10: tensor, 11: graph });
  const node: Rewrite = (part) => rewritten(part, { 5: attribute });
  const sparse: Rewrite = (part) => rewritten(part, { 1: tensor, 2: tensor });
  function graph(part: Uint8Array): Uint8Array {
    return rewritten(part, { 1: node, 5: tensor, 15: sparse });
  }
  const functions: Rewrite = (part) => rewritten(part, { 7: node });
  return rewritten(bytes, { 7: graph, 25: functions });
}

/**
 * The model with float32 in place of a float16, bfloat16, float64 or uint8 input or output: a Cast before or behind it.
 * An input so replaced is called NAME:float32, an output likewise.
 */
export function withFloat32(
  bytes: Uint8Array,
  { input, output }: { readonly input?: string; readonly output?: string },
): Uint8Array {
  const before = input === undefined ? undefined : codeIn(bytes, 11, input);
  const castNode = (from: string, to: string, code: number) =>
    new MessageWriter()
      .string(1, from)
      .string(2, to)
      .string(4, "Cast")
      .message(5, new MessageWriter().string(1, "to").int(3, code).int(20, 2));
  const declared = (of: string | undefined): Rewrite => {
    return (part) => (nameIn(part, 1) === of ? retyped(part, 1, `${of}:float32`) : part);
  };
  const graph: Rewrite = (part) => {
    const out = new MessageWriter();
    if (input !== undefined) out.message(1, castNode(`${input}:float32`, input, before ?? 1));
    for (const field of fieldsOf(part)) {
      if (field.id === 11) out.bytes(11, declared(input)(field.bytes));
      else if (field.id === 12) out.bytes(12, declared(output)(field.bytes));
      else copy(out, field);
    }
    if (output !== undefined) out.message(1, castNode(output, `${output}:float32`, 1));
    return out.finish();
  };
  const model = rewritten(bytes, { 7: graph });
  const knowsOnnx = [...fieldsOf(model)].some(
    ({ id, bytes: part }) => id === 8 && ["", "ai.onnx"].includes(nameIn(part, 1)),
  );
  if (knowsOnnx) return model;
  const out = new MessageWriter();
  for (const field of fieldsOf(model)) copy(out, field);
  return out.message(8, new MessageWriter().string(1, "").int(2, 13)).finish();
}

/** The model with an input declared as float32, whatever its nodes do with it. */
export function declaredFloat32(bytes: Uint8Array, input: string): Uint8Array {
  const value: Rewrite = (part) => (nameIn(part, 1) === input ? retyped(part, 1, input) : part);
  return rewritten(bytes, { 7: (graph) => rewritten(graph, { 11: value }) });
}

type Rewrite = (message: Uint8Array) => Uint8Array;

/** A message with some of its fields rewritten; the same bytes where none changed. */
function rewritten(message: Uint8Array, rewrites: Readonly<Record<number, Rewrite>>): Uint8Array {
  let changed = false;
  const fields = [...fieldsOf(message)].map((field) => {
    const rewrite = field.wire === 2 ? rewrites[field.id] : undefined;
    if (!rewrite) return field;
    const bytes = rewrite(field.bytes);
    changed ||= bytes !== field.bytes;
    return { ...field, bytes };
  });
  if (!changed) return message;
  const out = new MessageWriter();
  for (const field of fields) copy(out, field);
  if (out.length > 0x7fffffff)
    throw new ModelError(`with its weights it has ${out.length} bytes; models of at most 2 GB can be taken`);
  return out.finish();
}

function copy(
  out: MessageWriter,
  { id, wire, int, bytes }: ReturnType<typeof fieldsOf> extends Generator<infer F> ? F : never,
) {
  if (wire === 0) out.int(id, int);
  else if (wire === 2) out.bytes(id, bytes);
  else if (wire === 5) out.float(id, new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true));
  else throw new ModelError(`field ${id} has eight bytes, which none of ONNX's has here`);
}

/** A ValueInfoProto with another element type and name; its shape stays. */
function retyped(value: Uint8Array, code: number, name: string): Uint8Array {
  const tensorType: Rewrite = (part) => {
    const out = new MessageWriter().int(1, code);
    for (const field of fieldsOf(part)) if (field.id !== 1) copy(out, field);
    return out.finish();
  };
  return rewritten(value, { 1: () => new TextEncoder().encode(name), 2: (type) => rewritten(type, { 1: tensorType }) });
}

function graphOf(model: Uint8Array): Uint8Array {
  for (const { id, wire, bytes } of fieldsOf(model)) if (id === 7 && wire === 2) return bytes;
  throw new ModelError("it has no graph");
}

function codeIn(model: Uint8Array, field: number, name: string): number | undefined {
  for (const { id, bytes } of fieldsOf(graphOf(model)))
    if (id === field && nameIn(bytes, 1) === name) {
      const dtype = describedBy(bytes).dtype;
      return dtype === null ? undefined : dtypes.indexOf(dtype);
    }
  return undefined;
}

const namesIn = (message: Uint8Array, field: number): string[] =>
  [...fieldsOf(message)].filter(({ id }) => id === field).map(({ bytes }) => text(bytes));
const nameIn = (message: Uint8Array, field: number): string => namesIn(message, field).at(-1) ?? "";

function describedBy(message: Uint8Array): InterfaceValue {
  const name = nameIn(message, 1);
  for (const { id, bytes: type } of fieldsOf(message)) {
    if (id !== 2) continue;
    for (const kind of fieldsOf(type)) {
      if (kind.id !== 1) return { name, dtype: null, shape: null, other: others[kind.id] ?? "no tensor" };
      let dtype: string | null = null;
      let shape: Dimension[] | null = null;
      for (const part of fieldsOf(kind.bytes)) {
        if (part.id === 1) dtype = dtypes[Number(part.int)] ?? null;
        if (part.id === 2)
          shape = [...fieldsOf(part.bytes)].filter(({ id: i }) => i === 1).map((d) => dimensionOf(d.bytes));
      }
      return { name, dtype, shape };
    }
  }
  return { name, dtype: null, shape: null };
}

function dimensionOf(message: Uint8Array): Dimension {
  for (const { id, int, bytes } of fieldsOf(message)) {
    if (id === 1) return Number(BigInt.asIntN(64, int));
    if (id === 2) return text(bytes);
  }
  return null;
}
