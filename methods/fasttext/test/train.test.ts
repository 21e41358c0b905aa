// Training: against the reference program's own losses, and the promises that it does not make.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { spillFile } from "../src/index.node.ts";
import {
  checkContinues,
  completeSettings,
  DivergedError,
  evaluate,
  f1,
  type LearnOptions,
  Model,
  type Progress,
  parseVectors,
  readableKernel,
  type Settings,
  train,
  wasmKernel,
} from "../src/index.ts";
import { bytesOf } from "./model-parts.ts";

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url));
const labelled = fixture("train.txt");
const plain = fixture("plain.txt");
const facts = JSON.parse(fixture("facts.json").toString()) as {
  models: Record<string, { flags?: string[]; loss?: string; vec?: string }>;
};
const kernels = [readableKernel, wasmKernel];

/** The run of tools/reference/fasttext.py for a model. */
function referenceSettings(flags: readonly string[]): Partial<Settings> {
  // The program reads lr and t as float32.
  const settings: Record<string, unknown> = { lr: Math.fround(0.4), epoch: 8, compat: true, model: flags[0] };
  for (let i = 1; i < flags.length; i += 2) {
    if (flags[i] === "-pretrainedVectors") continue;
    const number = Number(flags[i + 1]);
    settings[flags[i]!.slice(1)] =
      flags[i] === "-loss" ? flags[i + 1] : flags[i] === "-t" ? Math.fround(number) : number;
  }
  return settings;
}

async function trained(text: Uint8Array, settings: Partial<Settings>, options: LearnOptions = {}) {
  let loss = Number.NaN;
  const model = await train([text], settings, {
    ...options,
    onProgress: (progress) => {
      if (progress.kind === "training") loss = progress.loss;
    },
  });
  return { model, loss };
}

