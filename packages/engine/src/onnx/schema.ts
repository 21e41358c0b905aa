// The messages of ONNX (onnx.proto) that the engine reads and writes, as plain objects.
import { bytesOf, type Data, type DType, type Shape, sizeOf, type Tensor, tensor, viewAs } from "../ir/type.ts";
import { type Widened, widened } from "./widened.ts";
import { doublesOf, type Field, fieldsOf, floatsOf, intsOf, MessageWriter, ModelError, text } from "./wire.ts";

/** A dimension: a size, a name of a size that is given later, or unknown. */
export type Dimension = number | string | null;

export interface ValueInfo {
  readonly name: string;
  readonly dtype: DType | null;
  readonly shape: readonly Dimension[] | null;
  /** What it is, when it is not a tensor. */
  readonly other?: string;
}

export type AttributeValue =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | Tensor
  | { readonly graph: GraphProto }
  | { readonly reference: string }
  | { readonly unsupported: string };

export interface NodeProto {
  readonly op: string;
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, AttributeValue>;
  /** Which of several functions of one name it calls. */
  readonly overload?: string;
}

/** An operator that a model defines itself, by nodes whose attributes may refer to its own. */
export interface FunctionProto {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Attributes that a call may leave out. */
  readonly defaults: ReadonlyMap<string, AttributeValue>;
  readonly nodes: readonly NodeProto[];
  readonly opsets: ReadonlyMap<string, number>;
}

export interface GraphProto {
  readonly name: string;
  readonly nodes: readonly NodeProto[];
  readonly initializers: ReadonlyMap<string, Tensor>;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

export interface ModelProto {
  readonly irVersion: number;
  /** Version of each operator set; "" is ai.onnx. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly producer: string;
  readonly graph: GraphProto;
  readonly metadata: ReadonlyMap<string, string>;
  /** By functionKey. */
  readonly functions: ReadonlyMap<string, FunctionProto>;
}

/** Under which name a model's functions are found for a node. */
export const functionKey = ({ domain, op, overload = "" }: Pick<NodeProto, "domain" | "op" | "overload">): string =>
  `${domain} ${op} ${overload}`;

const codes: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
};

/** TensorProto.DataType of a dtype. */
export const codeOf = (dtype: DType): number => codes[dtype];

/** The dtype in which numbers of a TensorProto.DataType are computed, null for what are no numbers or too narrow. */
export function dtypeOf(code: number): DType | null {
  return widened[code]?.to ?? (Object.keys(codes) as DType[]).find((dtype) => codes[dtype] === code) ?? null;
}

// --- writing

/** A TensorProto with raw little-endian data, which is referred to, not copied. */
export function writeTensor(name: string, { dtype, shape, data }: Tensor): MessageWriter {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return new MessageWriter().ints(1, shape).int(2, codes[dtype]).string(8, name).bytes(9, raw);
}

function writeAttribute(name: string, value: AttributeValue, float: boolean): MessageWriter {
  const out = new MessageWriter().string(1, name);
  if (typeof value === "number") return float ? out.float(2, value).int(20, 1) : out.int(3, value).int(20, 2);
  if (typeof value === "string") return out.string(4, value).int(20, 3);
  if (Array.isArray(value)) {
    if (float) for (const item of value as number[]) out.float(7, item);
    else for (const item of value as number[]) out.int(8, item);
    return out.int(20, float ? 6 : 7);
  }
  return out.message(5, writeTensor("", value as Tensor)).int(20, 4);
}

/** A NodeProto; attributes named in `floats` are written as float. */
export function writeNode(node: NodeProto, floats: readonly string[] = []): MessageWriter {
  const out = new MessageWriter();
  for (const name of node.inputs) out.string(1, name);
  for (const name of node.outputs) out.string(2, name);
  out.string(3, node.name).string(4, node.op);
  for (const [name, value] of node.attributes) out.message(5, writeAttribute(name, value, floats.includes(name)));
  if (node.domain) out.string(7, node.domain);
  return out;
}

