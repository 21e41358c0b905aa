// Threads that divide the rows: the same result each time, about that of one thread, and no waiting for one that ends.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { nodeThreads } from "../src/index.node.ts";
import { evaluate, f1, type Model, type Progress, type RunThreads, train } from "../src/index.ts";
import type { ThreadWork } from "../src/kernel/wasm.ts";
import { bytesOf, rowOf } from "./model-parts.ts";

const fixture = readFileSync(new URL("fixtures/train.txt", import.meta.url), "utf8")
  .trim()
  .split("\n");
/** Lines with hundreds of words, so that it pays to divide their rows. */
const labels = ["__label__fish", "__label__bread", "__label__café", "__label__knife"];
const lines = labels.flatMap((label) => {
  const own = fixture
    .filter((line) => line.startsWith(`${label} `))
    .join(" ")
    .split(" ");
  const words = own.filter((word) => !word.startsWith("__label__"));
  return [0, 1, 2, 3, 4, 5].map((turn) => `${label} ${[...words.slice(turn * 20), ...words, ...words].join(" ")}`);
});
const text = [Buffer.from(`${lines.map((_, i) => lines[(i * 7) % lines.length]).join("\n")}\n`)];
// More threads than cores are slower, but have to come to the same.
const runThreads: RunThreads = Object.assign((work: readonly ThreadWork[]) => nodeThreads(work), { cores: 8 });
const settings = { dim: 10, lr: 0.5, epoch: 10, wordNgrams: 2, bucket: 500, threads: 2 };

const rowsOf = ({ tables: { input, output } }: Model): readonly Float32Array[] =>
  [input, output].map((matrix) => {
    if (matrix.kind !== "dense") throw new Error("expected dense rows");
    return matrix.values;
  });

/** The largest difference of two models' rows. */
function distance(a: Model, b: Model): number {
  let most = 0;
  for (const [i, x] of rowsOf(a).entries())
    for (const [j, value] of rowsOf(b)[i]!.entries()) most = Math.max(most, Math.abs(value - x[j]!));
  return most;
}

describe.each(["softmax", "hs", "ns", "ova"] as const)("%s", (loss) => {
  test("the same bytes each time, and with more threads the same but for rounding", async () => {
    const two = await train(text, { ...settings, loss }, { runThreads });
    const again = await train(text, { ...settings, loss }, { runThreads });
    expect(bytesOf(again).equals(bytesOf(two))).toBe(true);
    for (const threads of [3, 4]) {
      const more = await train(text, { ...settings, loss, threads }, { runThreads });
      expect(distance(two, more)).toBeLessThan(1e-3);
    }
  });

  test("takes the steps of one thread", async () => {
    // Sums that are some lines old change a step by about the rate; rows that are left out, or moved twice, change it wholly.
    const slow = { ...settings, loss, lr: 0.01, epoch: 1 };
    const start = await train(text, { ...slow, epoch: 0 });
    const one = await train(text, { ...slow, threads: 1 });
    const two = await train(text, slow, { runThreads });
    expect(distance(one, two)).toBeGreaterThan(0);
    expect(distance(one, two)).toBeLessThan(0.05 * distance(one, start));
  });
});

test("goes on from a model that was trained as one thread does", async () => {
  // Rows of n-grams are 0 at the start of a new classifier only: here those of frequent ones have to be copied.
  const from = await train(text, { ...settings, threads: 1 });
  const slow = { ...settings, lr: 0.01, epoch: 1 };
  const one = await train(text, { ...slow, threads: 1 }, { from });
  const two = await train(text, slow, { from, runThreads });
  expect(distance(one, two)).toBeGreaterThan(0);
  expect(distance(one, two)).toBeLessThan(0.05 * distance(one, from));
});

test("learns as well as one thread", async () => {
  const loss = async (threads: number) => {
    let last = Number.NaN;
    const onProgress = (progress: Progress) => {
      if (progress.kind === "training") last = progress.loss;
    };
    const model = await train(text, { ...settings, epoch: 100, threads }, { runThreads, onProgress });
    expect(f1(evaluate(model, text).all)).toBe(1);
    return last;
  };
  const one = await loss(1);
  expect(Math.abs((await loss(2)) - one)).toBeLessThan(0.1 * one);
});

test("epoch by epoch the same", async () => {
  const once = await train(text, settings, { runThreads });
  const watched = await train(text, settings, { runThreads, onEpoch: () => undefined });
  expect(bytesOf(watched).equals(bytesOf(once))).toBe(true);
});

test.each([
  ["one line", ["a b ".repeat(400)]],
  ["fewer lines than threads", ["a b ".repeat(400), "b c ".repeat(400)]],
  ["one word, so that most threads own nothing", new Array(20).fill("a ".repeat(400))],
  ["lines without words or labels", ["", "a b ".repeat(2000), ""]],
])("%s", async (_name, words) => {
  const few = [Buffer.from(`${words.map((line, i) => `__label__${i % 2} ${line}`).join("\n")}\nno label here\n`)];
  const one = await train(few, { ...settings, lr: 0.01, epoch: 3, threads: 1 });
  const three = await train(few, { ...settings, lr: 0.01, epoch: 3, threads: 3 }, { runThreads });
  expect(distance(one, three)).toBeLessThan(0.01);
});

describe("a run that does not come to its end", () => {
  const endless = { ...settings, epoch: 1_000_000, threads: 3 };

  test("is aborted", async () => {
    const abort = new AbortController();
    const onProgress = ({ kind, done }: Progress) =>
      kind === "training" && done > 0 && abort.abort(new Error("enough"));
    await expect(train(text, endless, { runThreads, signal: abort.signal, onProgress })).rejects.toThrow("enough");
  });

  test("is stopped, and what was learnt is in the model", async () => {
    const stop = new AbortController();
    const onProgress = ({ kind, done }: Progress) => kind === "training" && done > 0 && stop.abort();
    const start = await train(text, { ...settings, epoch: 0 });
    const model = await train(text, endless, { runThreads, stop: stop.signal, onProgress });
    // The common words' rows are moved while they are trained; what was learnt is in their own.
    for (let row = 0; row < 4; row++) expect(rowOf(model, row)).not.toEqual(rowOf(start, row));
  });

  test("diverges in all threads", async () => {
    await expect(train(text, { ...settings, lr: 1e30 }, { runThreads })).rejects.toThrow(/diverged/);
  });

  test("ends when a thread cannot do its share", async () => {
    const failing = Object.assign(
      ([, ...rest]: readonly ThreadWork[]) => [Promise.reject(new Error("no such thread")), ...nodeThreads(rest)],
      { cores: 8 },
    );
    await expect(train(text, endless, { runThreads: failing })).rejects.toThrow("no such thread");
  });
});
