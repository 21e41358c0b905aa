// Several threads: what they read, what they learn together, and what happens when one of them fails.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { normalisedQuestion } from "../src/experiments/preparation.ts";
import { filePieces, nodeThreads } from "../src/index.node.ts";
import { evaluate, precision, type RunThreads, type Settings, type TextSource, train } from "../src/index.ts";
import { doWork, type ThreadWork } from "../src/kernel/wasm.ts";
import { type ReadWork, readPart } from "../src/parallel/parts.ts";
import { threadsOnNode } from "../src/parallel/threads.node.ts";
import { type FileText, firstPart, sharedText, takePart } from "../src/text/files.node.ts";
import { bytesOf, rowOf } from "./model-parts.ts";

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url));
const labelled = fixture("train.txt");
const plain = fixture("plain.txt");

test("the number of threads does not change where the rows start", async () => {
  const start = { dim: 4, epoch: 0, wordNgrams: 2, bucket: 40 };
  const one = await train([labelled], { ...start, threads: 1 });
  const two = await train([labelled], { ...start, threads: 2 }, { runThreads: nodeThreads });
  expect(bytesOf(one).equals(bytesOf(two))).toBe(true);
});

describe("a file read by several threads", () => {
  const folder = mkdtempSync(join(tmpdir(), "reprise-fasttext-threads-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "text");
  const division = { least: 0, pieceBytes: 16 }; // even the shortest text is divided
  const runThreads = threadsOnNode(division);
  // The other threads take their parts before the first begins.
  const divided: RunThreads = Object.assign((work: readonly ThreadWork[]) => runThreads(work), {
    ...runThreads,
    readAside(text: TextSource, count: number, most: number, work: ReadWork) {
      const shared = sharedText(text as FileText, count, most, new BigInt64Array(1), division)!;
      const parts = Array.from({ length: count - 1 }, () => takePart(shared));
      return { first: firstPart(shared), others: parts.map(async (part) => part && readPart(work, part)) };
    },
  });
  const start = { dim: 4, epoch: 0, wordNgrams: 2, bucket: 40, minCount: 2, minn: 2, maxn: 3 };
  const labelledTwice = Buffer.concat([labelled, Buffer.from("\n__label__new last words without a line end")]);

  test.each([
    ["many lines", labelledTwice],
    ["fewer lines than threads", Buffer.from("__label__a b b\n__label__c b b")],
    ["one line", Buffer.from("__label__a b b\n")],
    ["nothing before the last part", Buffer.from("__label__a b b")],
  ])("has the same words in the same order, and the same rows: %s", async (_name, text) => {
    writeFileSync(path, text);
    for (const compat of [false, true]) {
      const one = await train(filePieces(path), { ...start, compat });
      for (const threads of [2, 5])
        for (const way of [divided, runThreads]) {
          const model = await train(filePieces(path), { ...start, threads, compat }, { runThreads: way });
          // The reference program's rows depend on the number of threads.
          if (compat) expect(model.words).toEqual(one.words);
          else expect(bytesOf(model).equals(bytesOf(one))).toBe(true);
        }
    }
  });

  test("has the same encoded lines", async () => {
    writeFileSync(path, labelledTwice);
    for (const model of ["supervised", "skipgram"] as const) {
      const settings = { ...start, minCount: 1, epoch: 2, threads: 3, deterministic: true, model };
      const apart = await train(filePieces(path), settings, { runThreads: divided });
      expect(bytesOf(apart).equals(bytesOf(await train([labelledTwice], settings)))).toBe(true);
    }
  });

  test("is divided into whole lines, all of it, whenever the others come", () => {
    writeFileSync(path, labelledTwice);
    const textOf = (part: Iterable<Uint8Array>) => Buffer.concat(Array.from(part, (piece) => Uint8Array.from(piece)));
    const from = labelledTwice.indexOf(10) + 1;
    for (const pieceBytes of [1, 7, 100, 1 << 20])
      for (const late of [0, 1, 5, 1000]) {
        const file = filePieces(path, from);
        const shared = sharedText(file, 4, 1 << 30, new BigInt64Array(1), { least: 0, pieceBytes })!;
        const first = firstPart(shared);
        const begun: Buffer[] = [];
        for (let i = 0; i < late; i++) {
          const { value, done } = first.next();
          if (!done) begun.push(Buffer.from(value));
        }
        const taken = [1, 2, 3].flatMap(() => takePart(shared) ?? []).toReversed();
        const parts = [Buffer.concat([...begun, textOf(first)]), ...taken.map(textOf)];
        expect(Buffer.concat(parts).equals(labelledTwice.subarray(from))).toBe(true);
        for (const part of parts.slice(0, -1)) expect(part.at(-1)).toBe(10);
        if (late === 0 && pieceBytes < 100) expect(parts).toHaveLength(4);
      }
  });

  test("that is short, long or no file is read by one thread", () => {
    writeFileSync(path, labelledTwice);
    const claims = new BigInt64Array(1);
    expect(sharedText(filePieces(path), 2, 1 << 30, claims)).toBeUndefined();
    expect(sharedText(filePieces(path), 2, 100, claims, division)).toBeUndefined();
    expect(sharedText(filePieces(folder), 2, 1 << 30, claims, division)).toBeUndefined();
    expect(sharedText(filePieces(0), 2, 1 << 30, claims, division)).toBeUndefined();
  });

  test("that is gone when a thread opens it is that error", async () => {
    await expect(train(filePieces(join(folder, "none")), { ...start, threads: 2 }, { runThreads })).rejects.toThrow(
      /ENOENT.*none/,
    );
    const others = [Promise.reject(new Error("ENOENT: the file is gone"))];
    const gone = Object.assign((work: readonly ThreadWork[]) => nodeThreads(work), {
      readAside: () => ({ first: filePieces(path), others }),
    });
    await expect(train(filePieces(path), { ...start, threads: 2 }, { runThreads: gone })).rejects.toThrow("is gone");
  });
});

test("two threads learn as well as one", async () => {
  let loss = Number.NaN;
  const model = await train(
    [labelled],
    { dim: 8, lr: 0.5, epoch: 30, threads: 2 },
    {
      runThreads: nodeThreads,
      onProgress: (progress) => {
        if (progress.kind === "training") loss = progress.loss;
      },
    },
  );
  expect(loss).toBeLessThan(0.8);
  expect(model.predict("salmon tuna raw sushi")[0]!.label).toBe("__label__fish");
});

describe("two threads and hundreds of labels", () => {
  const cooking = new URL("../../../apps/site/content/journals/corr/JoulinGBM16/data/cooking.txt.gz", import.meta.url);
  const lines = gunzipSync(readFileSync(cooking)).toString().split("\n").map(normalisedQuestion);
  const held = [Buffer.from(`${lines.slice(12_404).join("\n")}\n`)];
  const text = [Buffer.from(`${lines.slice(0, 12_404).join("\n")}\n`)];
  const score = async (settings: Partial<Settings>) =>
    precision(
      evaluate(await train(text, { dim: 16, lr: 0.5, epoch: 10, ...settings }, { runThreads: nodeThreads }), held).all,
    );

  test.each(["softmax", "hs", "ns"] as const)("as well as one, %s", async (loss) => {
    const one = await score({ loss });
    expect(one).toBeGreaterThan(0.4);
    // Racing threads learn less where other work takes their cores; threads that run away learn nothing.
    expect(await score({ loss, threads: 2 })).toBeGreaterThan(one - 0.1);
  });

  test("one against all trains on one thread, where several would run away", async () => {
    const settings = { dim: 16, lr: 0.5, epoch: 3, loss: "ova" } as const;
    const one = await train(text, settings);
    const two = await train(text, { ...settings, threads: 2 }, { runThreads: nodeThreads });
    expect(bytesOf(two).equals(bytesOf(one))).toBe(true);
  });
});

describe("a thread that cannot do its share", () => {
  // Minutes, unless it is stopped.
  const endless = { dim: 4, epoch: 1_000_000, threads: 3 };

  test("ends the training with its error, and the other threads", async () => {
    const ended: string[] = [];
    const runThreads: RunThreads = ([, ...rest]) => [
      Promise.reject(new Error("no such thread")),
      ...nodeThreads(rest).map(async (share) => {
        ended.push(await share);
        return "more" as const;
      }),
    ];
    await expect(train([labelled], endless, { runThreads })).rejects.toThrow("no such thread");
    expect(ended).toEqual(["more"]);
  });

  test("a trap in a worker is that worker's error, and the worker works on", async () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const nowhere = { memory, job: 0x7ffffff0, thread: 0x7ffffff0, stop: 0 };
    await expect(Promise.all(nodeThreads([nowhere]))).rejects.toThrow(/memory access out of bounds/);
    const model = await train([labelled], { dim: 4, epoch: 2, threads: 2 }, { runThreads: nodeThreads });
    expect(model.labels).toHaveLength(4);
  });

  test("an abort ends every thread", async () => {
    const abort = new AbortController();
    const run = train([labelled], endless, {
      runThreads: nodeThreads,
      signal: abort.signal,
      onProgress: ({ kind }) => kind === "training" && abort.abort(new Error("enough")),
    });
    await expect(run).rejects.toThrow("enough");
  });
});

test("what a thread learnt in its own copies of rows is in the model", async () => {
  // The other thread runs the whole training on its share before this one begins.
  const first: RunThreads = (work) => work.map(async (share) => doWork(share));
  const settings = { dim: 4, lr: 0.5, epoch: 30, seed: 1 };
  const text = Buffer.concat(new Array<Uint8Array>(20).fill(labelled));
  const start = await train([text], { ...settings, epoch: 0 });
  const model = await train([text], { ...settings, threads: 2 }, { runThreads: first });
  expect(evaluate(model, [labelled]).all.hits / 160).toBeGreaterThan(0.9);
  // The most frequent words have copies; what is trained is their own row in the model.
  for (let row = 0; row < 4; row++) expect(rowOf(model, row)).not.toEqual(rowOf(start, row));
});

describe("deterministic: the bytes of one thread, whatever the number of threads", () => {
  const settings = { dim: 8, lr: 0.5, epoch: 4, wordNgrams: 2, bucket: 100 };
  const text = Buffer.concat(new Array<Uint8Array>(20).fill(labelled));
  const asked = { ...settings, threads: 3, deterministic: true };

  test.each(["softmax", "hs", "ns", "ova"] as const)("%s", async (loss) => {
    const one = await train([text], { ...settings, loss });
    const many = await train([text], { ...asked, loss }, { runThreads: nodeThreads });
    expect(bytesOf(many).equals(bytesOf(one))).toBe(true);
  });

  test.each(["skipgram", "cbow"] as const)("%s", async (model) => {
    const vectors = { model, minCount: 1 } as const;
    const one = await train([plain], { ...settings, ...vectors });
    const many = await train([plain], { ...asked, ...vectors }, { runThreads: nodeThreads });
    expect(bytesOf(many).equals(bytesOf(one))).toBe(true);
  });
});
