// Protocol Buffers' wire format: as much of it as ONNX files need.

/** A file that is not a model, or not a whole one. */
export class ModelError extends Error {
  override name = "ModelError";
}

/** Builds a message as a list of chunks, so that weights are referred to, not copied, until the end. */
export class MessageWriter {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  #push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  #varint(value: number | bigint): void {
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 127n) {
      bytes.push(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    this.#push(Uint8Array.from(bytes));
  }

  int(field: number, value: number | bigint): this {
    this.#varint(field << 3);
    this.#varint(value);
    return this;
  }

  float(field: number, value: number): this {
    this.#varint((field << 3) | 5);
    this.#push(new Uint8Array(Float32Array.of(value).buffer));
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#varint((field << 3) | 2);
    this.#varint(value.length);
    if (value.length > 0) this.#push(value);
    return this;
  }

  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: MessageWriter): this {
    this.#varint((field << 3) | 2);
    this.#varint(value.length);
    for (const chunk of value.#chunks) this.#chunks.push(chunk); // too many for the arguments of one call
    this.#length += value.length;
    return this;
  }

  /** Several integers in one packed field. */
  ints(field: number, values: readonly (number | bigint)[]): this {
    const packed = new MessageWriter();
    for (const value of values) packed.#varint(value);
    return this.message(field, packed);
  }

  finish(): Uint8Array {
    const all = new Uint8Array(this.#length);
    let at = 0;
    for (const chunk of this.#chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  }
}

/** One field of a message: a number for varints and fixed widths, the bytes for everything else. */
export interface Field {
  readonly id: number;
  readonly wire: number;
  readonly int: bigint;
  readonly bytes: Uint8Array;
}

const none = new Uint8Array(0);

/**
 * The fields of a message in order. Views into the file, no copies; never reads past the end.
 *
 * @throws ModelError at the first byte that cannot be right, with its place
 */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) throw new ModelError(`it ends at byte ${message.length} in the middle of a number`);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    throw new ModelError(`there is a number longer than 64 bits at byte ${at}`);
  };
  const take = (length: bigint): Uint8Array => {
    if (length > BigInt(message.length - at)) {
      throw new ModelError(`a field at byte ${at} claims ${length} bytes, only ${message.length - at} are left`);
    }
    const bytes = message.subarray(at, at + Number(length));
    at += Number(length);
    return bytes;
  };
  while (at < message.length) {
    const key = varint();
    const id = Number(key >> 3n);
    const wire = Number(key & 7n);
    if (id === 0) throw new ModelError(`there is a field of number 0 at byte ${at}`);
    if (wire === 0) yield { id, wire, int: varint(), bytes: none };
    else if (wire === 1) yield { id, wire, int: 0n, bytes: take(8n) };
    else if (wire === 2) yield { id, wire, int: 0n, bytes: take(varint()) };
    else if (wire === 5) yield { id, wire, int: 0n, bytes: take(4n) };
    else throw new ModelError(`there is a field of unknown kind ${wire} at byte ${at}`);
  }
}

/** A string field. */
export const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Repeated integers: packed in one field, or one field each. Signed 64-bit. */
export function intsOf(field: Field): bigint[] {
  if (field.wire === 0) return [BigInt.asIntN(64, field.int)];
  const values: bigint[] = [];
  let value = 0n;
  let shift = 0n;
  for (const byte of field.bytes) {
    value |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte < 128) {
      values.push(BigInt.asIntN(64, value));
      value = 0n;
      shift = 0n;
    } else if (shift > 63n) throw new ModelError("a packed list has a number longer than 64 bits");
  }
  return values;
}

/** Repeated 32-bit floats: packed in one field, or one field each. */
export function floatsOf({ bytes }: Field): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) => view.getFloat32(4 * i, true));
}

/** Repeated 64-bit floats. */
export function doublesOf({ bytes }: Field): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / 8) }, (_, i) => view.getFloat64(8 * i, true));
}
