// Files larger than a string or than memory: read piece by piece, or told how much memory they need.
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { filePieces, loadModel } from "../src/index.node.ts";
import { ModelFileError, parseVectors, readVectors, train } from "../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "reprise-large-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A word-vector model of two words and so many n-grams whose rows are holes in the file. */
function sparseModel(name: string, dim: number, bucket: number): string {
  const path = join(folder, name);
  const head = Buffer.alloc(4096);
  let at = 0;
  const int = (...values: number[]) => {
    for (const value of values) at = head.writeInt32LE(value, at);
  };
  const long = (...values: number[]) => {
    for (const value of values) at = head.writeBigInt64LE(BigInt(value), at);
  };
  int(793712314, 12, dim, 5, 1, 1, 5, 1, 2, 2, bucket, 3, 6, 100); // ns, skipgram
  at = head.writeDoubleLE(1e-4, at);
  int(2, 2, 0);
  long(10, -1);
  for (const word of ["</s>", "hen"]) {
    at += head.write(`${word}\0`, at);
    long(5);
    at = head.writeUInt8(0, at);
  }
  at = head.writeUInt8(0, at);
  long(2 + bucket, dim);
  const file = openSync(path, "w");
  writeSync(file, head, 0, at);
  const rows = 4 * dim * (2 + bucket);
  const tail = Buffer.alloc(17);
  tail.writeBigInt64LE(2n, 1);
  tail.writeBigInt64LE(BigInt(dim), 9);
  writeSync(file, tail, 0, 17, at + rows);
  ftruncateSync(file, at + rows + 17 + 8 * dim);
  closeSync(file);
  return path;
}

describe("a model", () => {
  test("of 7 GB says how much memory it needs, and takes none", () => {
    const before = process.memoryUsage.rss();
    vi.spyOn(process, "availableMemory").mockReturnValue(1e12);
    const path = sparseModel("large.bin", 300, 5_800_000);
    expect(() => loadModel(path)).toThrow(ModelFileError);
    expect(() => loadModel(path)).toThrow(
      /large\.bin: its rows take 7\.0 GB of memory, and 4\.3 GB can be addressed here; quantise the model, or train it with a smaller dim or bucket/,
    );
    vi.restoreAllMocks();
    expect(process.memoryUsage.rss() - before).toBeLessThan(2e8);
  });

  test("larger than the memory that is free says both", () => {
    vi.spyOn(process, "availableMemory").mockReturnValue(9e8);
    expect(() => loadModel(sparseModel("full.bin", 100, 3_000_000))).toThrow(
      /full\.bin: this model needs 1\.2 GB of memory, and 0\.9 GB are free\./,
    );
    vi.restoreAllMocks();
  });

  test("of holes that fits is read", () => {
    const model = loadModel(sparseModel("small.bin", 50, 20_000));
    expect(model.words).toEqual(["</s>", "hen"]);
    expect(model.wordVector("hen")).toEqual(new Float32Array(50));
  });
});

describe("word vectors", () => {
  const text =
    "3 4\nhen 0.5 -0.25 1e-2 2\nbrûlée 1 -0 .5 123456789012345678\nx\u00a0y 0.1 0.30000000000000004 5. -7e3 \r\n";
  const expected = [0.5, -0.25, 1e-2, 2, 1, -0, 0.5, Number("123456789012345678"), 0.1, 0.30000000000000004, 5, -7e3];

  test("come piece by piece, cut anywhere", async () => {
    const bytes = Buffer.from(text);
    for (const length of [1, 2, 3, 7, 50, 1000]) {
      const cut = Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) =>
        bytes.subarray(i * length, (i + 1) * length),
      );
      for (const found of [parseVectors(cut), await readVectors(cut)]) {
        expect(found.words).toEqual(["hen", "brûlée", "x\u00a0y"]);
        expect(found.vectors).toEqual(Float32Array.from(expected));
      }
    }
    expect(parseVectors(text.trimEnd()).vectors).toEqual(Float32Array.from(expected));
  });

  test("every number as JavaScript reads it", () => {
    const written = Array.from({ length: 2000 }, (_, i) => {
      const value = Math.sin(i * 12.9898) * 10 ** ((i % 25) - 12);
      return [String(value), value.toFixed(5), value.toExponential(3), value.toPrecision(16)][i % 4]!;
    });
    const { vectors } = parseVectors(`1 2000\nhen ${written.join(" ")}\n`);
    expect(vectors).toEqual(Float32Array.from(written, Number));
  });

  test.each([
    ["", 'vectors: the first line is ""; expected the number of words and their length.'],
    ["hen 1 2\n", 'vectors: the first line is "hen 1 2"; expected'],
    ["2 2\nhen 1 2\n", "vectors: 2 words are announced and 1 lines follow."],
    ["1 2\nhen 1\n", 'vectors: line 2 ("hen") has 1 numbers; expected 2.'],
    ["1 2\nhen 1 x\n", 'vectors: number 2 of line 2 ("hen") is not a finite number.'],
    ["1 2\nhen 1 -\n", 'vectors: number 2 of line 2 ("hen") is not a finite number.'],
    ["1 2\nhen 1 1e39\n", 'vectors: number 2 of line 2 ("hen") is not a finite number.'],
    ["1 2\nhen -inf 1\n", 'vectors: number 1 of line 2 ("hen") is not a finite number.'],
    ["0 2\n", "vectors: its first line announces 0 words; expected one or more."],
    [
      "90000000000 300\nhen 1\n",
      "vectors: 90000000000 words of 300 numbers take 108000.0 GB of memory, more than the system gives.",
    ],
  ])("%j is told", (given, message) => {
    expect(() => parseVectors(given)).toThrow(message);
  });

  test("of a file larger than the pieces it is read in start a classifier", async () => {
    const path = join(folder, "words.vec");
    const file = openSync(path, "w");
    writeSync(file, "30000 20\n");
    for (let i = 0; i < 30_000; i++) writeSync(file, `w${i} ${`${(i % 1000) / 1000} `.repeat(20)}\n`);
    closeSync(file);
    const pretrained = parseVectors(filePieces(path), path);
    const model = await train(["__label__a w1 w2", "__label__b w29999"], { dim: 20, epoch: 0 }, { pretrained });
    expect(model.words).toHaveLength(30_001);
    expect(model.wordVector("w29999")).toEqual(new Float32Array(20).fill(0.999));
  });
});