describe.each(kernels)("$name kernel", (kernel) => {
  test.each(["softmax.bin", "hs.bin", "ns.bin", "ova.bin", "skipgram.bin", "cbow.bin", "pretrained.bin"])(
    "%s: with compat the mean loss is the reference's, with the readable kernel every byte of its files",
    async (name) => {
      const fact = facts.models[name]!;
      const settings = referenceSettings(fact.flags!);
      const { model, loss } = await trained(settings.model === "supervised" ? labelled : plain, settings, {
        kernel,
        ...(name === "pretrained.bin" ? { pretrained: parseVectors(fixture("start.vec").toString()) } : {}),
      });
      expect(loss / Number(fact.loss)).toBeCloseTo(1, 3);
      expect(model.words).toEqual(Model.fromBytes(fixture(name)).words); // equal counts in the same order too
      if (kernel !== readableKernel) return;
      // The readable kernel rounds where the program does: the same files, byte for byte.
      expect(bytesOf(model).equals(fixture(name))).toBe(true);
      expect(Buffer.concat([...model.vectorLines()].map((piece) => Buffer.from(piece))).toString()).toBe(fact.vec);
    },
  );

  test("one thread gives the same bytes each time; a seed gives others", async () => {
    const settings = { dim: 5, epoch: 2, wordNgrams: 2, bucket: 100 };
    const [a, b, c] = await Promise.all(
      [0, 0, 1].map(async (seed) => bytesOf((await trained(labelled, { ...settings, seed }, { kernel })).model)),
    );
    expect(a!.equals(b!)).toBe(true);
    expect(a!.equals(c!)).toBe(false);
  });

  test("a last line without a line end is learnt as the others", async () => {
    const settings = { dim: 5, epoch: 2 };
    const whole = bytesOf((await trained(labelled, settings, { kernel })).model);
    expect(bytesOf((await trained(labelled.subarray(0, -1), settings, { kernel })).model).equals(whole)).toBe(true);
  });

  test("a rate that is far too high ends in a DivergedError, not in a crash", async () => {
    for (const loss of ["softmax", "hs", "ns", "ova"] as const)
      await expect(train([labelled], { loss, lr: 1e30, epoch: 20, dim: 5 }, { kernel })).rejects.toThrow(DivergedError);
  });

  test.each([
    [
      "supervised",
      1e30,
      /The learning rate 1e\+30 is too high for this data; try 1 \(usual for a classifier: 0\.1 to 1/,
    ],
    ["supervised", 30, /The learning rate 30 is too high for this data; try 1 /],
    ["skipgram", 1e30, /try 0\.05 \(usual for word vectors: 0\.05\)/],
  ] as const)("%s at a rate of %s: the advice is a rate that is usual", async (model, lr, advice) => {
    const settings = { model, lr, minCount: 1, epoch: 20, dim: 5, bucket: 100 };
    await expect(train([labelled], settings, { kernel })).rejects.toThrow(advice);
  });
});

test("the best epoch is told and kept; a validation text may have any shape", async () => {
  const settings = { dim: 5, epoch: 6, lr: 0.8 };
  const shapes = [labelled, labelled.toString(), labelled.toString().trim().split("\n"), () => [labelled]];
  for (const shape of shapes) {
    const told: Extract<Progress, { kind: "epoch" }>[] = [];
    const model = await train([labelled], settings, {
      validation: { text: shape, patience: 2 },
      onProgress: (progress) => progress.kind === "epoch" && told.push(progress),
    });
    const best = told.reduce((a, b) => (b.score > a.score ? b : a));
    expect(told.at(-1)!.kept).toEqual({ epoch: best.done, score: best.score });
    expect(told.at(-1)!.total).toBe(6);
    expect(f1(evaluate(model, [labelled]).all)).toBe(best.score);
  }
});

test("a patience that is no whole number from 1 on is refused", async () => {
  for (const patience of [0, -1, 1.5, Number.NaN])
    await expect(train([labelled], { dim: 3 }, { validation: { text: labelled, patience } })).rejects.toThrow(
      `patience is ${patience}; expected a whole number of epochs from 1 on.`,
    );
});

test("tokens a second are those of training alone, and of the time it took", async () => {
  const text = Buffer.concat(new Array<Uint8Array>(40).fill(labelled));
  const rates: number[] = [];
  const start = performance.now();
  await train(
    [text],
    { dim: 20, epoch: 5 },
    {
      onEpoch: () => new Promise((resolve) => setTimeout(resolve, 30)), // not training, and waited for
      onProgress: (progress) => progress.kind === "training" && rates.push(progress.tokensPerSecond, progress.done),
    },
  );
  const [rate, done] = rates.slice(-2) as [number, number];
  const seconds = (performance.now() - start) / 1000;
  expect(seconds).toBeGreaterThan(5 * 0.029);
  expect(done / rate).toBeLessThan(seconds - 5 * 0.029);
  expect(done / rate).toBeGreaterThan(0);
});

test("the tree of a classifier is the program's, for labels that occur equally often too", async () => {
  const labels = Array.from({ length: 40 }, (_, i) => `__label__${(i * 7) % 40} w${i % 9} v${(i * i) % 13}\n`);
  const text = labels.concat(labels).join("");
  const settings = { loss: "hs", dim: 3, epoch: 0 } as const;
  const [here, compat] = await Promise.all([train(text, settings), train(text, { ...settings, compat: true })]);
  expect(here.labels).toEqual(compat.labels);
  expect(here.tables.tree).toEqual(compat.tables.tree);
  const other = await train(text, { ...settings, loss: "softmax" });
  expect(other.labels).not.toEqual(compat.labels);
});

test("an empty text", async () => {
  for (const nothing of ["", [], new Uint8Array(0)])
    await expect(train(nothing, {})).rejects.toThrow("The training text is empty; expected lines of words.");
});

test("who trains and saves a model looks no word up, and can do so later", async () => {
  const model = await train([labelled], { dim: 4, epoch: 2, wordNgrams: 2, bucket: 40 });
  const lines = [...model.vectorLines()];
  bytesOf(model);
  expect(model.tables.dictionary.hasSlots).toBe(false);
  expect(model.predict(model.words[1]!)).toEqual(Model.fromBytes(bytesOf(model)).predict(model.words[1]!));
  expect([...model.vectorLines()]).toEqual(lines);
});

test("both kernels learn the same", async () => {
  const settings = { dim: 7, epoch: 3, wordNgrams: 2, bucket: 50, minn: 2, maxn: 3, lr: 0.3 };
  for (const loss of ["softmax", "hs", "ns", "ova"] as const) {
    const [a, b] = await Promise.all(kernels.map((kernel) => trained(labelled, { ...settings, loss }, { kernel })));
    expect(a!.loss).toBeCloseTo(b!.loss, 4);
    const [x, y] = [a!, b!].map(({ model }) => model.tables.input);
    if (x?.kind !== "dense" || y?.kind !== "dense") throw new Error("expected dense rows");
    for (let i = 0; i < x.values.length; i++) expect(x.values[i]).toBeCloseTo(y.values[i]!, 3);
  }
});

test("a label's weight moves predictions towards it, weight 0 leaves it out", async () => {
  const settings = { dim: 8, lr: 0.5, epoch: 20 };
  const text = "how to cut and bake";
  const probability = async (weight: number) => {
    const model = await train([labelled], settings, { labelWeights: { __label__knife: weight } });
    return model.predict(text, { k: -1 }).find(({ label }) => label === "__label__knife")!.probability;
  };
  const [zero, one, five] = [await probability(0), await probability(1), await probability(5)];
  expect(zero).toBeLessThan(one);
  expect(one).toBeLessThan(five);
  await expect(train([labelled], settings, { labelWeights: { __label__spoon: 2 } })).rejects.toThrow(/__label__spoon/);
});

test("a line of weight 0 teaches nothing, a missing weight is an error", async () => {
  const lines = ["__label__a one two\n", "__label__b three four\n"];
  const model = await train(lines, { dim: 4, lr: 1, epoch: 50 }, { lineWeights: [1, 0] });
  expect(model.predict("three four")[0]!.label).toBe("__label__a");
  await expect(train(lines, { dim: 4 }, { lineWeights: [1] })).rejects.toThrow(
    /^The line weights are 1, the lines of the training text \d+; expected a weight for each line\.$/,
  );
  const limits = { memoryBytes: 64 };
  await expect(
    train(lines, { dim: 4 }, { lineWeights: Array(lines.length).fill(1), limits: { ...limits, spill: spillFile() } }),
  ).rejects.toThrow("Line weights need all lines in memory; allow more with memoryBytes.");
  for (const name of ["validation", "labelWeights", "lineWeights"])
    await expect(train(lines, { model: "cbow", dim: 4 }, { [name]: [1] })).rejects.toThrow(
      new RangeError(`${name} does nothing with cbow, which learns without labels; leave it out.`),
    );
});

test("stop keeps what was learnt, an abort throws", async () => {
  const stop = new AbortController();
  const model = await train(
    [labelled],
    { dim: 4, epoch: 100_000 },
    { stop: stop.signal, onProgress: () => stop.abort() },
  );
  expect(model.labels).toHaveLength(4);
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(train([labelled], { dim: 4 }, { signal })).rejects.toThrow("enough");
});

describe("text that cannot be learnt from", () => {
  test.each([
    ["blank lines only", "\n \n\t\n", /no labels/],
    ["no labels", "some words\nmore words\n", /no labels.*"__label__"/],
    ["labels only", "__label__a\n", undefined],
    ["too rare words", "__label__a one\n__label__b two\n", /occurs 5 times/],
  ])("%s", async (_name, text, message) => {
    const run = train([text], {
      dim: 4,
      minCount: text.includes("one") ? 5 : 1,
      minCountLabel: text.includes("one") ? 5 : 0,
    });
    if (message) await expect(run).rejects.toThrow(message);
    else expect((await run).labels).toEqual(["__label__a"]); // the line end is a word
  });

  test("odd bytes are words like others", async () => {
    const text = Uint8Array.of(
      ...Buffer.from("__label__a "),
      0xff,
      0xfe,
      32,
      97,
      0,
      98,
      10,
      ...Buffer.from("__label__b x\r\n"),
    );
    const model = await train([text], { dim: 4 });
    expect(model.tables.dictionary.find(Uint8Array.of(0xff, 0xfe))).toBeGreaterThanOrEqual(0);
    expect(model.words).toContain("a"); // NUL separates
    expect(model.labels.sort()).toEqual(["__label__a", "__label__b"]);
  });

  test("one line of 100 MB", async () => {
    const words = Buffer.from("a longer word ".repeat(1 << 16));
    const text = [
      Buffer.from("__label__a "),
      ...Array.from({ length: 115 }, () => words),
      Buffer.from("\n__label__b x\n"),
    ];
    expect(text.reduce((sum, piece) => sum + piece.length, 0)).toBeGreaterThan(100e6);
    const model = await train(text, { dim: 4, epoch: 1 });
    expect(model.tables.dictionary.tokens).toBe(115 * 3 * (1 << 16) + 5);
  });

  test("one word of 20 MB, one line of 20 MB to classify", async () => {
    const piece = new Uint8Array(1 << 20).fill(97);
    const text = [
      Buffer.from("__label__a "),
      ...Array.from({ length: 20 }, () => piece),
      Buffer.from("\n__label__b x\n"),
    ];
    const model = await train(text, { dim: 4, epoch: 1 });
    expect(model.words.map((word) => word.length).toSorted((a, b) => b - a)[0]).toBe(20 << 20);
    const words = Buffer.from("x y ".repeat(1 << 18));
    const lines = [...model.classify(Array.from({ length: 20 }, () => words))];
    expect(lines).toHaveLength(1);
  });

  test("one label is learnt with certainty", async () => {
    const model = await train(["__label__a x y\n"], { dim: 4, epoch: 5 });
    expect(model.predict("x")).toEqual([{ label: "__label__a", probability: 1 }]);
    expect(model.predict("x", { compat: true })[0]!.probability).toBeGreaterThan(1);
  });
});

test("settings out of range name the setting, its value and what is possible", () => {
  expect(() => completeSettings({ dim: 0 })).toThrow("dim is 0; expected a whole number from 1 to 65536");
  expect(() => completeSettings({ bucket: 1e12 })).toThrow(/bucket is 1000000000000/);
  expect(() => completeSettings({ lr: Number.NaN })).toThrow(/lr is NaN/);
  expect(() => completeSettings({ wordNgrams: 2, bucket: 0 })).toThrow(/bucket is 0 with n-grams on/);
  expect(completeSettings({ wordNgrams: 1 }).bucket).toBe(0);
});

test("rows that cannot be had are told before they are taken", async () => {
  let bytes = 0;
  const onProgress = (progress: Progress) => {
    if (progress.kind === "read") bytes = progress.modelBytes;
  };
  const { tables } = await train([labelled], { dim: 6, wordNgrams: 2, bucket: 100, epoch: 0 }, { onProgress });
  expect(bytes).toBe(4 * 6 * (tables.input.rows + tables.output.rows));
  await expect(train([labelled], { dim: 1000, wordNgrams: 2, bucket: 2_000_000_000 })).rejects.toThrow(
    /needs \d+ MB of memory.*smaller bucket or dim/,
  );
});

test("training goes on from a model: old words keep their rows, new words and labels are added", async () => {
  const settings = { dim: 6, epoch: 20, lr: 0.5, wordNgrams: 2, bucket: 50 };
  const first = await train([labelled], settings);
  const before = bytesOf(first);
  const same = await train(["__label__fish salmon\n"], { epoch: 0 }, { from: first });
  expect(same.wordVector("oven")).toEqual(first.wordVector("oven"));
  expect(same.predict("bake bread dough")).toEqual(first.predict("bake bread dough"));
  const second = await train(["__label__tea leaf kettle infuse\n".repeat(20)], { epoch: 20, lr: 0.5 }, { from: first });
  expect(bytesOf(first).equals(before)).toBe(true);
  expect(second.labels.toSorted()).toEqual([...first.labels, "__label__tea"].toSorted());
  expect(second.predict("infuse the leaf")[0]!.label).toBe("__label__tea");
  expect(second.predict("salmon tuna raw sushi")[0]!.label).toBe("__label__fish");
  const tree = await train([labelled], { ...settings, loss: "hs" });
  await expect(train(["__label__tea leaf\n"], {}, { from: tree })).rejects.toThrow(
    /new label "__label__tea".*cannot grow/,
  );
});

test.each([
  ["softmax.bin", { wordNgrams: 3 }, /trained with wordNgrams 2, and 3 is asked for.*keeps its wordNgrams/],
  ["ns.bin", { wordNgrams: 2, bucket: 9 }, /trained with wordNgrams 1, and 2 is asked for/],
  ["softmax.bin", { loss: "hs" }, /trained with loss softmax, and hs/],
  ["skipgram.bin", { model: "supervised" }, /this is a skipgram model; only skipgram can go on/],
  ["softmax-cut.ftz", {}, /quantised model cannot be trained any further/],
  ["ns.bin", { wordNgrams: 1, bucket: 2_000_000, dim: 4, lr: 1 }, undefined],
] as const)("settings that a model keeps: %s with %o", (name, given, message) => {
  const check = () => checkContinues(Model.fromBytes(fixture(name)), given);
  if (message) expect(check).toThrow(message);
  else expect(check).not.toThrow();
});

test("with pretrained vectors a word that is too rare in the text is kept only if it is among them", async () => {
  const text = "__label__a often often once\n__label__b often rare\n";
  const pretrained = { words: ["rare", "new"], vectors: Float32Array.of(1, 2, 3, 4), dim: 2 };
  const model = await train([text], { dim: 2, minCount: 2, epoch: 0 }, { pretrained });
  expect(model.words.toSorted()).toEqual(["</s>", "new", "often", "rare"]);
  expect(model.wordVector("new")).toEqual(Float32Array.of(3, 4));
  await expect(train([text], { dim: 3 }, { pretrained })).rejects.toThrow(/2 numbers each and dim is 3; set dim to 2/);
});

test("epoch by epoch is the same training; the best epoch is kept, none better ends it", async () => {
  const settings = { dim: 6, epoch: 6, lr: 0.5 };
  const epochs: number[] = [];
  const watched = await train([labelled], settings, { onEpoch: ({ number }) => epochs.push(number) });
  expect(epochs).toEqual([1, 2, 3, 4, 5, 6]);
  expect(bytesOf(watched).equals(bytesOf(await train([labelled], settings)))).toBe(true);
  const scores: number[] = [];
  const validation = { text: () => [fixture("test.txt")], patience: 2 };
  const model = await train(
    [labelled],
    { ...settings, epoch: 40 },
    { validation, onEpoch: ({ score }) => scores.push(score) },
  );
  expect(scores.length).toBeLessThan(40);
  const { all } = evaluate(model, validation.text());
  expect(f1(all)).toBe(Math.max(...scores));
});

test("a corpus that does not fit is encoded block by block, its tokens put aside: the same training", async () => {
  const settings = { dim: 6, epoch: 20, lr: 0.5, wordNgrams: 2, bucket: 100 };
  const pieces = Array.from({ length: 40 }, (_, i) => labelled.subarray(i * 240, (i + 1) * 240)); // many blocks
  const whole = await train(pieces, settings);
  const spill = spillFile();
  const streamed = await train(pieces, settings, { limits: { memoryBytes: 2000, spill } });
  spill.close();
  const [a, b] = [whole, streamed].map(({ tables }) => tables.input);
  if (a?.kind !== "dense" || b?.kind !== "dense") throw new Error("expected dense rows");
  // Not the same bytes: at each block's end the tokens read so far count for the rate, else after every 100.
  for (let i = 0; i < a.values.length; i++) expect(Math.abs(a.values[i]! - b.values[i]!)).toBeLessThan(0.05);
  expect(streamed.predict("salmon tuna raw sushi")[0]!.label).toBe("__label__fish");
});
