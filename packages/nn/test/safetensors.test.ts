import { readFileSync } from "node:fs";
import { ModelError, type Tensor, tensor } from "@reprise/engine";
import { describe, expect, test } from "vitest";
import { packWeights, readSafetensors, writeSafetensors } from "../src/index.ts";

const fixture = (name: string) => new URL(`./fixtures/${name}`, import.meta.url);

/** A file from a header as text and a body of so many bytes. */
function file(header: string | object, bodyBytes = 0, length?: number | bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + bodyBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? text.length), true);
  bytes.set(text, 8);
  return bytes;
}
const f32 = (begin: number, end: number, shape = [(end - begin) / 4]) => ({
  dtype: "F32",
  shape,
  data_offsets: [begin, end],
});

test("reads every dtype of a file that Python wrote", () => {
  const { tensors, metadata } = readSafetensors(readFileSync(fixture("dtypes.safetensors")));
  const expected = JSON.parse(readFileSync(fixture("dtypes.json"), "utf8")) as Record<
    string,
    { shape: number[]; data: string[] }
  >;
  expect(metadata).toEqual({ format: "pt", note: "made by hand" });
  expect(Object.keys(tensors).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, { shape, data }] of Object.entries(expected)) {
    const { shape: readShape, data: read, dtype } = tensors[name]!;
    expect(readShape, name).toEqual(shape);
    const numbers = dtype === "int64" ? data.map(BigInt) : data.map((x) => Number(x.replace("inf", "Infinity")));
    expect(Array.from(read as Iterable<number | bigint>), name).toEqual(numbers);
  }
  expect(tensors.f16!.dtype).toBe("float32");
  expect(tensors.flag!.dtype).toBe("bool");
});

test("what is written is read back, aligned for every dtype", () => {
  const tensors: Record<string, Tensor> = {
    bytes: tensor("uint8", [3], [1, 2, 3]),
    weight: tensor("float32", [2, 2], [1, -0, 3e-40, Number.NaN]),
    ids: tensor("int64", [1], [2n ** 60n]),
    double: tensor("float64", [], [Math.PI]),
    none: tensor("float32", [0], []),
    __proto__x: tensor("bool", [2], [0, 1]),
  };
  const bytes = writeSafetensors(tensors, { metadata: { step: "12", ü: "\n" } });
  const read = readSafetensors(bytes);
  expect(read.metadata).toEqual({ step: "12", ü: "\n" });
  expect(read.tensors).toEqual(tensors);
  const headerBytes = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  expect(headerBytes % 8).toBe(0);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerBytes))) as Record<
    string,
    { data_offsets: [number, number] }
  >;
  for (const [name, { data }] of Object.entries(tensors))
    expect(header[name]!.data_offsets[0] % data.BYTES_PER_ELEMENT, name).toBe(0);
});

