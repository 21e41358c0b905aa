// Laws of the small parts: hash, tree, heap, sort, number format, random numbers.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { formatNumber } from "../src/index.ts";
import { Memory } from "../src/kernel/memory.ts";
import { wasmKernel } from "../src/kernel/wasm.ts";
import { huffman } from "../src/model/huffman.ts";
import { Model } from "../src/model/model.ts";
import { Top } from "../src/model/top.ts";
import { introsort } from "../src/reference/introsort.ts";
import { MinimalStandard } from "../src/reference/random.ts";
import { readableKernel } from "../src/reference/readable.ts";
import { Dictionary } from "../src/text/dictionary.ts";
import { fnv1a } from "../src/text/hash.ts";
import { wordNgramRows } from "../src/text/ngrams.ts";
import { spans } from "../src/text/tokenize.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("FNV-1a: published values for ASCII, signed bytes beyond", () => {
  // The reference vectors of the FNV authors.
  expect(fnv1a(bytes(""))).toBe(0x811c9dc5);
  expect(fnv1a(bytes("a"))).toBe(0xe40c292c);
  expect(fnv1a(bytes("foobar"))).toBe(0xbf9cf968);
  // 0xe9 as −23: (2166136261 ^ 0xffffffe9) · 16777619 mod 2³².
  expect(fnv1a(Uint8Array.of(0xe9))).toBe(Number((BigInt((2166136261 ^ 0xffffffe9) >>> 0) * 16777619n) % 2n ** 32n));
});

/** Words of 1 to 20 bytes from a small alphabet, so that they come again, between all kinds of separators. */
function someText(count: number): Uint8Array {
  const random = new MinimalStandard(3);
  const pick = (n: number) => Math.floor(random.uniform() * n);
  const parts: number[] = [];
  for (let i = 0; i < count; i++) {
    if (pick(9) === 0) parts.push(...bytes("__label__"));
    const first = [97, 1, 0xe9][pick(3)]!;
    parts.push(first, ...new Array<number>(pick(20)).fill(98 + pick(2)));
    parts.push([32, 9, 10, 11, 12, 13, 0][pick(7)]!);
  }
  return Uint8Array.from(parts);
}

test("both kernels read the same words, met lately or not, whole or in pieces", () => {
  const text = someText(5000);
  const read = (kernel: typeof readableKernel, piece: number) => {
    const memory = new Memory();
    const dictionary = new Dictionary(memory, "__label__");
    dictionary.intern(bytes("</s>"));
    const tokens = memory.int32(text.length);
    const all: number[] = [];
    for (let at = 0; at < text.length; ) {
      const end = Math.min(text.length, at + piece);
      const part = memory.bytes(end - at);
      part.set(text.subarray(at, end));
      dictionary.reserve(part.length, kernel.fillSlots);
      const { used, written } = kernel.scan(dictionary, part, end === text.length, tokens);
      all.push(...tokens.subarray(0, written));
      at += used;
    }
    const entries = Array.from({ length: dictionary.size }, (_, i) => [
      Buffer.from(dictionary.bytesOf(i)).toString("hex"),
      dictionary.counts[i],
      dictionary.kinds[i],
    ]);
    return { all, entries };
  };
  const expected = read(readableKernel, text.length);
  expect(expected.entries.length).toBeGreaterThan(150);
  expect(expected.all.length).toBeGreaterThan(5000);
  expect(read(wasmKernel, text.length)).toEqual(expected);
  expect(read(wasmKernel, 97)).toEqual(expected);
});

test.each([1, 1000, 16383, 16384, 1_000_000, 2 ** 31 - 1])("both kernels give a line the same rows of %i", (bucket) => {
  const text = Array.from(someText(2000), (byte) => (byte === 10 ? 32 : byte));
  const read = (kernel: typeof readableKernel) => {
    const { tables } = Model.fromBytes(readFileSync(new URL("fixtures/softmax.bin", import.meta.url)), { kernel });
    const line = tables.memory.bytes(text.length + 1);
    line.set([...text, 10]);
    const rows = new Int32Array(3 * text.length);
    const settings = { ...tables, bucket, wordNgrams: 3, maxn: 0 };
    return Array.from(rows.subarray(0, kernel.lineRows(settings, line, rows)));
  };
  const expected = read(readableKernel);
  expect(expected.length).toBeGreaterThan(3000);
  expect(read(wasmKernel)).toEqual(expected);
});

test("word n-grams: h·116049371 + h′ in 64 bits with sign", () => {
  const dictionary = new Dictionary(new Memory(1 << 20), "__label__");
  const hashes = Int32Array.of(-5, 7, 2 ** 31 - 1);
  const rows = new Int32Array(6);
  const end = wordNgramRows(dictionary, hashes, 3, 1000, rows, 0);
  const m = 2n ** 64n;
  const two = (a: bigint, b: bigint) => (((a + m) % m) * 116049371n + b + m) % m;
  const expected = [two(-5n, 7n), two(two(-5n, 7n), 2n ** 31n - 1n), two(7n, 2n ** 31n - 1n)];
  expect(Array.from(rows.subarray(0, end))).toEqual(expected.map((h) => Number(h % 1000n)));
});

