// Lists of texts, figures by label, counts of words, and words near to vectors and sums.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  analogies,
  evaluate,
  load,
  Model,
  mostSimilar,
  nearest,
  precision,
  readableKernel,
  train,
} from "../src/index.ts";

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url));
const classifier = Model.fromBytes(fixture("softmax.bin"));

describe("a list of texts", () => {
  const texts = [
    "salmon tuna",
    "",
    "flour\nyeast",
    "a </s> behind",
    "oven",
    "</s>",
    Buffer.from("steel blade"),
    "x</s>",
  ];

  test.each([classifier, Model.fromBytes(fixture("softmax.bin"), { kernel: readableKernel })])(
    "gives what each of them gives (kernel %#)",
    (model) => {
      const options = { k: 2, threshold: 0.01 };
      const all = model.predict(texts, options);
      expect(all).toHaveLength(texts.length);
      for (const [i, text] of texts.entries()) expect(all[i]).toEqual(model.predict(text, options));
      expect(all[0]![0]!.label).toBe("__label__fish");
      expect(all[3]).toEqual(model.predict("a", options));
    },
  );

  test("of thousands, and none", () => {
    const many = Array.from({ length: 5000 }, (_, i) => (i % 2 === 0 ? "salmon tuna sushi" : "flour yeast dough oven"));
    const labels = classifier.predict(many).map(([first]) => first!.label);
    expect(labels).toEqual(many.map((text) => (text.startsWith("salmon") ? "__label__fish" : "__label__bread")));
    expect(classifier.predict([])).toEqual([]);
  });
});

test("a test's figures by label, counted by hand", async () => {
  const text = ["__label__a red", "__label__b blue", "__label__c green"];
  const model = await train(text, { dim: 4, lr: 1, epoch: 100 });
  const evaluation = evaluate(model, ["__label__a red", "__label__a blue", "__label__b blue", "__label__c red"]);
  expect(evaluation.figures("__label__a")).toEqual({
    gold: 2,
    predicted: 2,
    hits: 1,
    precision: 0.5,
    recall: 0.5,
    f1: 0.5,
  });
  expect(evaluation.figures("__label__b")).toMatchObject({ precision: 0.5, recall: 1 });
  expect(evaluation.figures("__label__c")).toMatchObject({ precision: Number.NaN, recall: 0, f1: 0 });
  expect([...evaluation.perLabel().keys()].sort()).toEqual(model.labels.toSorted());
  expect(evaluation.perLabel().get("__label__a")).toEqual(evaluation.figures("__label__a"));
  expect(evaluation.counts("__label__a")).toEqual(evaluation.counts(model.labels.indexOf("__label__a")));
  expect(evaluation.precisionAtRecall(0.5, "__label__b")).toBeCloseTo(precision(evaluation.counts("__label__b")), 10);
  expect(() => evaluation.figures("__label__d")).toThrow('The model has no label "__label__d".');
});

test("counts of words and labels, as in the text", async () => {
  const model = await train(["__label__a red red fox", "__label__b red hen", "__label__a hen"], { dim: 2, epoch: 0 });
  expect(model.wordCounts()).toEqual(
    new Map([
      ["</s>", 3],
      ["red", 3],
      ["hen", 2],
      ["fox", 1],
    ]),
  );
  expect(model.labelCounts()).toEqual(
    new Map([
      ["__label__a", 2],
      ["__label__b", 1],
    ]),
  );
  expect(["red", "__label__a", "none"].map((word) => model.countOf(word))).toEqual([3, 2, 0]);
});

describe("near", () => {
  const model = Model.fromBytes(fixture("skipgram.bin"));
  const cosine = (a: Float32Array, b: Float32Array) => {
    const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  };
  const words = model.words;

  test("a vector: by cosine, nothing left out", () => {
    const vector = model.wordVector("salmon");
    const found = nearest(model, vector, 5);
    expect(found[0]).toMatchObject({ word: "salmon", similarity: expect.closeTo(1, 5) });
    const all = words.map((word) => cosine(vector, model.wordVector(word))).sort((a, b) => b - a);
    for (const [i, { similarity }] of found.entries()) expect(similarity).toBeCloseTo(all[i]!, 5);
    expect(nearest(model, Array.from(vector), 5)).toEqual(found);
    expect(found.slice(1)).toEqual(nearest(model, "salmon", 4));
  });

  test("a sum of what is like, less what is unlike", () => {
    const unit = (word: string) => {
      const vector = model.wordVector(word);
      const length = Math.hypot(...vector);
      return vector.map((x) => x / length);
    };
    const [a, b, c] = ["salmon", "tuna", "oven"].map(unit) as [Float32Array, Float32Array, Float32Array];
    const sum = a.map((x, i) => x + b[i]! - c[i]!);
    const expected = words
      .filter((word) => !["salmon", "tuna", "oven"].includes(word))
      .map((word) => ({ word, similarity: cosine(sum, model.wordVector(word)) }))
      .sort((x, y) => y.similarity - x.similarity);
    const found = mostSimilar(model, { positive: ["salmon", "tuna"], negative: ["oven"], k: 5 });
    for (const [i, { similarity }] of found.entries()) expect(similarity).toBeCloseTo(expected[i]!.similarity, 5);
    expect(found.map(({ word }) => word)).toEqual(expected.slice(0, 5).map(({ word }) => word));
    const same = mostSimilar(model, { positive: ["salmon", "oven"], negative: ["tuna"], k: 5 });
    expect(same.map(({ word }) => word)).toEqual(
      analogies(model, ["salmon", "tuna", "oven"], 5).map(({ word }) => word),
    );
    expect(mostSimilar(model, { positive: [model.wordVector("salmon")], k: 1 })[0]!.word).toBe("salmon");
  });

  test("what cannot be near is told", () => {
    expect(() => nearest(model, [1, 2, 3])).toThrow("The vector has 3 numbers; expected 8, as the model's rows have.");
    expect(() => mostSimilar(model, {})).toThrow(
      "There are no words or vectors to compare with; give some in positive or negative.",
    );
  });
});

test("a model that is loaded answers lists too", async () => {
  const model = await load(fixture("hs.bin"));
  expect(model.predict(["salmon", "flour"]).map(([first]) => first!.label)).toEqual([
    "__label__fish",
    "__label__bread",
  ]);
});
