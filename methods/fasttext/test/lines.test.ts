// What the kernel says of encoded lines, against a plain walk over them.
import { expect, test } from "vitest";
import type { Job } from "../src/kernel/kernel.ts";
import { Memory } from "../src/kernel/memory.ts";
import { MinimalStandard } from "../src/reference/random.ts";
import { frequentRows, partsOf } from "../src/text/lines.ts";

const rows = 3000; // of the input: more than two blocks of 1024
const random = new MinimalStandard(5);
const given = Array.from({ length: 400 }, () => ({
  labels: Array.from({ length: random.below(3) }, () => random.below(9)),
  // Small numbers more often than large ones.
  rows: Array.from({ length: random.below(60) }, () => random.below(1 + random.below(rows))),
}));
const memory = new Memory(1 << 24);
const numbers = given.flatMap(({ labels, rows }) => [rows.length, labels.length, rows.length, 1, ...labels, ...rows]);
const lines = memory.int32(numbers.length);
lines.set(numbers);
const job = { lines, tables: { memory, input: { rows } } } as unknown as Job;

test.each([1, 2, 7])("%i parts begin with lines, and the longest line is found", (parts) => {
  const { bounds, longest } = partsOf(job, parts);
  const starts = [0];
  for (const { labels, rows } of given) starts.push(starts.at(-1)! + 4 + labels.length + rows.length);
  const expected = Array.from({ length: parts + 1 }, (_, part) => {
    const line = starts.findIndex((at) => at >= Math.floor((lines.length * part) / parts));
    return { at: starts[line], line };
  });
  expect(bounds).toEqual(expected);
  expect(longest).toBe(Math.max(...given.map(({ rows }) => rows.length)));
});

test.each([
  { most: 500, mostHot: 20, fewestUses: 2 },
  { most: rows, mostHot: 0, fewestUses: 1 },
  { most: 0, mostHot: 0, fewestUses: 1 },
])("the rows that are named most often: %o", ({ most, mostHot, fewestUses }) => {
  const counts = new Int32Array(rows);
  for (const row of given.flatMap((line) => line.rows)) counts[row]!++;
  /** Rows with the least count, not below `fewestUses`, that so few have. */
  const often = (most: number) => {
    for (let least = fewestUses; ; least++) {
      const found = [...counts.keys()].filter((row) => counts[row]! >= least);
      if (found.length <= most) return found;
    }
  };
  const hot = often(mostHot);
  const expected = [...hot, ...often(most).filter((row) => !hot.includes(row))];
  const found = frequentRows(job, { most, mostHot, fewestUses });
  expect([...found.ids]).toEqual(expected);
  expect(found.hot).toBe(hot.length);
  const places = new Uint16Array(found.places.buffer, found.places.byteOffset, rows);
  expect([...places]).toEqual(Array.from(counts.keys(), (row) => 1 + expected.indexOf(row)));
});
