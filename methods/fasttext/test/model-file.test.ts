// Files that are no models, broken models, hostile models.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Model, ModelFileError, readableKernel, wasmKernel } from "../src/index.ts";
import { Memory } from "../src/kernel/memory.ts";
import { readBytes } from "../src/model/model-file.ts";
import { MinimalStandard } from "../src/reference/random.ts";

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url));
const files = ["softmax.bin", "hs.bin", "ova-pruned.ftz", "skipgram.bin"].map(fixture);

/** A file with 32-bit numbers changed from byte `at` on. */
function changed(name: string, at: number, ...values: number[]): Uint8Array {
  const bytes = Uint8Array.from(fixture(name));
  for (const [i, value] of values.entries()) new DataView(bytes.buffer).setInt32(at + 4 * i, value, true);
  return bytes;
}

describe("what is wrong is told", () => {
  test.each<[string, Uint8Array, RegExp]>([
    ["nothing", new Uint8Array(0), /m\.bin: the file is empty; expected a \.bin or \.ftz/],
    ["text", Buffer.from("__label__a some words"), /this is not a fastText model/],
    ["a newer version", changed("softmax.bin", 4, 13), /version 13, and versions 11 and 12 can be read; update this/],
    ["an older version", changed("softmax.bin", 4, 10), /version 10, and.*write it again with fastText 0\.9/],
    ["an unknown loss", changed("softmax.bin", 8 + 24, 9), /loss is number 9/],
    ["rows of no length", changed("softmax.bin", 8, 0), /rows have 0 numbers/],
    ["a dictionary larger than the file", changed("softmax.bin", 64, 1 << 30), /1073741824 entries/],
    ["a bucket count that the rows belie", changed("softmax.bin", 8 + 32, 301), /need more/],
    ["a bucket count below 0", changed("softmax.bin", 8 + 32, -5), /m\.bin: the bucket count is -5/],
    [
      "entries that are not words and labels",
      changed("softmax.bin", 68, 1),
      /dictionary says \d+ entries, 1 words and/,
    ],
    ["kept n-grams below none", changed("softmax.bin", 84, -7), /the dictionary says -\d+ kept n-grams/],
    ["a dim that the matrices belie", changed("softmax.bin", 8, 6), /settings say 6 numbers a row/],
    ["a count below 0", changed("softmax.bin", 92 + 5, 0, -1), /the count of "<\/s>" is -4294967296/],
    [
      "dense rows of a dictionary that was cut",
      changed("softmax.bin", 84, 0, 0),
      /the dictionary is pruned but the rows are not quantised; such files were written before 2017/,
    ],
    [
      "half a file",
      fixture("softmax.bin").subarray(0, 5000),
      /more than the file holds; copy or download it again \(at byte \d+ of 5000\)/,
    ],
    ["a file without its last byte", fixture("softmax.bin").subarray(0, -1), /file/],
  ])("%s", (_name, bytes, message) => {
    expect(() => Model.fromBytes(bytes, { name: "m.bin" })).toThrow(message);
    expect(() => Model.fromBytes(bytes)).toThrow(ModelFileError);
  });
});

test("version 11 is read; its supervised models have no character n-grams", () => {
  const old = Model.fromBytes(changed("ova.bin", 4, 11));
  expect(old.tables.maxn).toBe(0);
  expect(Model.fromBytes(fixture("ova.bin")).tables.maxn).toBe(4);
});

test("10,000 mutated files: an error or a model that answers, in little memory", () => {
  const random = new MinimalStandard(99);
  const text = Buffer.from("__label__fish tuna lemon brûlée unseen\nflour\n");
  const odd = [0, 1, 0x7f, 0x80, 0xff];
  let read = 0;
  let memory = new Memory(1 << 26);
  for (let i = 0; i < 10_000; i++) {
    let bytes = Uint8Array.from(files[i % files.length]!);
    for (let change = random.below(4); change >= 0; change--) {
      // Half of the changes hit the first 600 bytes, where the lengths are.
      const at = random.below(random.below(2) === 0 ? 600 : bytes.length);
      if (random.below(8) === 0) bytes = bytes.slice(0, at);
      else bytes[at] = random.below(2) === 0 ? odd[random.below(odd.length)]! : random.below(256);
      if (bytes.length < 2) break;
    }
    if (memory.used > 1 << 24) memory = new Memory(1 << 26);
    const before = memory.used;
    try {
      const { tables, header } = readBytes(bytes, "mutated", "__label__", { memory });
      read++;
      if (tables.model !== "supervised" || read % 8 !== 0) continue;
      const model = new Model(tables, header, read % 16 === 0 ? readableKernel : wasmKernel);
      for (const { predicted } of model.classify([text], { k: -1 }))
        for (const label of predicted) expect(label).toBeLessThan(tables.output.rows);
    } catch (error) {
      if (!(error instanceof ModelFileError)) throw error;
      expect(memory.used - before).toBeLessThan(16 * bytes.length + (1 << 16));
    }
  }
  expect(read).toBeGreaterThan(1000); // most changes hit a number of the matrices
}, 60_000);
