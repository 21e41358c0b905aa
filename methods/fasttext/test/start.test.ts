// Where rows start: at random when the text names them, so that something is learnt from n-grams alone.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { evaluate, type LossName, type Model, precision, readableKernel, train, wasmKernel } from "../src/index.ts";
import { MinimalStandard } from "../src/reference/random.ts";
import { fnv1a } from "../src/text/hash.ts";
import { bytesOf, rowOf } from "./model-parts.ts";

/** What the C++ program learns, by tools/reference/fasttext_ngram_words.py. */
const reference = JSON.parse(readFileSync(new URL("fixtures/ngram-words.json", import.meta.url), "utf8")) as {
  readonly lines: string;
  readonly found: readonly { readonly loss: LossName; readonly threads: number; readonly precision: number }[];
};

/** A word of 36 letters a line, the text of that script. */
function longWords(): string[] {
  const random = new MinimalStandard(1);
  const syllable = () => [0, 1, 2].map(() => String.fromCharCode(98 + random.below(12))).join("");
  const syllables = Array.from({ length: 4 }, () => Array.from({ length: 20 }, syllable));
  return Array.from({ length: 3000 }, (_, i) => {
    const part = () => syllables[random.below(3) === 0 ? i % 4 : random.below(4)]![random.below(20)]!;
    return `__label__${i % 4} ${Array.from({ length: 12 }, part).join("")}\n`;
  });
}

describe("from character n-grams alone as much is learnt as by the C++ program", () => {
  const lines = longWords();
  const [text, held] = [lines.slice(0, 2400), lines.slice(2400)].map((some) => [Buffer.from(some.join(""))]);
  const settings = { minn: 3, maxn: 4, dim: 16, bucket: 20_000, lr: 0.5 };

  test("on the same lines", () => expect(lines[0]! + lines[2999]!).toBe(reference.lines));

  test.each(["softmax", "hs", "ns", "ova"] as const)("%s", async (loss) => {
    const found: number[] = [];
    for (const seed of [0, 1, 2])
      found.push(precision(evaluate(await train(text!, { ...settings, loss, seed }), held!).all));
    const theirs = reference.found.filter((run) => run.loss === loss).map((run) => run.precision);
    expect(found.reduce((sum, value) => sum + value, 0) / 3).toBeGreaterThan(Math.min(...theirs) - 0.005);
  });
});

const rows = (model: Model) => Array.from({ length: model.tables.input.rows }, (_, row) => rowOf(model, row));
const isZero = (row: readonly number[]) => row.every((value) => value === 0);

test("a row that the text names starts at random, any other stays 0; both kernels alike, whatever the epoch", async () => {
  const text = ["__label__a red fox\n__label__b blue whale\n"];
  const settings = { dim: 3, epoch: 0, wordNgrams: 2, bucket: 50, minn: 2, maxn: 3 };
  const model = await train(text, settings);
  const readable = await train(text, settings, { kernel: readableKernel });
  expect(bytesOf(readable).equals(bytesOf(model))).toBe(true);
  const { words } = model.tables.dictionary;
  const named = new Set<number>();
  const name = (hash: number) => named.add(words + ((hash >>> 0) % 50));
  for (const word of ["<red>", "<fox>", "<blue>", "<whale>"])
    for (const length of [2, 3])
      for (let i = 0; i + length <= word.length; i++) name(fnv1a(new TextEncoder().encode(word.slice(i, i + length))));
  // Bigrams of words: "red fox", "fox </s>", …
  for (const line of [
    ["red", "fox", "</s>"],
    ["blue", "whale", "</s>"],
  ]) {
    const hashes = line.map((word) => BigInt(fnv1a(new TextEncoder().encode(word)) | 0));
    for (let i = 0; i + 1 < hashes.length; i++)
      named.add(words + Number(BigInt.asUintN(64, hashes[i]! * 116049371n + hashes[i + 1]!) % 50n));
  }
  for (const [row, values] of rows(model).entries()) {
    expect(isZero(values)).toBe(row >= words && !named.has(row));
    for (const value of values) expect(Math.abs(value)).toBeLessThanOrEqual(Math.fround(1 / 3));
  }
  const other = await train(text, { ...settings, seed: 1 });
  expect(rowOf(other, words + 0)).toEqual(
    rowOf(model, words + 0).map((value) => (value === 0 ? 0 : expect.any(Number))),
  );
  expect(bytesOf(other).equals(bytesOf(model))).toBe(false);
});

describe.each([wasmKernel, readableKernel])("the $name kernel", (kernel) => {
  test("goes on from trained rows; those that only the new text names start at random", async () => {
    const settings = { dim: 3, epoch: 3, lr: 0.5, wordNgrams: 2, bucket: 200 };
    const from = await train(["__label__a red fox\n__label__b blue whale\n"], settings, { kernel });
    const on = await train(["__label__a red fox\n__label__b grey seal\n"], { epoch: 0 }, { from, kernel });
    const [before, after] = [rows(from), rows(on)];
    const [old, now] = [from, on].map(({ tables }) => tables.dictionary.words) as [number, number];
    let started = 0;
    for (let bucket = 0; bucket < 200; bucket++) {
      const was = before[old + bucket]!;
      if (!isZero(was)) expect(after[now + bucket]).toEqual(was);
      else if (!isZero(after[now + bucket]!)) started++;
    }
    expect(started).toBe(2); // "grey seal", "seal </s>"
  });

  test("starts the n-grams of word vectors", async () => {
    const settings = { model: "skipgram", minCount: 1, dim: 3, epoch: 0, bucket: 50_000, minn: 3, maxn: 3 } as const;
    const { tables, ...model } = await train(["red fox\nblue whale\n"], settings, { kernel });
    expect(model).toBeDefined();
    const started = rows({ tables } as Model).slice(tables.dictionary.words);
    // <re red ed>, <fo fox ox>, <bl blu lue ue>, <wh wha hal ale le>; a line end has none
    expect(started.filter((row) => !isZero(row)).length).toBe(15);
  });
});
