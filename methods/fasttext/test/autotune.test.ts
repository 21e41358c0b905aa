// Settings found by trial.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { autotune, completeSettings, evaluate, parseMetric, parseVectors, type Trial, train } from "../src/index.ts";

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url));
const text = () => [fixture("train.txt")];
const validation = () => [fixture("test.txt")];

/** A clock that moves one step each time it is read, so that the number of trials is known. */
function steps(): () => number {
  let now = 0;
  return () => now++;
}

test("the best trial wins, manual settings stay, the result is that trial's", async () => {
  const trials: Trial[] = [];
  const start = completeSettings({ dim: 6, epoch: 1, lr: 0.05, wordNgrams: 2, bucket: 100 });
  const found = await autotune(text, start, {
    validation,
    seconds: 20,
    clock: steps(),
    fixed: new Set(["bucket", "dim"]),
    onProgress: (progress) => progress.kind === "trial" && trials.push(progress),
  });
  expect(trials.length).toBe(found.trials);
  expect(found.score).toBe(Math.max(...trials.map(({ score }) => (Number.isNaN(score) ? 0 : score))));
  expect(found.score).toBeGreaterThan(trials[0]!.score);
  for (const { settings } of trials) expect(settings).toMatchObject({ dim: 6, bucket: 100 });
  const evaluation = evaluate(found.model, validation());
  expect(parseMetric("f1")(evaluation, () => 0)).toBeCloseTo(found.score, 10);
});

test("a model size is kept to", async () => {
  const start = completeSettings({ dim: 8, epoch: 2, lr: 0.3, wordNgrams: 2, bucket: 3000 });
  const fixed = new Set(["bucket", "dim", "wordNgrams", "epoch", "lr", "minn", "maxn"]);
  const { model } = await autotune(text, start, { validation, seconds: 3, clock: steps(), fixed, modelSize: 18_000 });
  const bytes = [...model.bytes()].reduce((sum, piece) => sum + piece.length, 0);
  expect(model.tables.input.kind).toBe("quantized");
  expect(bytes).toBeLessThanOrEqual(18_000);
  await expect(
    autotune(text, start, { validation, seconds: 2, clock: steps(), fixed, modelSize: 9_000 }),
  ).rejects.toThrow(/fitted into 9000 bytes/);
});

test("metrics by name", async () => {
  const model = await train(text(), { dim: 6, epoch: 20, lr: 0.5 });
  const evaluation = evaluate(model, validation(), { k: -1 });
  const labelOf = (label: string) => model.labels.indexOf(label);
  const value = (metric: string) => parseMetric(metric)(evaluation, labelOf);
  expect(value("f1:__label__fish")).toBeGreaterThan(0);
  expect(value("precisionAtRecall:30")).toBeGreaterThanOrEqual(value("precisionAtRecall:90"));
  expect(value("recallAtPrecision:30:__label__fish")).toBeGreaterThanOrEqual(
    value("recallAtPrecision:90:__label__fish"),
  );
  expect(value("recallAtPrecision:0")).toBeCloseTo(evaluation.curve().reduce((most, p) => Math.max(most, p.recall), 0));
  for (const wrong of ["f2", "f1:", "precisionAtRecall", "precisionAtRecall:200", "recallAtPrecision:50:"])
    expect(() => parseMetric(wrong)).toThrow(/expected f1/);
});

test("a bucket count that is fixed holds for the trials with n-grams, which the first one need not have", async () => {
  const buckets = new Set<number>();
  await autotune(
    text,
    { dim: 4, epoch: 1, bucket: 77 },
    {
      validation,
      seconds: 12,
      clock: steps(),
      fixed: new Set(["bucket", "dim", "epoch"]),
      onProgress: (told) => told.kind === "trial" && told.settings.wordNgrams > 1 && buckets.add(told.settings.bucket),
    },
  );
  expect([...buckets]).toEqual([77]);
});

test("a model that is too small to be quantised is kept as it is, if it fits", async () => {
  const options = { validation, seconds: 20, fixed: new Set(["wordNgrams", "minn", "maxn", "dim"]) };
  const { model } = await autotune(text, { dim: 4 }, { ...options, clock: steps(), modelSize: 10_000 });
  expect(model.tables.input).toMatchObject({ kind: "dense", dim: 4 });
  await expect(autotune(text, { dim: 4 }, { ...options, clock: steps(), modelSize: 500 })).rejects.toThrow(
    /fitted into 500 bytes/,
  );
});

test("stopped, the search ends with the best trial so far", async () => {
  const stop = new AbortController();
  const onProgress = (told: { readonly kind: string; readonly done: number }) => {
    if (told.kind === "trial" && told.done === 3) stop.abort();
  };
  const found = await autotune(
    text,
    { dim: 4 },
    { validation, fixed: new Set(["dim"]), stop: stop.signal, onProgress },
  );
  expect(found.trials).toBe(3);
  expect(found.model.labels).toHaveLength(4);
  await expect(autotune(text, { dim: 4 }, { validation, stop: AbortSignal.abort() })).rejects.toThrow(
    /stopped before its first trial/,
  );
  await expect(autotune(text, { dim: 4 }, { validation, seconds: 0 })).rejects.toThrow(/seconds is 0/);
});

describe("what it starts from decides settings", () => {
  const options = { validation, seconds: 2 };

  test("word vectors their length", async () => {
    const pretrained = parseVectors("2 3\nsalmon 1 2 3\nteapot 4 5 6\n");
    const { model, settings } = await autotune(text, {}, { ...options, clock: steps(), pretrained });
    expect(settings.dim).toBe(3);
    expect(model.words).toContain("teapot");
    await expect(autotune(text, { dim: 7 }, { ...options, pretrained })).rejects.toThrow(
      "The pretrained vectors have 3 numbers each and dim is 7; set dim to 3.",
    );
  });

  test("a model its dim, loss and n-grams", async () => {
    const from = await train(text(), { dim: 5, loss: "hs", wordNgrams: 2, bucket: 40, epoch: 1 });
    const { model, settings } = await autotune(text, {}, { ...options, clock: steps(), from });
    const kept = { dim: 5, loss: "hs", wordNgrams: 2, bucket: 40 };
    expect(settings).toMatchObject(kept);
    expect(model.tables).toMatchObject(kept);
    await expect(autotune(text, { dim: 7 }, { ...options, from })).rejects.toThrow(
      "the model was trained with dim 5, and 7 is asked for",
    );
  });

  test("texts as arrays of lines, and none that can be read once only", async () => {
    const lines = fixture("train.txt").toString().trim().split("\n");
    const { model } = await autotune(lines, { dim: 4 }, { validation: lines, seconds: 2, clock: steps() });
    expect(model.labels).toHaveLength(4);
    await expect(autotune(lines.values() as never, {}, options)).rejects.toThrow(
      "The training text is read several times; expected a string, bytes, an array of lines, or a function that gives the text anew.",
    );
  });
});
