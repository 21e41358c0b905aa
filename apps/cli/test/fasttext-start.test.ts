// What `reprise fasttext` training starts from: a model, vectors, weights; what it is judged by; flags that would do nothing.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadModel } from "@reprise/fasttext/node";
import { afterAll, describe, expect, test } from "vitest";

const main = fileURLToPath(new URL("../bin/reprise.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "reprise-start-"));
afterAll(() => rmSync(folder, { recursive: true }));
const put = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return name;
};

function supervised(...args: readonly string[]): { out: string; error: string; code: number | null } {
  const all = [main, "fasttext", "supervised", "-input", "text", ...args];
  const done = spawnSync(process.execPath, all, { cwd: folder, encoding: "utf8" });
  return { out: done.stdout, error: done.stderr, code: done.status };
}

const topics = ["rain cloud storm wind snow", "goal ball match team score", "flour oven yeast loaf crust"];
const lines = Array.from({ length: 120 }, (_, i) => {
  const words = topics[i % 3]!.split(" ");
  return `__label__${i % 3} ${words[i % 5]} ${words[(i * 3 + 1) % 5]} the of`;
});
put("text", `${lines.join("\n")}\n`);
put("held", "__label__0 rain wind\n__label__1 goal team\n__label__2 oven loaf\n");

test("-inputModel: settings that are not said again are the model's", () => {
  const trained = supervised(
    "-output",
    "base",
    "-dim",
    "7",
    "-loss",
    "hs",
    "-wordNgrams",
    "2",
    "-minn",
    "2",
    "-maxn",
    "3",
    "-bucket",
    "50",
    "-verbose",
    "0",
  );
  expect(trained).toMatchObject({ code: 0, error: "" });
  const more = supervised("-output", "more", "-inputModel", "base.bin", "-epoch", "2", "-verbose", "0");
  expect(more).toMatchObject({ code: 0, error: "" });
  const kept = { dim: 7, loss: "hs", wordNgrams: 2, minn: 2, maxn: 3, bucket: 50 };
  expect(loadModel(join(folder, "more.bin")).tables).toMatchObject(kept);
  const other = supervised("-output", "other", "-inputModel", "base.bin", "-dim", "100");
  expect(other.code).toBe(2);
  expect(other.error).toContain("base.bin: the model was trained with dim 7, and 100 is asked for");
});

describe("-validation", () => {
  test.each([
    ["none of the labels", "__label__other rain\n"],
    ["no labels", "rain wind\n"],
    ["nothing", ""],
  ])("with %s is told before training", (name, text) => {
    const held = put(`held-${name.replaceAll(" ", "-")}`, text);
    const { code, error } = supervised("-output", "none", "-epoch", "25", "-validation", held, "-verbose", "0");
    expect(code).toBe(1);
    expect(error).toBe(
      "reprise: No line of the validation text has a label and a word of the training text, so no epoch can be tested on it.\n",
    );
  });

  test("the epoch that is kept is told, on standard error and in --json", () => {
    const { code, out, error } = supervised(
      "-output",
      "kept",
      "-dim",
      "5",
      "-lr",
      "1",
      "-epoch",
      "6",
      "-validation",
      "held",
      "-patience",
      "2",
      "--json",
    );
    expect(code).toBe(0);
    const { kept } = JSON.parse(out) as { kept: { epoch: number; score: number } };
    expect(kept.epoch).toBeGreaterThanOrEqual(1);
    expect(error).toContain(`The rows of epoch ${kept.epoch} are kept: F1 ${kept.score.toFixed(3)}`);
    expect(error).toMatch(/Epoch 1: F1 \d\.\d{3}, best \d\.\d{3} \(epoch 1\)/);
  });

  test.each(["0", "-1", "1.5"])("-patience %s is refused", (patience) => {
    const { code, error } = supervised("-output", "p", "-validation", "held", "-patience", patience);
    expect(code).toBe(2);
    expect(error).toContain(`-patience is ${patience}; expected a whole number of epochs from 1 on.`);
  });
});

describe("-autotune-validation", () => {
  const tuned = ["-autotune-validation", "held", "-autotune-duration", "1", "-verbose", "0"];

  test("starts every trial from word vectors, whose length decides dim", () => {
    put("words.vec", "2 3\nrain 1 2 3\nteapot 4 5 6\n");
    const { code, error } = supervised("-output", "vectors", ...tuned, "-pretrainedVectors", "words.vec");
    expect({ code, error }).toEqual({ code: 0, error: "" });
    const model = loadModel(join(folder, "vectors.bin"));
    expect(model.tables.dim).toBe(3);
    expect(model.words).toContain("teapot");
  });

  test("goes on from a model", () => {
    supervised("-output", "start", "-dim", "4", "-epoch", "1", "-verbose", "0");
    const { code, error } = supervised("-output", "on", ...tuned, "-inputModel", "start.bin");
    expect({ code, error }).toEqual({ code: 0, error: "" });
    const model = loadModel(join(folder, "on.bin"));
    expect(model.tables.dim).toBe(4);
    expect(model.countOf("rain")).toBeGreaterThan(loadModel(join(folder, "start.bin")).countOf("rain"));
  });

  test.each([
    ["-pretrainedVectors", "nosuch.vec", "nosuch.vec: there is no such file; expected word vectors (.vec)."],
    ["-labelWeights", "nosuch", "nosuch: there is no such file; expected weights."],
    ["-lineWeights", "nosuch", "nosuch: there is no such file; expected weights."],
    ["-inputModel", "nosuch.bin", "nosuch.bin: there is no such file; expected a model"],
    [
      "-validation",
      "held",
      "-validation does nothing beside -autotune-validation, which judges each trial; leave one out.",
    ],
  ])("%s %s is not ignored", (flag, value, message) => {
    const { code, error } = supervised("-output", "no", ...tuned, flag, value);
    expect(code).not.toBe(0);
    expect(error).toContain(message);
  });
});

const verbNamed = (verb: string, ...args: readonly string[]) => {
  const done = spawnSync(process.execPath, [main, "fasttext", verb, ...args], { cwd: folder, encoding: "utf8" });
  return { out: done.stdout, error: done.stderr, code: done.status };
};

describe("a flag that would do nothing", () => {
  test.each([
    ["-patience", "2", "-patience does nothing without -validation."],
    ["-autotune-duration", "2", "-autotune-duration does nothing without -autotune-validation."],
    ["-autotune-modelsize", "2M", "-autotune-modelsize does nothing without -autotune-validation."],
    ["-dsub", "2", "-dsub does nothing without -autotune-validation."],
  ])("%s is refused alone", (flag, value, message) => {
    const { code, error } = supervised("-output", "no", flag, value);
    expect(code).toBe(2);
    expect(error).toContain(message);
  });

  test.each(["validation", "patience", "labelWeights", "lineWeights", "autotune-validation", "autotune-metric"])(
    "-%s is refused with word vectors",
    (flag) => {
      for (const verb of ["skipgram", "cbow"]) {
        const { code, error } = verbNamed(verb, "-input", "text", "-output", "no", `-${flag}`, "held");
        expect(code).toBe(2);
        expect(error).toContain(`-${flag} does nothing with ${verb}, which learns without labels.`);
      }
    },
  );

  test.each([
    ["supervised", "-ws 3", "-ws does nothing with supervised, which reads whole lines."],
    ["supervised", "-t 0.1", "-t does nothing with supervised, which leaves out no words."],
    ["supervised", "-neg 7", "-neg does nothing with -loss softmax."],
    ["skipgram", "-neg 7 -loss hs", "-neg does nothing with -loss hs."],
    ["cbow", "-wordNgrams 2", "-wordNgrams does nothing with cbow, which learns vectors of words."],
    ["cbow", "-minCountLabel 2", "-minCountLabel does nothing with cbow, which learns without labels."],
    ["supervised", "-bucket 99", "-bucket does nothing without n-grams: -wordNgrams above 1, or -maxn."],
    ["supervised", "-minn 2", "-minn does nothing without -maxn."],
  ])("of the C++ program is told: %s %s", (verb, flags, message) => {
    const all = ["-input", "text", "-output", "idle", "-dim", "3", "-epoch", "1", "-verbose", "1", ...flags.split(" ")];
    const { code, error } = verbNamed(verb, ...all);
    expect(code).toBe(0);
    expect(error.split("\n")[0]).toBe(message);
  });

  test.each(["-ws 3 -neg 7 -loss ns", "-wordNgrams 2 -bucket 99", "-minn 2 -maxn 3 -bucket 99"])(
    "is not said of %s, which all have an effect",
    (flags) => {
      const verb = flags.startsWith("-ws") ? "skipgram" : "supervised";
      const all = ["-input", "text", "-output", "used", "-dim", "3", "-epoch", "1", "-verbose", "1"];
      const { code, error } = verbNamed(verb, ...all, ...flags.split(" "));
      expect(code).toBe(0);
      expect(error).not.toContain("does nothing");
    },
  );
});

test.each([
  ["supervised", "-input text -output x -dim", "-dim is missing its value."],
  ["supervised", "-input text -output x more", '"more" is not a flag; expected -input FILE -output MODEL and flags.'],
  ["supervised", "-input - -output x", "training reads its text from a file, not from standard input."],
  ["quantize", "-output x more", '"more" is not a flag; expected -output MODEL and flags.'],
  ["dump", "", "expected MODEL (args|dict|input|output)."],
  ["dump", "x.bin words", '"words" cannot be dumped; expected args, dict, input or output.'],
  [
    "supervised",
    "-input text -output x -autotune-validation held -autotune-metric recall",
    'The metric is "recall"; expected f1, f1:LABEL, precisionAtRecall:N[:LABEL] or recallAtPrecision:N[:LABEL], N from 0 to 100.',
  ],
])("usage of %s %s: exit 2 and the way", (verb, args, message) => {
  const { code, error } = verbNamed(verb, ...args.split(" ").filter((word) => word !== ""));
  expect(code).toBe(2);
  expect(error).toContain(message);
});

describe("what is read is checked", () => {
  test.each([
    ["-labelWeights", "", "weights: there are no weights in it; expected lines of a label and a number."],
    ["-labelWeights", "__label__0 heavy\n", 'weights: the weight of __label__0 is "heavy"; expected a number.'],
    ["-lineWeights", "1\ntwo\n", 'weights: the weight of line 2 is "two"; expected a number.'],
    [
      "-lineWeights",
      "1\n",
      "The line weights are 1, the lines of the training text 120; expected a weight for each line.",
    ],
    [
      "-lineWeights",
      "",
      "The line weights are 0, the lines of the training text 120; expected a weight for each line.",
    ],
  ])("%s of %j", (flag, text, message) => {
    const { code, error } = supervised("-output", "no", flag, put("weights", text));
    expect(code).not.toBe(0);
    expect(error).toContain(message);
  });

  test("n-grams of characters that end before they begin", () => {
    const { code, error } = supervised("-output", "no", "-minn", "5", "-maxn", "2");
    expect(code).toBe(2);
    expect(error).toContain("-minn is 5 and maxn 2; expected minn up to maxn, or maxn 0 for no n-grams of characters.");
  });

  test.each([
    ["test", "plain"],
    ["test-label", "blank"],
  ])("%s of a text without a known label says so, beside the C++ program's output", (verb, file) => {
    supervised("-output", "small", "-dim", "3", "-verbose", "0");
    put("plain", "rain cloud\n");
    put("blank", "");
    const { code, out, error } = verbNamed(verb, "small.bin", file);
    expect(code).toBe(0);
    expect(out).toContain("N\t0\nP@1\tnan\n");
    expect(error).toBe(
      `No line of ${file} has a label and a word that the model knows, so there is nothing to test.\n`,
    );
  });
});

test("words a second are the same epoch by epoch as in one run", () => {
  put("long", `${lines.join("\n")}\n`.repeat(300));
  const rate = (...args: string[]) => {
    const { error } = supervised("-input", "long", "-output", "rate", "-dim", "30", "-epoch", "8", ...args);
    return Number(/words\/sec\/thread: (\d+)[^\r]*\n?[^\r]*$/.exec(error.replaceAll("\n", " "))![1]);
  };
  const [once, watched] = [rate(), rate("-validation", "held", "-patience", "20")];
  expect(watched / once).toBeGreaterThan(0.3);
  expect(watched / once).toBeLessThan(3);
});
