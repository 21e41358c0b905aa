import { inflateSync } from "node:zlib";
import { encodePng } from "@reprise/data";
import { describe, expect, it } from "vitest";

describe("encodePng", () => {
  for (const [width, height, channels] of [
    [3, 2, 1],
    [2, 3, 3],
    [300, 250, 1], // more than one stored block
  ] as const)
    it(`${width} × ${height} × ${channels}: another decoder reads the pixels back`, () => {
      const pixels = Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 37) % 256);
      const png = Buffer.from(encodePng(pixels, width, height));
      expect(png.subarray(1, 4).toString()).toBe("PNG");
      expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([width, height]);
      const data = inflateSync(png.subarray(41, 41 + png.readUInt32BE(33))); // checks Adler-32
      const stride = width * channels;
      const lines = Array.from({ length: height }, (_, y) => [
        ...data.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)),
      ]);
      expect(lines.flat()).toEqual([...pixels]);
    });

  it("refuses sizes that do not fit", () => {
    expect(() => encodePng(new Uint8Array(5), 2, 2)).toThrow("5 values for 2 × 2, expected 1 or 3 a pixel");
  });
});
