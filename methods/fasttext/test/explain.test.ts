// What speaks for a label, tag suggestions, models from streams.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { evidence, load, Model, ModelFileError, Tagger, treePath } from "../src/index.ts";

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url));
const model = (name: string) => Model.fromBytes(fixture(name), { name });
const text = "grill the salmon unseen";

describe("evidence", () => {
  test.each(["softmax.bin", "ova.bin", "ova-pruned.ftz"])("%s: adds up to the odds of the prediction", (name) => {
    const m = model(name);
    const total = (label: string) => evidence(m, text, label).reduce((sum, { score }) => sum + score, 0);
    const predicted = m.predict(text, { k: -1 });
    const [first, second] = [predicted[0]!, predicted[1]!];
    const odds =
      name === "softmax.bin"
        ? Math.log(first.probability / second.probability)
        : logit(first.probability) - logit(second.probability);
    // The sigmoid of ova is a table with steps of 1/32.
    expect(Math.abs(total(first.label) - total(second.label) - odds)).toBeLessThan(name === "softmax.bin" ? 1e-3 : 0.1);
  });

  test("names words, n-grams and the line end, strongest first", () => {
    const found = evidence(model("softmax.bin"), text, "__label__fish");
    expect(found.map((part) => part.text)).toEqual(expect.arrayContaining(["salmon", "grill the", "unseen ⏎", "⏎"]));
    expect(found.map((part) => part.score)).toEqual(found.map((part) => part.score).toSorted((a, b) => b - a));
    expect(() => evidence(model("softmax.bin"), text, "fish")).toThrow(/no label "fish"/);
  });
});

const logit = (p: number): number => Math.log(p / (1 - p));

test("the turns on the way to a label multiply to its probability; all labels' sum to 1", () => {
  const m = model("hs.bin");
  let sum = 0;
  for (const { label, probability } of m.predict(text, { k: -1 })) {
    const product = treePath(m, text, label).reduce((p, step) => p * step.probability, 1);
    expect(product).toBeCloseTo(probability, 4);
    sum += product;
  }
  expect(sum).toBeCloseTo(1, 5);
});

test("tags are suggested when there is enough to learn from", async () => {
  const bread = "sourdough bread with flour, yeast and a hot oven";
  const fish = "grilled salmon and smoked tuna from the sea";
  const texts = Array.from({ length: 15 }, (_, i) => [
    { text: `${bread} ${i}`, tags: ["baking", "slow food"] },
    { text: `${fish} ${i}`, tags: ["fish & chips"] },
  ]).flat();
  const tagger = await Tagger.train(texts);
  expect(
    tagger!
      .suggest("Which flour for bread?")
      .map(({ tag }) => tag)
      .toSorted(),
  ).toEqual(["baking", "slow food"]);
  expect(tagger!.suggest("SALMON!").map(({ tag }) => tag)).toEqual(["fish & chips"]);
  expect(tagger!.suggest("quantum")).toEqual([]);
  expect(await Tagger.train(texts.slice(0, 10))).toBeUndefined();
  expect(await Tagger.train(texts.map(({ text: t }) => ({ text: t, tags: ["one"] })))).toBeUndefined();
});

describe("load", () => {
  const bytes = Uint8Array.from(fixture("softmax.bin"));
  async function* inPieces(size: number, end = bytes.length) {
    for (let at = 0; at < end; at += size) yield bytes.subarray(at, Math.min(end, at + size));
  }
  const expected = model("softmax.bin").predict(text, { k: 3 });

  test("bytes, a stream of known or unknown length, a response", async () => {
    for (const source of [
      load(bytes),
      load(inPieces(1000), { length: bytes.length }),
      load(inPieces(7)),
      load(new Response(bytes, { headers: { "content-length": String(bytes.length) } })),
    ])
      expect((await source).predict(text, { k: 3 })).toEqual(expected);
  });

  test("a stream that ends early and a server without the model are told", async () => {
    await expect(load(inPieces(1000, 4000), { length: bytes.length })).rejects.toThrow(
      /ended after 4000 of 8327 bytes/,
    );
    await expect(load(new Response("no", { status: 404, statusText: "Not Found" }))).rejects.toThrow(ModelFileError);
  });
});
