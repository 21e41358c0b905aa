// The fastText panel's core on Node: dividing lines, training, reasons; and what the page says of its data.
import { readFileSync, statSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { Model } from "@reprise/fasttext";
import { expect, test } from "vitest";
import { classify, languages } from "../src/run/fasttext/classify.ts";
import {
  cookingBytes,
  defaultInputs,
  languageBytes,
  linesOf,
  linesProblem,
  ownLines,
  paperKey,
} from "../src/run/fasttext/inputs.ts";
import { type Divided, divide, normalise } from "../src/run/fasttext/lines.ts";
import { compareLosses, trainOnce } from "../src/run/fasttext/training.ts";
import { accuracy, trainingSentence } from "../src/web/panels/fasttext/wording.ts";

const data = new URL(`../content/${paperKey}/data/`, import.meta.url);
const context = { signal: new AbortController().signal, progress: () => {} };
const words = {
  tea: "leaves pot steep green",
  coffee: "beans grind roast press",
  juice: "oranges squeeze glass fresh",
};
const drinks = Array.from({ length: 20 }, (_, i) =>
  Object.entries(words).map(([label, text]) => `__label__${label} ${text.split(" ")[i % 4]} ${text}`),
)
  .flat()
  .join("\n");
const settings = { ...defaultInputs.compare, dim: 10, epochs: 20, lr: 0.5 };

test("the bundled questions are divided and made comparable as in the tutorial", () => {
  const text = gunzipSync(readFileSync(new URL("cooking.txt.gz", data))).toString();
  const { trainingLines, heldOutLines, training } = divide(text, true);
  expect([trainingLines, heldOutLines]).toEqual([12_404, 3000]);
  expect(training.split("\n")[0]).toBe(
    "__label__sauce __label__cheese how much does potato starch affect a cheese sauce recipe ? ",
  );
});

test("labels keep their case and points; of nine own lines none is held out", () => {
  expect(normalise("__label__C.S Don't (GO)")).toBe("__label__C.S don ' t  ( go ) ");
  const lines = (n: number) => Array.from({ length: n }, (_, i) => `__label__a w${i}`).join("\r\n\n");
  expect(divide(lines(9), false)).toMatchObject({ trainingLines: 9, heldOutLines: 0, heldOut: "" });
  expect(divide(lines(10), false)).toMatchObject({ trainingLines: 8, heldOutLines: 2 });
});

test.each([
  ["in turn", (i: number) => i % 5, 20],
  ["sorted", (i: number) => Math.floor(i / 4), 20],
  ["in turn, fifty of them", (i: number) => i % 50, 1000],
  ["mostly one", (i: number) => (i < 95 ? 0 : i), 100],
])("labels %s: each is trained on, and a fifth of the lines is held out", (_, labelOf, n) => {
  const labels = Array.from({ length: n }, (_, i) => `__label__${labelOf(i)}`);
  const divided = divide(labels.map((label, i) => `${label} word${i}`).join("\n"), false);
  const of = (text: string) =>
    text
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" ")[0]!);
  expect(new Set(of(divided.training))).toEqual(new Set(labels));
  expect(divided.heldOutLines).toBeCloseTo(n / 5, -1);
  expect(divided.heldOutLines + divided.trainingLines).toBe(n);
  expect(divide(labels.map((label, i) => `${label} word${i}`).join("\n"), false)).toEqual(divided); // a fixed draw
});

test("what is said of testing is so: no lines held out, or held-out lines with labels that were not learnt", async () => {
  const say = async (divided: Divided) => {
    const { model, trained } = await trainOnce(divided, "softmax", settings, context);
    return [trainingSentence({ trained, answer: classify(model, "green leaves", 2) }), accuracy(trained)];
  };
  const few = divide(drinks.split("\n").slice(0, 6).join("\n"), false);
  const [none, noneShort] = await say(few);
  expect(none).toMatch(
    /^3 labels learnt from 6 lines in .*\. No lines were held out to test with: that takes 10 or more\. The text/,
  );
  expect(noneShort).toBe("no lines held out");
  const [unknown, unknownShort] = await say({ ...few, heldOut: "__label__milk white cold\n", heldOutLines: 1 });
  expect(unknown).toContain("The 1 held-out lines have no label that was learnt, so nothing was tested.");
  expect(unknownShort).toBe("no label of theirs was learnt");
});

test("words a second are those of the whole run, however many epochs it has", async () => {
  const lines = divide(drinks, false);
  const words = lines.training.split(/\s+/).filter((word) => word !== "" && !word.startsWith("__label__")).length;
  const { trained } = await trainOnce(lines, "softmax", { ...settings, epochs: 200 }, context);
  // A line's end is a word too.
  expect(trained.wordsPerSecond * trained.seconds).toBeLessThan(3 * 200 * (words + lines.trainingLines));
});

