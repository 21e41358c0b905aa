import { decodeNpy, encodeNpy, ndArray } from "@reprise/data";
import { describe, expect, it } from "vitest";
import reference from "./fixtures/npy.json" with { type: "json" };

const fileOf = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
const valueFrom = (dtype: string, repr: string) => {
  if (dtype === "bool") return repr === "True" ? 1 : 0;
  if (dtype.endsWith("64") && dtype !== "float64") return BigInt(repr);
  const value = Number(repr.replace("inf", "Infinity").replace("nan", "NaN"));
  return dtype === "float32" ? Math.fround(value) : value;
};
const withHeader = (dict: string, data: number[] = [], version = 1) =>
  Uint8Array.of(
    0x93,
    ..."NUMPY".split("").map((c) => c.charCodeAt(0)),
    version,
    0,
    dict.length & 255,
    dict.length >> 8,
    ...dict.split("").map((c) => c.charCodeAt(0)),
    ...data,
  );
const bytesHeader = (shape: string) => `{'descr': '|u1', 'fortran_order': False, 'shape': ${shape}, }\n`;

describe(`files written by NumPy ${reference.numpy}`, () => {
  it.each(reference.cases)("reads $name", ({ dtype, shape, values, file }) => {
    const array = decodeNpy(fileOf(file), "x.npy");
    expect(array.dtype).toBe(dtype);
    expect(array.shape).toEqual(shape);
    expect([...array.data]).toEqual(values.map((repr) => valueFrom(dtype, repr)));
  });

  it("writes the bytes that NumPy writes, for little-endian row-major arrays of version 1", () => {
    const names = [
      "<i1",
      "<u1",
      "<i2",
      "<u2",
      "<i4",
      "<u4",
      "<i8",
      "<u8",
      "<f4",
      "<f8",
      "bool",
      "scalar",
      "vector",
      "empty",
    ];
    for (const { name, file } of reference.cases.filter((c) => names.includes(c.name)))
      expect([name, encodeNpy(decodeNpy(fileOf(file), name))]).toEqual([name, fileOf(file)]);
  });
});

describe("laws", () => {
  it("decode ∘ encode = identity, at any alignment", () => {
    const array = ndArray("float32", [2, 1, 3], Float32Array.of(1, -2.5, 1e-40, Number.NaN, -0, 3e38));
    const file = encodeNpy(array);
    const shifted = new Uint8Array(file.length + 3);
    shifted.set(file, 3);
    expect(decodeNpy(shifted.subarray(3), "x.npy")).toEqual(array);
    expect((file.length - 24) % 64).toBe(0); // the elements start at a multiple of 64
  });

  it("a Fortran-ordered file and its row-major twin are the same array", () => {
    const fortran = withHeader("{'descr': '<u1', 'fortran_order': True, 'shape': (2, 3), }\n", [1, 4, 2, 5, 3, 6]);
    expect(decodeNpy(fortran, "x.npy")).toEqual(ndArray("uint8", [2, 3], Uint8Array.of(1, 2, 3, 4, 5, 6)));
  });

  it("reads keys in any order, double quotes, and Python 2's long integers", () => {
    const file = withHeader('{"shape": (2L,), "fortran_order": False, "descr": "|u1"}\n', [1, 2]);
    expect(decodeNpy(file, "x.npy")).toEqual(ndArray("uint8", [2], Uint8Array.of(1, 2)));
  });
});

describe("what is not read, each with the file's name", () => {
  it.each<[string, Uint8Array, string]>([
    [
      "empty",
      new Uint8Array(0),
      'x.npy: is not an NPY file: it does not start with "\\x93NUMPY" and a version (0 bytes)',
    ],
    ["a zip (npz)", Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0, 0), "x.npy: is not an NPY file"],
    ["a later version", withHeader(bytesHeader("(0,)"), [], 4), "NPY version 4.0 is not read, only 1.0, 2.0 and 3.0"],
    [
      "a header past the end",
      withHeader(bytesHeader("(0,)")).subarray(0, 30),
      "the NPY header runs past the end of the file (30 bytes)",
    ],
    [
      "too few elements",
      withHeader(bytesHeader("(2, 2)"), [1, 2, 3]),
      "announces uint8 [2, 2], 74 bytes with the header; the file has 73. It is cut short",
    ],
    ["too many elements", withHeader(bytesHeader("(2,)"), [1, 2, 3]), "More than one array in a file is not read"],
    [
      "a shape that overflows",
      withHeader(bytesHeader("(99999999999, 99999999999)"), [1]),
      "announces uint8 [99999999999, 99999999999], 9.9999",
    ],
    [
      "objects",
      withHeader("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n", [0]),
      "elements of type |O are not read, only b1, i1",
    ],
    [
      "half precision",
      withHeader("{'descr': '<f2', 'fortran_order': False, 'shape': (1,), }\n", [0, 0]),
      'array.astype("<f4")',
    ],
    [
      "records",
      withHeader("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }\n", [0, 0, 0, 0]),
      "elements of type [('a', '<f4')] are not read",
    ],
    [
      "a missing key",
      withHeader("{'descr': '<f4', 'shape': (1,), }\n"),
      "the NPY header is damaged: \"{'descr': '<f4', 'shape': (1,), }\"",
    ],
    ["a negative size", withHeader(bytesHeader("(-1,)")), "the NPY header is damaged"],
    ["a hole in the shape", withHeader(bytesHeader("(2,,2)"), [1, 2, 3, 4]), "the NPY header is damaged"],
    ["code instead of a dict", withHeader("__import__('os').system('x')\n"), "the NPY header is damaged"],
    [
      "a boolean of 2",
      withHeader("{'descr': '|b1', 'fortran_order': False, 'shape': (1,), }\n", [2]),
      "holds the byte 2 where a boolean",
    ],
  ])("%s", (_, file, message) => {
    expect(() => decodeNpy(file, "x.npy")).toThrow(message);
  });
});