export function writeValueInfo({ name, dtype, shape }: ValueInfo): MessageWriter {
  const dims = new MessageWriter();
  for (const dim of shape ?? []) {
    dims.message(
      1,
      typeof dim === "string" ? new MessageWriter().string(2, dim) : new MessageWriter().int(1, dim ?? 0),
    );
  }
  const tensorType = new MessageWriter().int(1, codes[dtype ?? "float32"]).message(2, dims);
  return new MessageWriter().string(1, name).message(2, new MessageWriter().message(1, tensorType));
}

// --- reading

/** Bytes of a file beside the model: weights that are stored outside it. */
export type ReadExternal = (location: string, offset: number, length: number) => Uint8Array;

/** Reads a model; names in messages are those of the file. @throws ModelError */
export function readModel(bytes: Uint8Array, external?: ReadExternal): ModelProto {
  const opsets = new Map<string, number>();
  const metadata = new Map<string, string>();
  let irVersion = 0;
  let producer = "";
  let graph: GraphProto | undefined;
  const functions = new Map<string, FunctionProto>();
  for (const field of fieldsOf(bytes)) {
    if (field.id === 1) irVersion = Number(field.int);
    else if (field.id === 2) producer = text(field.bytes);
    else if (field.id === 7) graph = readGraph(field.bytes, external);
    else if (field.id === 8) opsets.set(...readOpset(field.bytes));
    else if (field.id === 25) functions.set(...readFunction(field.bytes, external));
    else if (field.id === 14) {
      const [key = "", value = ""] = stringsOf(field.bytes);
      metadata.set(key, value);
    }
  }
  if (!graph || irVersion === 0) throw new ModelError("it holds no ONNX graph");
  return { irVersion, opsets, producer, graph, metadata, functions };
}

function readOpset(bytes: Uint8Array): [domain: string, version: number] {
  let domain = "";
  let version = 0;
  for (const part of fieldsOf(bytes)) {
    if (part.id === 1) domain = text(part.bytes);
    if (part.id === 2) version = Number(part.int);
  }
  return [domain === "ai.onnx" ? "" : domain, version];
}

function readFunction(bytes: Uint8Array, external?: ReadExternal): [key: string, FunctionProto] {
  const name = { op: "", domain: "", overload: "" };
  const inputs: string[] = [];
  const outputs: string[] = [];
  const nodes: NodeProto[] = [];
  const defaults = new Map<string, AttributeValue>();
  const opsets = new Map<string, number>();
  for (const field of fieldsOf(bytes)) {
    if (field.id === 1) name.op = text(field.bytes);
    else if (field.id === 4) inputs.push(text(field.bytes));
    else if (field.id === 5) outputs.push(text(field.bytes));
    else if (field.id === 7) nodes.push(readNode(field.bytes, external, 0));
    else if (field.id === 9) opsets.set(...readOpset(field.bytes));
    else if (field.id === 10) name.domain = text(field.bytes);
    else if (field.id === 11) defaults.set(...readAttribute(field.bytes, external, 0));
    else if (field.id === 13) name.overload = text(field.bytes);
  }
  return [functionKey(name), { inputs, outputs, defaults, nodes, opsets }];
}

function stringsOf(bytes: Uint8Array): string[] {
  const found: string[] = [];
  for (const field of fieldsOf(bytes)) found[field.id - 1] = text(field.bytes);
  return found;
}

/** No real model nests graphs deeper than this. */
const DEPTH = 16;

function readGraph(bytes: Uint8Array, external?: ReadExternal, depth = 0): GraphProto {
  if (depth > DEPTH) throw new ModelError(`its graphs are nested more than ${DEPTH} deep`);
  const nodes: NodeProto[] = [];
  const initializers = new Map<string, Tensor>();
  const inputs: ValueInfo[] = [];
  const outputs: ValueInfo[] = [];
  let name = "";
  for (const field of fieldsOf(bytes)) {
    if (field.id === 1) nodes.push(readNode(field.bytes, external, depth));
    else if (field.id === 2) name = text(field.bytes);
    else if (field.id === 5) {
      const [key, value] = readTensor(field.bytes, external);
      initializers.set(key, value);
    } else if (field.id === 11) inputs.push(readValueInfo(field.bytes));
    else if (field.id === 12) outputs.push(readValueInfo(field.bytes));
    else if (field.id === 15) throw new ModelError("it has sparse initializers, which are not supported");
  }
  return { name, nodes, initializers, inputs, outputs };
}