test("lines go into the address while they are short, and what is wrong with them is said", () => {
  expect(linesOf(ownLines("__label__a x"))).toBe("__label__a x");
  const long = drinks.repeat(3);
  expect(ownLines(long).length).toBeLessThan(40);
  expect(linesOf(ownLines(long))).toBe(long);
  expect(linesProblem(ownLines(long))).toBeNull();
  expect(linesProblem("long:1-2")).toMatch(/paste them again/);
  expect(linesProblem("own: ")).toMatch(/Type or paste lines/);
  expect(linesProblem("own:tea leaves")).toMatch(/No line has a label/);
  expect(linesProblem("own:__label__tea leaves")).toMatch(/one label only/);
  expect(linesProblem("pasta")).toMatch(/no lines called “pasta”/);
});

test("softmax learns the drinks; what speaks for a label adds up to scores that give its probability", async () => {
  const { model, trained } = await trainOnce(divide(drinks, false), "softmax", settings, context);
  expect(trained).toMatchObject({ labels: 3, trainingLines: 48, tested: 12, precisionAt1: 1 });
  expect(trained.curve.at(-1)![1]).toBeLessThan(Math.log(3) / 2); // ln 3 before anything is learnt
  const { reasons } = classify(model, "grind the beans", 3);
  expect(reasons[0]!.label).toBe("coffee");
  const exps = reasons.map(({ evidence }) => Math.exp(evidence.reduce((sum, { score }) => sum + score, 0)));
  const sum = exps.reduce((a, b) => a + b);
  for (const [i, { probability }] of reasons.entries()) expect(exps[i]! / sum).toBeCloseTo(probability, 3);
  expect(classify(model, "zebra", 3).reasons).toEqual([]);
});

test("the turns through the tree multiply to the label's probability and end at one label", async () => {
  const { model } = await trainOnce(divide(drinks, false), "hs", settings, context);
  const { reasons } = classify(model, "squeeze oranges", 3);
  expect(reasons[0]!.label).toBe("juice");
  for (const { path, probability } of reasons) {
    expect(path.reduce((product, turn) => product * turn.probability, 1)).toBeCloseTo(probability, 3);
    expect(path.at(-1)!.labelsLeft).toBe(1);
  }
});

test("while it trains, some held-out lines are tested: the share rises to that of all", async () => {
  const shares: (number | undefined)[] = [];
  const { trained } = await trainOnce(divide(drinks, false), "softmax", settings, {
    ...context,
    progress: ({ partial }) => shares.push(partial?.heldOut),
  });
  expect(shares.filter((share) => share !== undefined).length).toBeGreaterThan(0);
  expect(trained.heldOut).toBe(trained.precisionAt1);
});

test("both losses run in one press; an aborted run throws", async () => {
  const progress: number[] = [];
  const runs = await compareLosses(divide(drinks, false), settings, {
    ...context,
    progress: ({ done }) => progress.push(done),
  });
  expect(runs.map(({ loss }) => loss)).toEqual(["softmax", "hs"]);
  expect(progress.at(-1)).toBe(100);
  expect(progress).toEqual([...progress].sort((a, b) => a - b));
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(compareLosses(divide(drinks, false), settings, { ...context, signal })).rejects.toThrow("enough");
});

test("the bundled language model names languages, and the sizes that the page shows are the files'", () => {
  const bytes = readFileSync(new URL("lid.176.ftz", data));
  const model = Model.fromBytes(bytes);
  const best = (text: string) => languages(model, text, 2)[0]!.label;
  expect([best("Quem não tem cão caça com gato."), best("Der frühe Vogel fängt den Wurm.")]).toEqual(["pt", "de"]);
  expect(languages(model, "  ", 2)).toEqual([]);
  expect(bytes.length).toBe(languageBytes);
  expect(statSync(new URL("cooking.txt.gz", data)).size).toBe(cookingBytes);
});

test("with two hidden units documents are points: the mean vectors of held-out lines, by label", async () => {
  const lines = divide(drinks, false);
  const { model, trained } = await trainOnce(lines, "softmax", { ...settings, dim: 2, epochs: 60 }, context);
  expect(trained.clouds.map(({ label }) => label).sort()).toEqual(["coffee", "juice", "tea"]);
  expect(trained.clouds.reduce((sum, { points }) => sum + points.length, 0)).toBe(lines.heldOutLines);
  const [first] = trained.clouds;
  const line = lines.heldOut.split("\n").find((text) => text.startsWith(`__label__${first!.label} `))!;
  expect(first!.points[0]).toEqual([...model.sentenceVector(line.slice(line.indexOf(" ") + 1).trim())]);
  const { trained: wide } = await trainOnce(lines, "softmax", settings, context);
  expect(wide.clouds).toEqual([]);
});
