import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { chooseEncoding, packable, packFile, packPage } from "../src/server/encoding.ts";

const bytes = new Uint8Array(1);
const both = { identity: bytes, br: bytes, gzip: bytes };

test.each([
  [undefined, null],
  ["", null],
  ["gzip", "gzip"],
  ["GZIP", "gzip"],
  ["x-gzip", "gzip"],
  ["br", "br"],
  ["gzip, deflate, br, zstd", "br"],
  ["br;q=0.5, gzip", "gzip"],
  ["gzip;q=0.8, br;q=0.8", "br"],
  ["gzip;q=0", null],
  ["gzip;q=0.000", null],
  ["gzip; q=0, br; q=0", null],
  ["br;q=0, gzip", "gzip"],
  ["*", "br"],
  ["*;q=0", null],
  ["*;q=0, gzip", "gzip"],
  ["br;q=0, *", "gzip"],
  ["identity", null],
  ["identity, gzip;q=0.5", null],
  ["identity;q=0.5, gzip;q=0.9", "gzip"],
  ["identity;q=0, gzip;q=0.1", "gzip"],
  ["deflate", null],
  ["gzipx, notgzip", null],
  ["gzip;q=nonsense", null],
  ["gzip;q=1.5", null],
  [" , ;q=1, gzip ", "gzip"],
])("Accept-Encoding %j gets %j", (accept, expected) => {
  expect(chooseEncoding(accept, both)).toBe(expected);
});

test("only what there is is chosen", () => {
  expect(chooseEncoding("br, gzip;q=0.1", { identity: bytes, gzip: bytes })).toBe("gzip");
  expect(chooseEncoding("br, gzip", { identity: bytes })).toBe(null);
});

test("packed copies unpack to the same; those that save nothing are left out", async () => {
  const text = "A line that repeats itself.\n".repeat(100);
  const page = new Uint8Array(Buffer.from(text));
  expect(gunzipSync((await packPage(page, "gzip"))!).toString()).toBe(text);
  expect(brotliDecompressSync((await packPage(page, "br"))!).toString()).toBe(text);
  const file = await packFile(new Uint8Array(Buffer.from(text)));
  expect(brotliDecompressSync(file.br!).toString()).toBe(text);
  const noise = new Uint8Array(2000).map((_, i) => (Math.imul(i, 2_654_435_761) >>> 13) & 255);
  for (let i = 1; i < noise.length; i++) noise[i] = Math.imul(noise[i]! + noise[i - 1]!, 1_103_515_245) >>> 16;
  expect(await packPage(noise.slice(0, 100), "gzip")).toBeUndefined();
  const random = await packFile(crypto.getRandomValues(noise));
  expect([random.br, random.gzip]).toEqual([undefined, undefined]);
});

test("pictures, fonts and archives are not packed again", () => {
  const files = ["a.png", "a.woff2", "a.gz", "a.onnx", "a.wasm", "a.js"];
  expect(files.filter(packable)).toEqual(["a.onnx", "a.wasm", "a.js"]);
});
