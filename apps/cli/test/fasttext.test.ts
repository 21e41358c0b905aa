// `reprise fasttext` as a program: flags, files, messages, exit codes. What it prints: verbs-reference.test.ts.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const fixtures = fileURLToPath(new URL("../../../methods/fasttext/test/fixtures/", import.meta.url));
const main = fileURLToPath(new URL("../bin/reprise.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "reprise-fasttext-"));
afterAll(() => rmSync(folder, { recursive: true }));

function reprise(args: readonly string[], input = "", env = {}): { out: string; error: string; code: number | null } {
  const done = spawnSync(process.execPath, [main, "fasttext", ...args], {
    input,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  return { out: done.stdout, error: done.stderr, code: done.status };
}

const text = join(fixtures, "test.txt");

test("verbs read standard input and print to standard output; --json prints one document", () => {
  const model = join(fixtures, "softmax.bin");
  const fromFile = reprise(["predict-prob", model, text, "2"]).out;
  expect(fromFile).toMatch(/^__label__fish 0\.\d+ __label__\S+ 0\.\d+\n/);
  expect(reprise(["predict-prob", model, "-", "2"], readFileSync(text, "utf8")).out).toBe(fromFile);
  const lines = JSON.parse(reprise(["predict", model, text, "2", "--json"]).out) as { label: string }[][];
  expect(lines.map((line) => line.map(({ label }) => label).join(" "))).toEqual(
    reprise(["predict", model, text, "2"]).out.trimEnd().split("\n"),
  );
  expect(reprise(["nn", model, "2"], "salmon\n").out).toMatch(/^Query word\? \S+ 0\.\d+\n\S+ 0\.\d+\nQuery word\? $/);
});

test("a text without a last line end is read as the reference does with --compat, as a line without it", () => {
  const model = join(fixtures, "softmax.bin");
  const ask = (input: string, ...flags: string[]) => reprise(["predict-prob", model, "-", "2", ...flags], input).out;
  expect(ask("tuna lemon")).toBe(ask("tuna lemon\n"));
  expect(ask("tuna lemon", "--compat")).not.toBe(ask("tuna lemon\n", "--compat"));
});

test("a line is answered before the next one comes", async () => {
  const args = [main, "fasttext", "predict", join(fixtures, "softmax.bin"), "-"];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  for (const line of ["salmon tuna", "knead the dough"]) {
    child.stdin.write(`${line}\n`);
    const [answer] = await once(child.stdout, "data");
    expect(String(answer)).toMatch(/^__label__\w+\n$/);
  }
  child.stdin.end();
  expect((await once(child, "exit"))[0]).toBe(0);
});

test("a slow reader gets all of it, one that has seen enough is no error", () => {
  const many = join(folder, "many.txt");
  writeFileSync(many, readFileSync(text, "utf8").repeat(300));
  const command = `"${process.execPath}" "${main}" fasttext predict-prob "${join(fixtures, "softmax.bin")}" "${many}" 4`;
  const shell = (line: string) => spawnSync("sh", ["-c", line], { encoding: "utf8" });
  expect(shell(`${command} | (sleep 0.5; wc -l)`)).toMatchObject({
    stdout: expect.stringMatching(/^\s*9000\n/),
    stderr: "",
  });
  expect(shell(`(${command}; echo $? >&2) | head -n 1`)).toMatchObject({
    stdout: expect.stringMatching(/^__label__fish/),
    stderr: "0\n",
  });
});

test("autotune: a bucket count that is given, a metric of one label, a model size; what was best is told", () => {
  const output = join(folder, "tuned");
  const flags = ["-input", join(fixtures, "train.txt"), "-output", output, "-dim", "4", "-bucket", "300"];
  const tuned = ["-autotune-validation", text, "-autotune-duration", "1"];
  const found = reprise(["supervised", ...flags, ...tuned, "-autotune-metric", "recallAtPrecision:60:__label__fish"]);
  expect(found).toMatchObject({ code: 0, error: expect.stringMatching(/Best of \d+ trials.*-dim 4 .*-bucket 300/) });
  expect(reprise(["supervised", ...flags, ...tuned, "-autotune-modelsize", "20k"]).code).toBe(0);
  expect(readFileSync(`${output}.ftz`).length).toBeLessThanOrEqual(20_000);
});

test.each([
  ["0", /^$/],
  ["1", /^59 words, 4 labels.*\nProgress: 100\.0% words\/sec\/thread: \d+ lr: 0\.000000 avg\.loss: \d\.\d+ ETA:/],
  ["2", /^Read 0\.0M words\n59 words/],
])("-verbose %s", (verbose, said) => {
  const flags = ["-input", join(fixtures, "train.txt"), "-output", join(folder, "said"), "-dim", "4"];
  expect(reprise(["supervised", ...flags, "-verbose", verbose]).error).toMatch(said);
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
  ["-inputModel", "missing.bin", /missing\.bin: there is no such file; expected a model/],
  ["-validation", "missing.txt", /missing\.txt: there is no such file; expected a labelled text/],
  ["-autotune-validation", "missing.txt", /missing\.txt: there is no such file; expected a labelled text/],
  ["-pretrainedVectors", "missing.vec", /missing\.vec: there is no such file; expected word vectors/],
  ["-lineWeights", "short.txt", /line weights are 1, the lines of the training text \d+;/],
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
    error: expect.stringMatching(/train\.txt: this is not a fastText model/),
  });
  expect(reprise(["predict", join(fixtures, "hs.bin"), folder])).toMatchObject({
    code: 1,
    error: expect.stringMatching(/is a folder; expected a text/),
  });
  expect(
    reprise(["skipgram", "-input", input, "-output", output, "-inputModel", join(fixtures, "hs.bin")]),
  ).toMatchObject({ code: 2, error: expect.stringMatching(/hs\.bin: this is a supervised model/) });
});

test("a verb's help, a wrong command line, an unknown verb; threads that have nothing to do hold nobody up", () => {
  expect(reprise(["test", "--help"])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^Usage: reprise fasttext test MODEL FILE \[K\] \[THRESHOLD\]/),
  });
  expect(reprise(["test", "--debug"])).toMatchObject({
    code: 2,
    error: expect.stringMatching(/^reprise fasttext test: expected MODEL FILE .*\n\(add --help for the options\)\n$/),
  });
  expect(reprise(["tset"])).toMatchObject({ code: 2, error: expect.stringContaining("unknown command 'tset'") });
  expect(reprise(["supervised", "-thread", "2"])).toMatchObject({
    code: 2,
    error: "reprise fasttext supervised: -input is missing.\n(add --help for the options)\n",
  });
});

