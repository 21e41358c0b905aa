// Models that fastText wrote, read here: same labels, probabilities, vectors (tools/reference/fasttext.py).
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { formatNumber, Model, probabilityOf, quantize, readableKernel, train, wasmKernel } from "../src/index.ts";

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url));
interface Run {
  readonly args: readonly string[];
  readonly output?: string;
}
const facts = JSON.parse(fixture("facts.json").toString()) as { models: Record<string, { runs: readonly Run[] }> };

/** What the program answered to a verb and its arguments behind the model. */
const answer = (name: string, args: string): string | undefined =>
  facts.models[name]!.runs.find((run) => run.args.join(" ") === args)?.output;
const supervised = Object.keys(facts.models).filter((name) => answer(name, "predict-prob MODEL TEXT 3"));

/** Numbers of the reference's text, and the text with each replaced by #. */
function split(text: string): { shape: string; numbers: number[] } {
  const numbers: number[] = [];
  const shape = text.replace(/(?<= )-?\d[\d.e+-]*/g, (number) => {
    numbers.push(Number(number));
    return "#";
  });
  return { shape, numbers };
}

function predictions(model: Model, text: Uint8Array, k: number, threshold: number): string {
  let out = "";
  for (const { predicted, scores } of model.classify([text], { k, threshold, compat: true }))
    out += `${Array.from(predicted, (label, i) => `${model.labels[label]} ${formatNumber(probabilityOf(scores[i]!, true))}`).join(" ")}\n`;
  return out;
}

function expectSame(ours: string, theirs: string): void {
  const a = split(ours);
  const b = split(theirs);
  expect(a.shape).toBe(b.shape);
  for (let i = 0; i < b.numbers.length; i++) expect(a.numbers[i]).toBeCloseTo(b.numbers[i]!, 5); // printed with 6 digits
}

describe.each(supervised.flatMap((name) => [[name, readableKernel] as const, [name, wasmKernel] as const]))(
  "%s %o",
  (name, kernel) => {
    const model = Model.fromBytes(fixture(name), { name, kernel });
    // Every digit with the readable kernel; the other one adds four lanes at a time.
    const expectAnswer = (ours: string, theirs: string) =>
      kernel === readableKernel ? expect(ours).toBe(theirs) : expectSame(ours, theirs);

    test("labels, order and probabilities are the reference's", () => {
      expectAnswer(predictions(model, fixture("test.txt"), 3, 0), answer(name, "predict-prob MODEL TEXT 3")!);
      expectAnswer(predictions(model, fixture("test.txt"), -1, 0.01), answer(name, "predict-prob MODEL TEXT -1 0.01")!);
    });

    test("writing it again gives the same bytes", () => {
      const again = Buffer.concat([...model.bytes()]);
      expect(again.equals(fixture(name))).toBe(true);
    });
  },
);

/** Its own program's answers, and those of 0.9.2, to a model of version 11 (tools/reference/fasttext_version_11.py). */
const versions = JSON.parse(fixture("version-11.json").toString()) as Record<string, { own: string; later: string }>;

describe("files of version 11, by the program of September 2017", () => {
  // It takes logarithms, and hs also its sigmoid, from tables of 512 places.
  const steps = (p: number) => Math.floor(512 * p) / 512;
  test.each<[string, (p: number) => number, number]>([
    ["softmax", steps, 5e-6],
    ["hs", (p) => p, 0.01],
  ])("%s: probabilities up to its tables, 0.9.2's answers to every digit", (loss, asIts, within) => {
    const name = `version-11-${loss}.bin`;
    const { own, later } = versions[name]!;
    const model = Model.fromBytes(fixture(name), { kernel: readableKernel });
    const text = fixture("test.txt");
    expect(predictions(model, text, 4, 0)).toBe(later);
    const lines = own.trimEnd().split("\n");
    for (const { predicted, scores } of model.classify([text], { k: 4, compat: true })) {
      const words = lines.shift()!.split(" ").filter(Boolean);
      expect(words).toHaveLength(2 * predicted.length); // in the order of the tables' values, with ties
      for (const [i, label] of predicted.entries()) {
        const its = Number(words[words.indexOf(model.labels[label]!) + 1]);
        expect(Math.abs(asIts(probabilityOf(scores[i]!)) - its)).toBeLessThan(within);
      }
    }
    expect(lines).toEqual([]);
  });

  test("skipgram: the same vectors; the line end has no character n-grams, as in 0.9.2 and unlike then", () => {
    const { own, later } = versions["version-11-skipgram.bin"]!;
    const model = Model.fromBytes(fixture("version-11-skipgram.bin"), { kernel: readableKernel });
    for (const [i, line] of later.split("\n").slice(0, -1).entries()) {
      const word = line.split(" ")[0]!;
      const vector = Array.from(model.wordVector(word), (value) => formatNumber(value, 5));
      expect([word, ...vector, ""].join(" ")).toBe(line);
      if (word !== "</s>") expect(own.split("\n")[i]!.trimEnd()).toBe(line.trimEnd());
    }
  });
});

test("a model trained here learns its training text and survives its own file", async () => {
  const model = await train([fixture("train.txt")], { dim: 8, epoch: 10, lr: 0.5, wordNgrams: 2, bucket: 500 });
  const again = Model.fromBytes(Buffer.concat([...model.bytes()]));
  expect(again.predict("salmon tuna raw sushi", { k: 2 })).toEqual(model.predict("salmon tuna raw sushi", { k: 2 }));
  expect(again.predict("salmon tuna raw sushi")[0]!.label).toBe("__label__fish");
  expect(again.predict("knead the dough to bake bread")[0]!.label).toBe("__label__bread");
});

test.each([
  ["ns.bin", {}, /59 words and n-grams.*at least 256 rows.*keep the \.bin/],
  ["softmax.bin", { cutoff: 100 }, /cutoff is 100; .*256/],
  ["softmax.bin", { withOutput: true }, /4 rows for labels.*Leave qout out/],
  ["softmax.bin", { partDim: 0 }, /dsub is 0/],
  ["softmax-cut.ftz", {}, /^This model is quantised already\.$/],
  ["cbow.bin", {}, /Only supervised models/],
])("what cannot be quantised is told: %s %o", async (name, options, message) => {
  await expect(quantize(Model.fromBytes(fixture(name)), options)).rejects.toThrow(message);
});

test("a label is no word: its vector is that of its characters alone", () => {
  const words = Model.fromBytes(fixture("softmax.bin"));
  expect(words.wordVector("__label__fish")).toEqual(new Float32Array(5));
  const parts = Model.fromBytes(fixture("ova.bin"));
  expect(parts.ngrams("__label__fish").map(({ text }) => Buffer.from(text).toString())).not.toContain("__label__fish");
});