function readNode(bytes: Uint8Array, external: ReadExternal | undefined, depth: number): NodeProto {
  const node = { op: "", domain: "", name: "", overload: "", inputs: [] as string[], outputs: [] as string[] };
  const attributes = new Map<string, AttributeValue>();
  for (const field of fieldsOf(bytes)) {
    if (field.id === 1) node.inputs.push(text(field.bytes));
    else if (field.id === 2) node.outputs.push(text(field.bytes));
    else if (field.id === 3) node.name = text(field.bytes);
    else if (field.id === 4) node.op = text(field.bytes);
    else if (field.id === 5) {
      const [key, value] = readAttribute(field.bytes, external, depth);
      attributes.set(key, value);
    } else if (field.id === 7) node.domain = text(field.bytes);
    else if (field.id === 8) node.overload = text(field.bytes);
  }
  if (node.domain === "ai.onnx") node.domain = "";
  return { ...node, attributes };
}

function readAttribute(bytes: Uint8Array, external: ReadExternal | undefined, depth: number): [string, AttributeValue] {
  let name = "";
  let type = 0;
  let float = 0;
  let int = 0n;
  let string = "";
  let value: Tensor | undefined;
  let graph: GraphProto | undefined;
  let reference = "";
  const floats: number[] = [];
  const ints: bigint[] = [];
  const strings: string[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.id === 1) name = text(field.bytes);
    else if (field.id === 2) float = floatsOf(field)[0] ?? 0;
    else if (field.id === 3) int = BigInt.asIntN(64, field.int);
    else if (field.id === 4) string = text(field.bytes);
    else if (field.id === 5) value = readTensor(field.bytes)[1];
    else if (field.id === 6) graph = readGraph(field.bytes, external, depth + 1);
    else if (field.id === 7) floats.push(...floatsOf(field));
    else if (field.id === 8) ints.push(...intsOf(field));
    else if (field.id === 9) strings.push(text(field.bytes));
    else if (field.id === 20) type = Number(field.int);
    else if (field.id === 21) reference = text(field.bytes);
  }
  if (reference) return [name, { reference }];
  const kinds: Record<number, AttributeValue | undefined> = {
    1: float,
    2: Number(int),
    3: string,
    4: value,
    5: graph && { graph },
    6: floats,
    7: ints.map(Number),
    8: strings,
  };
  return [name, kinds[type] ?? { unsupported: type === 10 ? "a list of graphs" : `attribute type ${type}` }];
}

/** Name and contents of a TensorProto. @throws ModelError when the data does not fit the shape */
export function readTensor(bytes: Uint8Array, readExternal?: ReadExternal): [string, Tensor] {
  const shape: number[] = [];
  const numbers: (number | bigint)[] = [];
  let code = 0;
  let name = "";
  let raw: Uint8Array | undefined;
  let isExternal = false;
  const place = new Map<string, string>();
  for (const field of fieldsOf(bytes)) {
    if (field.id === 1) shape.push(...intsOf(field).map(Number));
    else if (field.id === 2) code = Number(field.int);
    else if (field.id === 4) push(numbers, floatsOf(field));
    else if (field.id === 5 || field.id === 7 || field.id === 11) push(numbers, intsOf(field));
    else if (field.id === 8) name = text(field.bytes);
    else if (field.id === 9) raw = field.bytes;
    else if (field.id === 10) push(numbers, doublesOf(field as Field));
    else if (field.id === 13) {
      const [key = "", value = ""] = stringsOf(field.bytes);
      place.set(key, value);
    } else if (field.id === 14) isExternal = field.int === 1n;
  }
  const dtype = dtypeOf(code);
  if (!dtype) throw new ModelError(`tensor "${name}" has data type ${code}, which is not supported`);
  if (shape.some((dim) => dim < 0)) throw new ModelError(`tensor "${name}" has shape [${shape.join(", ")}]`);
  const size = sizeOf(shape);
  const stored = widened[code] as Widened | undefined;
  const bytesEach = stored?.bytes ?? bytesOf(dtype);
  if (isExternal) raw = fromOutside(name, place, size * bytesEach, readExternal);
  if (raw ? raw.length !== size * bytesEach : numbers.length !== size) {
    const got = raw ? `${raw.length} bytes` : `${numbers.length} numbers`;
    throw new ModelError(
      `tensor "${name}" has ${got} for ${stored?.name ?? dtype} [${shape.join(", ")}], which needs ${size}${raw ? ` × ${bytesEach} bytes` : ""}`,
    );
  }
  if (stored) return [name, tensor(dtype, shape, raw ? stored.ofBytes(raw) : numbers.map(stored.ofField))];
  return [name, raw ? { dtype, shape, data: aligned(dtype, raw, size) } : tensor(dtype, shape as Shape, numbers)];
}

