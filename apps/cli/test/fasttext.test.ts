// The verbs of `reprise fasttext` print what fastText 0.9.2 prints for the same model (tools/reference/fasttext.py).
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const fixtures = fileURLToPath(new URL("../../../methods/fasttext/test/fixtures/", import.meta.url));
const main = fileURLToPath(new URL("../bin/reprise.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "reprise-fasttext-"));
afterAll(() => rmSync(folder, { recursive: true }));

type Fact = Record<string, string>;
const facts = JSON.parse(readFileSync(`${fixtures}facts.json`, "utf8")) as { models: Record<string, Fact> };

function reprise(args: readonly string[], input = ""): { out: string; error: string; code: number | null } {
  const done = spawnSync(process.execPath, [main, "fasttext", ...args], { input, encoding: "utf8" });
  return { out: done.stdout, error: done.stderr, code: done.status };
}

/** The same text, with numbers that may differ in their last digit. */
function expectSame(ours: string, theirs: string): void {
  const split = (text: string) => text.split(/(-?\d+\.?\d*(?:e[+-]\d+)?)/);
  const a = split(ours);
  const b = split(theirs);
  expect(a.length).toBe(b.length);
  for (let i = 0; i < b.length; i++)
    if (i % 2 === 0) expect(a[i]).toBe(b[i]);
    else expect(Math.abs(Number(a[i]) - Number(b[i]))).toBeLessThanOrEqual(2e-5 * Math.max(1, Math.abs(Number(b[i]))));
}

const text = join(fixtures, "test.txt");
const words = "salmon brûlée flour unseen </s> 咖啡\n";
const supervised = ["hs.bin", "ova-pruned.ftz"]; // the method package compares all of them

describe.each(supervised)("%s", (name) => {
  const model = join(fixtures, name);
  const fact = facts.models[name]!;
  test("predict-prob, test and test-label", () => {
    expectSame(reprise(["predict-prob", model, text, "3", "--compat"]).out, fact.predict3!);
    expect(reprise(["test", model, text]).out).toBe(fact.test1);
    expect(reprise(["test", model, text, "2", "0.1"]).out).toBe(fact.test2);
    // 0.9.2 counts no occurrences of a label (mended in the program's last source), so only precision is comparable.
    const comparable = (out: string) => out.replace(/(F1-Score|Recall) : \S+/g, "$1");
    expect(comparable(reprise(["test-label", model, text]).out)).toBe(comparable(fact.testLabel!));
  });
  test("word and sentence vectors", () => {
    expectSame(reprise(["print-word-vectors", model], words).out, fact.words!);
    expectSame(reprise(["print-sentence-vectors", model], readFileSync(text, "utf8")).out, fact.sentences!);
  });
});

test.each(["skipgram.bin", "cbow.bin"])("%s: vectors, n-grams, neighbours, dump", (name) => {
  const model = join(fixtures, name);
  const fact = facts.models[name]!;
  expectSame(reprise(["print-word-vectors", model], words).out, fact.words!);
  expectSame(reprise(["print-sentence-vectors", model], "salmon tuna\nunseen flour\n\n").out, fact.sentences!);
  expectSame(reprise(["nn", model, "4"], "salmon\nunseen\n").out, fact.nn!);
  expectSame(reprise(["print-ngrams", model, "tuna"]).out, fact.ngrams!);
  expect(reprise(["dump", model, "args"]).out).toBe(fact.args);
  expect(reprise(["dump", model, "dict"]).out).toBe(fact.dict);
});

test("a text without a last line end is read as the reference does with --compat, as a line without it", () => {
  const model = join(fixtures, "softmax.bin");
  expectSame(
    reprise(["predict-prob", model, "-", "2", "--compat"], "tuna lemon").out,
    facts.models["softmax.bin"]!.unended!,
  );
  expect(reprise(["predict-prob", model, "-", "2"], "tuna lemon").out).toBe(
    reprise(["predict-prob", model, "-", "2"], "tuna lemon\n").out,
  );
});

test("goes on from a model, keeps the best epoch, weighs labels and lines; tells where the time went", () => {
  const input = join(fixtures, "train.txt");
  const lines = readFileSync(input, "utf8").trimEnd().split("\n");
  const run = (name: string, ...more: string[]) => {
    const flags = ["-input", input, "-output", join(folder, name), "-dim", "6", "-epoch", "3", "-lr", "0.3", "--json"];
    const { code, out } = reprise(["supervised", ...flags, ...more]);
    expect(code, name).toBe(0);
    return JSON.parse(out) as { loss: number; seconds: Record<string, number> };
  };
  const score = (name: string) => {
    const { out } = reprise(["test", join(folder, `${name}.bin`), input, "--json"]);
    return (JSON.parse(out) as { precision: number }).precision;
  };
  const first = run("first");
  expect(Object.keys(first.seconds)).toEqual(["read", "encode", "train", "write"]);
  for (const seconds of Object.values(first.seconds)) expect(seconds).toBeGreaterThanOrEqual(0);
  expect(run("more", "-inputModel", join(folder, "first.bin")).loss).toBeLessThan(first.loss);

  // Weights of 0 teach nothing: every row stays where it started.
  writeFileSync(join(folder, "none.txt"), "0\n".repeat(lines.length));
  run("none", "-lineWeights", join(folder, "none.txt"));
  expect(score("none")).toBeLessThan(score("first"));
  const labels = [...new Set(lines.join(" ").match(/__label__\S+/g))];
  writeFileSync(join(folder, "one.txt"), labels.map((label, i) => `${label} ${i === 0 ? 1 : 0}\n`).join(""));
  run("one", "-labelWeights", join(folder, "one.txt"));
  const { out } = reprise(["predict", join(folder, "one.bin"), input]);
  expect(new Set(out.trimEnd().split("\n"))).toEqual(new Set([labels[0]]));

  run("best", "-validation", input, "-patience", "1", "-epoch", "4");
  expect(score("best")).toBeGreaterThanOrEqual(score("first"));
}, 20_000);

test.each([
  ["-inputModel", "missing.bin", /missing\.bin/],
  ["-lineWeights", "short.txt", /1 line weights for/],
  ["-labelWeights", "wrong.txt", /weight for the label "__label__nowhere"/],
])("%s that does not fit is told in one line, and nothing is written", (flag, file, message) => {
  writeFileSync(join(folder, "short.txt"), "1\n");
  writeFileSync(join(folder, "wrong.txt"), "__label__nowhere 2\n");
  const output = join(folder, "refused");
  const { code, error } = reprise([
    "supervised",
    "-input",
    join(fixtures, "train.txt"),
    "-output",
    output,
    flag,
    join(folder, file),
  ]);
  expect(code).toBe(1);
  expect(error).toMatch(message);
  expect(existsSync(`${output}.bin`)).toBe(false);
});

test("trains, tests and quantises", () => {
  const output = join(folder, "model");
  const input = join(fixtures, "train.txt");
  const trained = reprise([
    "supervised",
    "-input",
    input,
    "-output",
    output,
    "-dim",
    "6",
    "-lr",
    "0.5",
    "-epoch",
    "10",
    "-wordNgrams",
    "2",
    "-bucket",
    "300",
  ]);
  expect(trained.code).toBe(0);
  const result = JSON.parse(reprise(["test", `${output}.bin`, input, "--json"]).out) as { precision: number };
  expect(result.precision).toBeGreaterThan(0.85);
  expect(readFileSync(`${output}.vec`, "utf8").split("\n")[0]).toMatch(/^\d+ 6$/);
  expect(reprise(["quantize", "-output", output, "-input", input, "-cutoff", "300", "-retrain", "-qnorm"]).code).toBe(
    0,
  );
  const small = JSON.parse(reprise(["test", `${output}.ftz`, input, "--json"]).out) as { precision: number };
  expect(small.precision).toBeGreaterThan(result.precision - 0.05);
});

test("what cannot be run is told in one line", () => {
  const input = join(fixtures, "train.txt");
  const output = join(folder, "none");
  expect(reprise(["supervised", "-input", input, "-output", output, "-dim", "0"])).toMatchObject({
    code: 2,
    error: expect.stringContaining("dim is 0; expected a whole number from 1"),
  });
  expect(reprise(["supervised", "-input", input, "-output", output, "-colour", "red"])).toMatchObject({
    code: 2,
    error: expect.stringContaining("unknown flag -colour"),
  });
  writeFileSync(join(folder, "empty"), "");
  expect(reprise(["supervised", "-input", join(folder, "empty"), "-output", output])).toMatchObject({
    code: 1,
    error: expect.stringContaining("The training text is empty"),
  });
  expect(reprise(["test", input, text])).toMatchObject({
    code: 1,
    error: expect.stringMatching(/train\.txt: this is no fastText model/),
  });
});

test("a missing folder is told before training; Ctrl-C keeps what was learnt beside it", async () => {
  const input = join(fixtures, "train.txt");
  const output = join(folder, "kept");
  writeFileSync(`${output}.bin`, "old");
  const args = ["supervised", "-input", input, "-output", output, "-dim", "4", "-epoch", "1000000"];
  const child = spawn(process.execPath, [main, "fasttext", ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let error = "";
  let interrupted = false;
  child.stderr.on("data", (text) => {
    error += text;
    if (interrupted || !/Progress/.test(error)) return;
    interrupted = child.kill("SIGINT"); // a second one would end the process at once
  });
  const [code] = await once(child, "exit");
  expect(code).toBe(1);
  expect(error).toContain(`what was learnt until then is in ${output}.interrupted.bin`);
  expect(readFileSync(`${output}.bin`, "utf8")).toBe("old");
  expect(reprise(["test", `${output}.interrupted.bin`, input]).out).toMatch(/^N\t160/);

  const lost = reprise(["supervised", "-input", input, "-output", join(folder, "none", "model")]);
  expect(lost).toMatchObject({ code: 1, error: expect.stringContaining("there is no folder") });
});