test("a model that cannot be written where it should is put elsewhere, and the user is told", () => {
  const output = join(folder, "blocked");
  mkdirSync(`${output}.bin`); // a folder cannot be replaced by a file
  const other = join(folder, "tmp");
  mkdirSync(other);
  const args = ["supervised", "-input", join(fixtures, "train.txt"), "-output", output, "-dim", "4", "-verbose", "0"];
  const { code, error } = reprise(args, "", { TMPDIR: other });
  expect(code).toBe(1);
  const [saved] = readdirSync(other);
  expect(error).toContain(`${output}.bin could not be written: `);
  expect(error).toContain(`The model is in ${join(other, saved!)}; ${output}.bin is as it was.`);
  expect(reprise(["test", join(other, saved!), text]).out).toMatch(/^N\t27/);
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("a rate that is too high keeps the best epoch beside the old model, and says what to try", () => {
  const input = join(fixtures, "train.txt");
  const output = join(folder, "steep");
  writeFileSync(`${output}.bin`, "old");
  const steep = ["supervised", "-input", input, "-output", output, "-dim", "6", "-lr", "5", "-epoch", "20"];
  const { code, error } = reprise([...steep, "-validation", input, "-verbose", "0"]);
  expect(code).toBe(1);
  expect(error).toMatch(/^reprise: Training diverged after \d+\.\d % of the run: .*\n$/);
  expect(error).toMatch(
    /The learning rate 5 is too high for this data; try 1 \(usual for a classifier: 0\.1 to 1\.0\)\./,
  );
  const f1 = /The rows of epoch \d+ \(F1 (0\.\d{3})\) are kept\./.exec(error)?.[1];
  expect(error).toContain(`They are in ${output}.diverged.bin; ${output}.bin was not touched.`);
  expect(readFileSync(`${output}.bin`, "utf8")).toBe("old");
  const tested = JSON.parse(reprise(["test", `${output}.diverged.bin`, input, "--json"]).out) as Record<string, number>;
  const { precision, recall } = tested as { precision: number; recall: number };
  expect(((2 * precision * recall) / (precision + recall)).toFixed(3)).toBe(f1);

  // Without a validation text, or before the first epoch's end, there is nothing to keep.
  rmSync(`${output}.diverged.bin`);
  expect(reprise([...steep, "-verbose", "0"])).toMatchObject({
    code: 1,
    error: expect.stringMatching(/try 1 \(.*\)\.\n$/),
  });
  expect(existsSync(`${output}.diverged.bin`)).toBe(false);
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
