// TensorFlow Lite models: the parts of their flatbuffer that a network of convolutions needs.
import { halfToFloat, ModelError } from "@reprise/engine";

export interface TfliteTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Its numbers, where the file holds them. */
  readonly data: Float32Array | null;
}

export interface TfliteOperator {
  /** By its name in TensorFlow Lite's schema, or by its number if this reader does not know it. */
  readonly op: string;
  /** Places among the tensors; −1 where one is left out. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** A field of its options by its place in the schema; 0 where the file leaves it out. */
  option(field: number, size: 1 | 4): number;
}

export interface TfliteModel {
  readonly tensors: readonly TfliteTensor[];
  readonly operators: readonly TfliteOperator[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

const operatorNames: Readonly<Record<number, string>> = {
  0: "ADD",
  3: "CONV_2D",
  4: "DEPTHWISE_CONV_2D",
  6: "DEQUANTIZE",
};
/** TensorType in the schema. */
const types = { float32: 0, float16: 1 } as const;

/**
 * The first subgraph of a model. What stands before the model in the file is skipped, as MediaPipe packs its files.
 *
 * @throws ModelError when the bytes hold no model, or not a whole one
 */
export function readTflite(bytes: Uint8Array, { name = "model" }: { readonly name?: string } = {}): TfliteModel {
  const start = placeOf(bytes, "TFL3") - 4;
  if (start < 0) throw new ModelError(`${name}: not a TensorFlow Lite model: its mark TFL3 is missing.`);
  const file = bytes.subarray(start);
  try {
    return subgraph(new Flatbuffer(file));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ModelError(`${name}: the model is damaged or cut off. Download the file again.`, { cause });
  }
}

function subgraph(file: Flatbuffer): TfliteModel {
  const model = file.follow(0);
  const codes = file.tables(model, 1).map((code) => Math.max(file.byte(code, 0), file.int(code, 3)));
  const buffers = file.tables(model, 4);
  const [graph] = file.tables(model, 2);
  if (graph === undefined) throw new RangeError("no subgraph");
  return {
    tensors: file.tables(graph, 0).map((tensor): TfliteTensor => {
      const type = file.byte(tensor, 1);
      const raw = file.vector(buffers[file.int(tensor, 2)]!, 0);
      return {
        name: file.text(tensor, 3),
        shape: file.ints(tensor, 0),
        data: raw.length > 0 ? floatsOf(raw, type) : null,
      };
    }),
    operators: file.tables(graph, 3).map((operator): TfliteOperator => {
      const code = codes[file.int(operator, 0)]!;
      const options = file.table(operator, 4);
      return {
        op: operatorNames[code] ?? `number ${code}`,
        inputs: file.ints(operator, 1),
        outputs: file.ints(operator, 2),
        option: (field, size) =>
          options === 0 ? 0 : size === 1 ? file.byte(options, field) : file.int(options, field),
      };
    }),
    inputs: file.ints(graph, 1),
    outputs: file.ints(graph, 2),
  };
}

/** Null for whole numbers, as shapes are, and quantised ones. */
function floatsOf(raw: Uint8Array, type: number): Float32Array | null {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  if (type === types.float32)
    return Float32Array.from({ length: raw.length >> 2 }, (_, i) => view.getFloat32(4 * i, true));
  if (type !== types.float16) return null;
  return Float32Array.from({ length: raw.length >> 1 }, (_, i) => halfToFloat(view.getUint16(2 * i, true)));
}

/** A flatbuffer: tables whose fields stand where a table of places says; 0 where they are left out. */
class Flatbuffer {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The place that an offset at this place leads to. */
  follow(at: number): number {
    return at + this.#view.getUint32(at, true);
  }

  #field(table: number, field: number): number {
    const places = table - this.#view.getInt32(table, true);
    const at = 4 + 2 * field;
    if (at >= this.#view.getUint16(places, true)) return 0;
    const offset = this.#view.getUint16(places + at, true);
    return offset === 0 ? 0 : table + offset;
  }

  byte(table: number, field: number): number {
    const at = this.#field(table, field);
    return at === 0 ? 0 : this.#view.getInt8(at);
  }

  int(table: number, field: number): number {
    const at = this.#field(table, field);
    return at === 0 ? 0 : this.#view.getInt32(at, true);
  }

  /** The position of the table in a field; 0 if the field is absent. */
  table(table: number, field: number): number {
    const at = this.#field(table, field);
    return at === 0 ? 0 : this.follow(at);
  }

  #items(table: number, field: number): [count: number, first: number] {
    const at = this.#field(table, field);
    if (at === 0) return [0, 0];
    const vector = this.follow(at);
    const count = this.#view.getUint32(vector, true);
    if (count > this.#bytes.length) throw new RangeError("a vector is longer than the file");
    return [count, vector + 4];
  }

  tables(table: number, field: number): number[] {
    const [count, first] = this.#items(table, field);
    return Array.from({ length: count }, (_, i) => this.follow(first + 4 * i));
  }

  ints(table: number, field: number): number[] {
    const [count, first] = this.#items(table, field);
    return Array.from({ length: count }, (_, i) => this.#view.getInt32(first + 4 * i, true));
  }

  vector(table: number, field: number): Uint8Array {
    const [count, first] = this.#items(table, field);
    if (first + count > this.#bytes.length) throw new RangeError("a vector ends behind the file");
    return this.#bytes.subarray(first, first + count);
  }

  text(table: number, field: number): string {
    return new TextDecoder().decode(this.vector(table, field));
  }
}

function placeOf(bytes: Uint8Array, mark: string): number {
  const wanted = new TextEncoder().encode(mark);
  for (let at = bytes.indexOf(wanted[0]!); at >= 0; at = bytes.indexOf(wanted[0]!, at + 1))
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return at;
  return -1;
}