test("tokens: seven separators, a line end is a word of its own, an unfinished word waits", () => {
  const text = bytes("a b\tc\rd\ve\ff\0g\n\nh");
  const read = (last: boolean) => Array.from(spans(text, last), ({ start, end }) => [start, end]);
  const words = [0, 2, 4, 6, 8, 10, 12].map((at) => [at, at + 1]);
  expect(read(false)).toEqual([...words, [13, 13], [14, 14]]);
  expect(read(true)).toEqual([...words, [13, 13], [14, 14], [15, 16]]);
});

test("Huffman: leaf probabilities sum to 1, and no code of the same lengths is cheaper", () => {
  const counts = [40, 21, 13, 13, 8, 3, 1, 1];
  const tree = huffman(counts, (length) => new Int32Array(length));
  const lengths = counts.map((_, i) => tree.pathStarts[i + 1]! - tree.pathStarts[i]!);
  expect(lengths.reduce((sum, length) => sum + 2 ** -length, 0)).toBe(1);
  // Cost of the optimal code: the sum of all inner nodes' counts, merging the two rarest each time.
  const queue = [...counts];
  let cost = 0;
  while (queue.length > 1) {
    queue.sort((a, b) => a - b);
    const merged = queue.shift()! + queue.shift()!;
    cost += merged;
    queue.push(merged);
  }
  expect(counts.reduce((sum, count, i) => sum + count * lengths[i]!, 0)).toBe(cost);
});

test("the heap keeps the k best, best first", () => {
  const random = new MinimalStandard(5);
  for (let k = 1; k <= 20; k++) {
    const scores = Array.from({ length: 30 }, () => random.below(12));
    const top = new Top(k);
    for (const [id, score] of scores.entries()) top.push(id, score);
    top.sort();
    expect(top.scores).toEqual(scores.toSorted((a, b) => b - a).slice(0, k));
    expect(top.ids.map((id) => scores[id])).toEqual(top.scores);
  }
});

test("introsort sorts, also where it falls back to heapsort", () => {
  const random = new MinimalStandard(3);
  for (const length of [0, 1, 2, 15, 16, 17, 100, 3000]) {
    for (const values of [
      Float64Array.from({ length }, () => random.below(50)),
      Float64Array.from({ length }, (_, i) => (i % 2 === 0 ? i : length - i)), // hard on medians of three
    ]) {
      const ids = Int32Array.from({ length }, (_, i) => i);
      introsort(ids, (a, b) => values[a]! < values[b]!);
      expect(Array.from(ids, (id) => values[id])).toEqual(Array.from(values.toSorted()));
      expect(new Set(ids).size).toBe(length);
    }
  }
});

test("minstd: the standard's 10,000th value", () => {
  // C++ standard, [rand.predef]: the 10000th consecutive invocation of a default-constructed minstd_rand gives 399268537.
  const random = new MinimalStandard(1);
  for (let i = 1; i < 10_000; i++) random.next();
  expect(random.next()).toBe(399268537);
});

describe("numbers as C++ prints them", () => {
  test.each([
    [0, "0"],
    [-0, "-0"],
    [1, "1"],
    [0.1, "0.1"],
    [100000, "100000"],
    [1000000, "1e+06"],
    [123456.7, "123457"],
    [0.0001, "0.0001"],
    [0.00001, "1e-05"],
    [-0.000123456789, "-0.000123457"],
    [1.00001, "1.00001"],
    [100.0625, "100.062"], // halfway: the even one, as C does
    [-3.0078125, "-3.00781"],
    [100.1875, "100.188"],
    [302124.5, "302124"],
    [0.9999999, "1"],
    [1e-40, "1e-40"],
    [Number.POSITIVE_INFINITY, "inf"],
    [Number.NaN, "nan"],
  ])("%d", (value, text) => expect(formatNumber(value)).toBe(text));

  test("both kernels print the same five digits", () => {
    const random = new MinimalStandard(8);
    const memory = new Memory(1 << 24);
    const dim = 500;
    const values = memory.float32(dim);
    for (let i = 0; i < dim; i++) values[i] = (random.uniform() - 0.5) * 10 ** (random.below(20) - 10);
    values.set([
      0,
      1,
      -1,
      0.5,
      2.03125,
      2.09375,
      80674.5,
      99999.5,
      9.99995,
      1e-4,
      1e-5,
      3.0517578125e-5,
      1e10,
      1e-30,
      Number.POSITIVE_INFINITY,
    ]);
    const dictionary = new Dictionary(memory, "__label__");
    dictionary.append(bytes("w"), 0, 1, 1, 0);
    dictionary.fillSlots();
    const matrix = { kind: "dense", rows: 1, dim, values } as const;
    const tables = { memory, model: "cbow", loss: "ns", dim, wordNgrams: 1, bucket: 0, minn: 0, maxn: 0 } as const;
    const all = { ...tables, dictionary, input: matrix, output: matrix, tree: undefined };
    const [a, b] = [readableKernel, wasmKernel].map((kernel) => Buffer.from(kernel.vectorLines(all, 0, 1)).toString());
    expect(b).toBe(a);
  });
});

