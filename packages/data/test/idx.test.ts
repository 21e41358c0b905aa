import { DataError, decodeIdx, encodeIdx, gzip, type IdxDType, type NdArray, ndArray } from "@reprise/data";
import { describe, expect, it } from "vitest";

const bytes = (...values: number[]) => Uint8Array.from(values);
const reading = (file: Uint8Array, options?: { maxBytes?: number }) => decodeIdx(file, "digits.gz", options);
const samples: NdArray<IdxDType>[] = [
  ndArray("uint8", [2, 3], bytes(0, 1, 2, 3, 254, 255)),
  ndArray("int8", [3], Int8Array.of(-128, 0, 127)),
  ndArray("int16", [2, 1], Int16Array.of(-32768, 258)),
  ndArray("int32", [2], Int32Array.of(-(2 ** 31), 0x01020304)),
  ndArray("float32", [1, 2, 2], Float32Array.of(0.1, -0, Number.POSITIVE_INFINITY, Number.NaN)),
  ndArray("float64", [2], Float64Array.of(Math.PI, Number.MIN_VALUE)),
  ndArray("uint8", [], bytes(7)),
  ndArray("uint8", [0, 28, 28], bytes()),
];

describe("the format, byte by byte as its description gives it", () => {
  it("reads unsigned bytes", async () => {
    const file = bytes(0, 0, 0x08, 2, 0, 0, 0, 2, 0, 0, 0, 3, 10, 20, 30, 40, 50, 60);
    expect(await reading(file)).toEqual(ndArray("uint8", [2, 3], bytes(10, 20, 30, 40, 50, 60)));
  });

  it("reads big-endian integers and floats", async () => {
    expect(await reading(bytes(0, 0, 0x0c, 1, 0, 0, 0, 2, 0x00, 0x00, 0x01, 0x02, 0xff, 0xff, 0xff, 0xfe))).toEqual(
      ndArray("int32", [2], Int32Array.of(258, -2)),
    );
    expect(await reading(bytes(0, 0, 0x0d, 1, 0, 0, 0, 1, 0x3f, 0xc0, 0x00, 0x00))).toEqual(
      ndArray("float32", [1], Float32Array.of(1.5)),
    );
  });

  it("reads a file that starts in the middle of a buffer, at an odd place", async () => {
    const file = bytes(9, 9, 9, 0, 0, 0x0b, 1, 0, 0, 0, 1, 0x01, 0x02, 9).subarray(3, 13);
    expect(await reading(file)).toEqual(ndArray("int16", [1], Int16Array.of(258)));
  });
});

describe("decode ∘ encode = identity", () => {
  it.each(samples)("$dtype $shape", async (array) => {
    expect(await reading(encodeIdx(array))).toEqual(array);
    expect(await reading(await gzip(encodeIdx(array)))).toEqual(array);
  });

  it("a file of many chunks, packed", async () => {
    const data = Uint8Array.from({ length: 2 ** 17 }, (_, i) => (i * 2654435761) >>> 24);
    const array = ndArray("uint8", [128, 1024], data);
    expect((await reading(await gzip(encodeIdx(array)))).data).toEqual(data);
  });

  it("leaves the array it writes as it was", () => {
    const array = ndArray("int16", [1], Int16Array.of(258));
    encodeIdx(array);
    expect(array.data[0]).toBe(258);
  });
});

describe("what is not an IDX file", () => {
  const good = encodeIdx(samples[0]!);

  it("names the file, as a DataError", async () => {
    const error = await reading(bytes(1, 2, 3, 4)).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DataError);
    expect(error).toMatchObject({ source: "digits.gz" });
  });

  it.each<[string, Uint8Array, string]>([
    ["empty", bytes(), "digits.gz: is not an IDX file: it starts with nothing, it is empty; expected 00 00, a type"],
    ["PNG", bytes(0x89, 0x50, 0x4e, 0x47, 0x0d), "is not an IDX file: it starts with 89 50 4e 47; expected"],
    ["unknown type", bytes(0, 0, 0x0a, 1, 0, 0, 0, 0), "is not an IDX file: it starts with 00 00 0a 01"],
    [
      "cut in the header",
      good.subarray(0, 9),
      "the IDX header announces 2 dimensions and needs 12 bytes; the file has 9. It is cut short",
    ],
    [
      "cut in the data",
      good.subarray(0, 17),
      "announces uint8 [2, 3], 18 bytes with the header; the file has 17. It is cut short",
    ],
    [
      "too long",
      Uint8Array.of(...good, 0),
      "announces uint8 [2, 3], 18 bytes with the header; the file has 19. Something was appended",
    ],
    [
      "dimensions that overflow",
      bytes(0, 0, 0x0e, 3, ...new Array<number>(12).fill(255)),
      "announces float64 [4294967295, 4294967295, 4294967295], 6.338252",
    ],
  ])("%s", async (_, file, message) => {
    await expect(reading(file)).rejects.toThrow(message);
    // The same file in gzip gives the same kind of answer.
    await expect(reading(await gzip(file))).rejects.toThrow(DataError);
  });

  it("gzip cut short, damaged, or followed by something else", async () => {
    const packed = await gzip(
      encodeIdx(
        ndArray(
          "uint8",
          [5000],
          new Uint8Array(5000).map((_, i) => i * i),
        ),
      ),
    );
    const damaged = packed.slice();
    damaged[packed.length - 6]! ^= 0xff; // the checksum
    for (const file of [packed.subarray(0, packed.length - 9), damaged, Uint8Array.of(...packed, 1, 2, 3)])
      await expect(reading(file)).rejects.toThrow(
        /^digits\.gz: the gzip data \(\d+ bytes\) are damaged or cut short\. Download/,
      );
  });

  it("a small gzip file that unpacks to far more than its header says is refused on the way", async () => {
    const bomb = new Uint8Array(20_000_000);
    bomb.set(bytes(0, 0, 0x08, 1, 0, 0, 8, 0));
    await expect(reading(await gzip(bomb))).rejects.toThrow(/announces uint8 \[2048\], 2056 bytes .* unpack to more/);
  });

  it("a size above the limit is refused before it is unpacked", async () => {
    await expect(reading(good, { maxBytes: 17 })).rejects.toThrow("18 bytes; at most 17 are read");
  });
});

it("writing what IDX cannot hold is refused", () => {
  const int64 = ndArray("int64", [1], BigInt64Array.of(1n)) as unknown as NdArray<IdxDType>;
  expect(() => encodeIdx(int64)).toThrow("IDX cannot hold int64, only uint8, int8, int16, int32, float32, float64");
  expect(() => encodeIdx(ndArray("uint8", [0, 2 ** 32], bytes()))).toThrow("cannot hold the shape [0, 4294967296]");
});