/** Data of a tensor that lies in a file beside the model. Only files in the model's folder or below it are read. */
function fromOutside(
  name: string,
  place: ReadonlyMap<string, string>,
  wanted: number,
  read: ReadExternal | undefined,
): Uint8Array {
  const location = place.get("location") ?? "";
  const [offset, length] = [Number(place.get("offset") ?? 0), Number(place.get("length") ?? wanted)];
  if (location === "" || /^([/\\]|[A-Za-z]:)|(^|[/\\])\.\.([/\\]|$)/.test(location)) {
    throw new ModelError(
      `tensor "${name}" has its data in "${location}", which is not in the model's folder; such files are not opened`,
    );
  }
  if (!Number.isSafeInteger(offset) || offset < 0 || length !== wanted) {
    throw new ModelError(
      `tensor "${name}" claims ${length} bytes at ${offset} of "${location}"; its shape needs ${wanted}`,
    );
  }
  if (!read)
    throw new ModelError(
      `tensor "${name}" has its data in the file "${location}" beside the model, which was not given`,
    );
  return read(location, offset, wanted);
}

function push<T>(list: T[], more: readonly T[]): void {
  for (const item of more) list.push(item);
}

/** Raw bytes as a typed array: a view where the alignment allows one, else a copy. */
function aligned(dtype: DType, raw: Uint8Array, size: number): Data {
  const ok = raw.byteOffset % bytesOf(dtype) === 0 && raw.buffer instanceof ArrayBuffer;
  // Not slice(): on a Buffer of Node that is a view.
  const bytes = ok ? raw : new Uint8Array(raw);
  return viewAs(dtype, bytes.buffer as ArrayBuffer, bytes.byteOffset, size);
}

function readValueInfo(bytes: Uint8Array): ValueInfo {
  let name = "";
  let dtype: DType | null = null;
  let shape: Dimension[] | null = null;
  let other: string | undefined;
  for (const field of fieldsOf(bytes)) {
    if (field.id === 1) name = text(field.bytes);
    if (field.id !== 2) continue;
    for (const type of fieldsOf(field.bytes)) {
      if (others[type.id]) other = others[type.id];
      if (type.id !== 1) continue;
      for (const part of fieldsOf(type.bytes)) {
        if (part.id === 1) dtype = dtypeOf(Number(part.int));
        if (part.id === 2) shape = [...fieldsOf(part.bytes)].filter(({ id }) => id === 1).map(readDimension);
      }
    }
  }
  return { name, dtype, shape, ...(other && { other }) };
}

/** TypeProto's fields but the first, tensor_type. */
const others: Readonly<Record<number, string>> = {
  4: "a sequence",
  5: "a map",
  8: "a sparse tensor",
  9: "an optional value",
};

function readDimension({ bytes }: Field): Dimension {
  for (const field of fieldsOf(bytes)) {
    if (field.id === 1) return Number(BigInt.asIntN(64, field.int));
    if (field.id === 2) return text(field.bytes) || null;
  }
  return null;
}