test("both kernels fill the same random rows, within their bounds and about even", () => {
  const memory = new Memory(1 << 22);
  const [a, b] = [memory.float32(10_000), memory.float32(10_000)];
  readableKernel.fillUniform(memory, a, 0.1, 7);
  wasmKernel.fillUniform(memory, b, 0.1, 7);
  expect(Buffer.from(a.slice().buffer).equals(Buffer.from(b.slice().buffer))).toBe(true);
  const mean = a.reduce((sum, x) => sum + x, 0) / a.length;
  const variance = a.reduce((sum, x) => sum + x * x, 0) / a.length;
  expect(Math.abs(mean)).toBeLessThan(0.003); // 5 standard errors of a uniform mean
  expect(variance / (0.01 / 3)).toBeCloseTo(1, 1);
  expect(a.every((x) => x >= -0.1 && x < 0.1)).toBe(true);
});

describe.each([readableKernel, wasmKernel])("a dictionary ranked by the $name kernel", (kernel) => {
  const random = new MinimalStandard(7);
  const dictionary = new Dictionary(new Memory(1 << 24), "__label__");
  const entries = Array.from({ length: 3000 }, (_, id) => {
    const text = `${id % 7 === 0 ? "__label__" : ""}w${"x".repeat(id % 23)}${id}`;
    const bytes = new TextEncoder().encode(text);
    dictionary.reserve(bytes.length);
    // Equal counts, rare and frequent ones, around the place where sorting changes its way, and none.
    const count = [random.below(4), 4090 + random.below(12), 1 + random.below(1e6)][id % 3]!;
    dictionary.counts[dictionary.intern(bytes)] = count;
    return { text, count, id, label: id % 7 === 0 };
  });

  test.each([
    [1, 0],
    [3, 2],
    [4095, 4097],
  ])(
    "has words before labels, each by falling count, equal counts as they first came: from %i, %i",
    (words, labels) => {
      const expected = entries
        .filter(({ count, label }) => count > 0 && count >= (label ? labels : words))
        .sort((a, b) => Number(a.label) - Number(b.label) || b.count - a.count || a.id - b.id);
      const { dictionary: ranked, remap } = dictionary.ranked(words, labels, kernel.dictionaryWork);
      expect(expected.map((_, id) => ranked.textOf(id))).toEqual(expected.map(({ text }) => text));
      expect([...ranked.counts.subarray(0, ranked.size)]).toEqual(expected.map(({ count }) => count));
      const labelCount = expected.filter(({ label }) => label).length;
      expect(ranked).toMatchObject({
        size: expected.length,
        labels: labelCount,
        words: expected.length - labelCount,
        hasSlots: false,
      });
      const places = new Map(expected.map(({ id }, place) => [id, place]));
      expect([...remap]).toEqual(entries.map(({ id }) => places.get(id) ?? -1));
      expect(expected.map(({ text }) => ranked.idOf(text))).toEqual(expected.map((_, id) => id));
      expect(ranked.idOf("absent")).toBe(-1);
    },
  );
});

test("both kernels say the same of entries, and pick the same of them", () => {
  const memory = new Memory(1 << 24);
  const dictionary = new Dictionary(memory, "__label__");
  for (const word of ["</s>", "a", "rare", "__label__x", "\u00e4\u00f6", "__label__rare"]) {
    dictionary.reserve(20);
    dictionary.intern(new TextEncoder().encode(word));
  }
  const ids = memory.int32(6);
  ids.set([2, 0, -1, 3, 1, -1]);
  const names = memory.int32(4);
  names.set([5, 0, 3, 3]);
  const [readable, wasm] = [readableKernel, wasmKernel].map((kernel) => {
    const entries = memory.int32(12);
    kernel.describeEntries(dictionary, ids, 3, entries);
    const picked = memory.int32(8);
    kernel.pickPairs(memory, entries, names, picked);
    return { entries: [...entries], picked: [...picked] };
  });
  expect(wasm).toEqual(readable);
  expect(readable!.entries.filter((_, i) => i % 2 === 0)).toEqual([2, 0, -1, -4, 1, -3]);
  expect(readable!.picked.filter((_, i) => i % 2 === 0)).toEqual([-3, 2, -4, -4]);
});
