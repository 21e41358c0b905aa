// Protobuf messages taken apart and put together, for tests that change a model file.

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

export const intField = (id: number, value: number): Buffer => Buffer.from([...varint(id << 3), ...varint(value)]);

export const bytesField = (id: number, bytes: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([...varint((id << 3) | 2), ...varint(bytes.length)]), bytes]);

/** The varints of a message that has nothing else. */
export function varints(bytes: Uint8Array): number[] {
  const values: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [value, next] = readVarint(bytes, at);
    values.push(value);
    at = next;
  }
  return values;
}

function readVarint(bytes: Uint8Array, from: number): [value: number, next: number] {
  let value = 0;
  let scale = 1;
  for (let at = from; ; at++) {
    value += (bytes[at]! & 127) * scale;
    scale *= 128;
    if (bytes[at]! < 128) return [value, at + 1];
  }
}

/** A message with some fields replaced. @param replace  the field's bytes, with its tag; undefined: as it was */
export function fields(
  message: Uint8Array,
  replace: (id: number, bytes: Uint8Array) => Uint8Array | undefined,
): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < message.length; ) {
    const start = at;
    const [tag, after] = readVarint(message, at);
    let content = message.subarray(after, after);
    if ((tag & 7) === 2) {
      const [length, begin] = readVarint(message, after);
      content = message.subarray(begin, begin + length);
      at = begin + length;
    } else if ((tag & 7) === 0) at = readVarint(message, after)[1];
    else at = after + ((tag & 7) === 5 ? 4 : 8);
    parts.push(replace(tag >> 3, content) ?? message.subarray(start, at));
  }
  return Buffer.concat(parts);
}