describe("refuses a file that lies", () => {
  const good = { a: f32(0, 8), b: f32(8, 16) };
  const cases: [what: string, bytes: Uint8Array, message: RegExp][] = [
    ["too short", new Uint8Array(7), /w\.st: the file has 7 bytes/],
    ["length past the end", file(good, 16, 1e6), /header is said to have 1000000 bytes, the file has/],
    ["length of 2^63", file(good, 16, 2n ** 63n), /header is said to have 9223372036854775808 bytes/],
    ["not an object", file("[1]"), /does not start with "\{"/],
    ["broken JSON", file('{"a": '), /not valid JSON/],
    [
      "not UTF-8",
      (() => {
        const f = file('{"a":1}');
        f[10] = 0xff;
        return f;
      })(),
      /not valid JSON/,
    ],
    ["a name twice", file(`{"a":${JSON.stringify(f32(0, 8))},"a":${JSON.stringify(f32(0, 8))}}`, 8), /names "a" twice/],
    [
      "an escaped name twice",
      file(`{"a":${JSON.stringify(f32(0, 8))},"\\u0061":${JSON.stringify(f32(0, 8))}}`, 8),
      /names "a" twice/,
    ],
    ["unknown dtype", file({ a: { ...f32(0, 8), dtype: "F8_E4M3" } }, 8), /"a" has dtype "F8_E4M3"; known are F64/],
    ["a dtype of Object's", file({ a: { ...f32(0, 8), dtype: "constructor" } }, 8), /"a" has dtype "constructor"/],
    ["negative size", file({ a: { ...f32(0, 8), shape: [-2] } }, 8), /"a" has shape \[-2\]/],
    ["huge shape", file({ a: { ...f32(0, 8), shape: [2 ** 40, 2 ** 40] } }, 8), /takes .* bytes, but 8 are given/],
    ["wrong size", file({ a: f32(0, 8, [3]) }, 8), /"a" is F32 \[3\], which takes 12 bytes, but 8 are given/],
    ["past the end", file({ a: f32(0, 16) }, 8), /"a" is said to lie at bytes \[0,16\] of 8/],
    ["backwards", file({ a: { ...f32(0, 8), data_offsets: [8, 0] } }, 8), /"a" is said to lie at bytes \[8,0\]/],
    ["overlap", file({ a: f32(0, 8), b: f32(4, 12) }, 12), /"b" overlaps another array at byte 4/],
    ["gap", file({ a: f32(0, 8), b: f32(12, 16) }, 16), /bytes 8 to 12 belong to no array/],
    ["bytes left over", file({ a: f32(0, 8) }, 12), /4 bytes at the end belong to no array/],
    ["metadata not strings", file({ __metadata__: { a: 1 } }), /__metadata__ must hold strings only/],
    ["an array for an entry", file({ a: [1] }), /"a" is described by \[1\]/],
    [
      "a boolean of 2",
      (() => {
        const f = file({ a: { dtype: "BOOL", shape: [1], data_offsets: [0, 1] } }, 1);
        f[f.length - 1] = 2;
        return f;
      })(),
      /"a" holds bytes above 1/,
    ],
  ];
  test.each(cases)("%s", (_, bytes, message) => {
    const read = () => readSafetensors(bytes, { source: "w.st" });
    expect(read).toThrow(ModelError);
    expect(read).toThrow(message);
  });
  test("every cut of a good file", () => {
    const bytes = writeSafetensors({ a: tensor("float32", [5], [1, 2, 3, 4, 5]) });
    for (let length = 0; length < bytes.length; length++)
      expect(() => readSafetensors(bytes.subarray(0, length))).toThrow(ModelError);
  });
});

describe("packWeights", () => {
  const layout = { "fc.weight": [2, 2], "fc.bias": [2] };
  const weight = tensor("float32", [2, 2], [1, 2, 3, 4]);
  const bias = tensor("float64", [2], [5, 6]);
  test("lays arrays out by name, whatever their order", () => {
    expect(Array.from(packWeights({ "fc.bias": bias, "fc.weight": weight }, layout))).toEqual([1, 2, 3, 4, 5, 6]);
  });
  test.each([
    [{ "fc.weight": weight, "fc1.bias": bias }, /w\.st: "fc\.bias" is missing, "fc1\.bias" is not expected; are these/],
    [{ "fc.weight": weight, "fc.bias": tensor("float32", [1], [5]) }, /"fc\.bias" is \[1\], the network's is \[2\]/],
    [{ "fc.weight": weight, "fc.bias": tensor("int32", [2], [5, 6]) }, /"fc\.bias" holds int32; weights are floats/],
    [{ "fc.weight": weight, "fc.bias": tensor("float32", [2], [5, Number.NaN]) }, /"fc\.bias" holds NaN at 1/],
  ])("refuses what does not fit: %#", (tensors: Record<string, Tensor>, message) => {
    expect(() => packWeights(tensors, layout, { source: "w.st" })).toThrow(message);
  });
});
