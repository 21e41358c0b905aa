// The files of fastText 0.9.2 here, and ours there: the same output, byte for byte (tools/reference/fasttext.py).
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Model, parseVectors, quantize, train } from "@reprise/fasttext";
import { saveModel } from "@reprise/fasttext/node";
import { afterAll, describe, expect, test } from "vitest";
import { dumpVerb } from "../src/verbs/dump.node.ts";
import { predictVerb, testVerb } from "../src/verbs/labels.node.ts";
import type { Streams } from "../src/verbs/streams.node.ts";
import {
  analogiesVerb,
  nearestVerb,
  ngramsVerb,
  sentenceVectorsVerb,
  wordVectorsVerb,
} from "../src/verbs/vectors.node.ts";

/** A verb, its arguments (MODEL and TEXT are the files), standard input, and what the program answered. */
interface Run {
  readonly args: readonly [string, ...string[]];
  readonly input?: string;
  readonly output?: string;
  readonly sha256?: string;
}

const fixtures = fileURLToPath(new URL("fixtures/", import.meta.url));
const facts = JSON.parse(readFileSync(`${fixtures}facts.json`, "utf8")) as {
  models: Record<string, { runs: readonly Run[] }>;
  languages: { input: string; output: string };
};
const languages = fileURLToPath(
  new URL("../../../apps/site/content/journals/corr/JoulinGBM16/data/lid.176.ftz", import.meta.url),
);

const verbs: Readonly<Record<string, (args: readonly string[], streams: Streams) => void>> = {
  predict: (args, streams) => predictVerb([...args, "-compat"], false, streams),
  "predict-prob": (args, streams) => predictVerb([...args, "-compat"], true, streams),
  test: (args, streams) => testVerb([...args, "-compat"], false, streams),
  "test-label": (args, streams) => testVerb([...args, "-compat"], true, streams),
  "print-word-vectors": wordVectorsVerb,
  "print-sentence-vectors": sentenceVectorsVerb,
  "print-ngrams": ngramsVerb,
  nn: nearestVerb,
  analogies: analogiesVerb,
  dump: dumpVerb,
};

/** What our program writes for a run, the model's path as MODEL. */
function ours({ args: [verb, ...args], input = "" }: Run, model: string): string {
  const written: Uint8Array[] = [];
  const places: Record<string, string> = { MODEL: model, TEXT: `${fixtures}test.txt` };
  verbs[verb]!(
    args.map((arg) => places[arg] ?? arg),
    { input: () => [Buffer.from(input)], write: (bytes) => written.push(bytes) },
  );
  return Buffer.concat(written).toString().replaceAll(model, "MODEL");
}

/**
 * 0.9.2 counts no occurrences of a label, so that its recall by label is 0 or missing (mended in the program's last
 * source): what it prints of precision remains.
 */
const comparable = (verb: string, text: string) =>
  verb === "test-label" ? text.replace(/(F1-Score|Recall) : \S+/g, "$1") : text;

test.each(
  Object.entries(facts.models).flatMap(([name, { runs }]) =>
    runs.map((run) => [name, run.args.join(" "), run] as const),
  ),
)("its %s: %s", (name, _, run) => {
  const output = ours(run, `${fixtures}${name}`);
  const [verb] = run.args;
  if (run.output === undefined) expect(createHash("sha256").update(output).digest("hex")).toBe(run.sha256);
  else expect(comparable(verb, output)).toBe(comparable(verb, run.output));
});

test("its model of 176 languages: every digit with -compat; the same languages, never above 1, without", () => {
  const { input, output } = facts.languages;
  const ask = (verb: typeof predictVerb) => {
    const written: Uint8Array[] = [];
    verb([languages, "-", "3"], true, { input: () => [Buffer.from(input)], write: (bytes) => written.push(bytes) });
    return Buffer.concat(written).toString();
  };
  expect(ask((args, ...rest) => predictVerb([...args, "-compat"], ...rest))).toBe(output);
  const [mine, its] = [ask(predictVerb), output].map((text) => text.split(/\s+/));
  for (const [i, word] of its!.entries())
    if (Number.isNaN(Number(word))) expect(mine![i]).toBe(word);
    else expect(Number(mine![i])).toBeCloseTo(Math.min(1, Number(word)), 4); // it adds 10⁻⁵ at each turn of the tree
});

/** What the program on the PATH writes for a run. */
function theirs({ args: [verb, ...args], input = "" }: Run, model: string): string {
  const places: Record<string, string> = { MODEL: model, TEXT: `${fixtures}test.txt` };
  const done = spawnSync("fasttext", [verb, ...args.map((arg) => places[arg] ?? arg)], {
    input,
    encoding: "utf8",
    maxBuffer: verb === "analogies" ? 4096 : 1 << 24, // it goes on for ever at the end of its input
  });
  const text = done.stdout ?? "";
  const all = verb === "analogies" ? text.split(prompt).slice(0, input.split("\n").length).join(prompt) + prompt : text;
  return all.replaceAll(model, "MODEL");
}
const prompt = "Query triplet (A - B + C)? ";

/** Why the program cannot be asked, if it cannot. */
function whyNot(): string | undefined {
  if (spawnSync("fasttext").error) return "skipped: there is no program fasttext on the PATH";
  const sameDigits = Object.entries(facts.models).every(([name, { runs }]) =>
    runs
      .filter(({ args, output }) => args[0] === "predict-prob" && output !== undefined)
      .every((run) => theirs(run, `${fixtures}${name}`) === run.output),
  );
  return sameDigits ? undefined : "skipped: this fasttext rounds otherwise than 0.9.2 does (built with -march=native?)";
}

const text = readFileSync(`${fixtures}train.txt`);
const plain = readFileSync(`${fixtures}plain.txt`);
const small = { epoch: 8, lr: 0.4 } as const;
const bigrams = { ...small, dim: 5, wordNgrams: 2, bucket: 300 } as const;
/** Quantised label rows need 256 labels. */
const many = Array.from({ length: 260 }, (_, i) => `__label__${i} tuna ${i % 7} oven ${i % 11} lemon\n`).join("");

const kinds: Readonly<Record<string, () => Promise<Model>>> = {
  "softmax with bigrams": () => train([text], bigrams),
  "hs with trigrams": () => train([text], { ...bigrams, loss: "hs", wordNgrams: 3 }),
  "ns without n-grams": () => train([text], { ...small, dim: 4, loss: "ns" }),
  "ova with subwords": () => train([text], { ...bigrams, loss: "ova", minn: 2, maxn: 4 }),
  "from pretrained vectors": () =>
    train([text], { ...small, dim: 4 }, { pretrained: parseVectors(readFileSync(`${fixtures}start.vec`, "utf8")) }),
  "trained on from a .bin": async () =>
    train(["__label__tea leaf kettle\n"], small, { from: Model.fromBytes(readFileSync(`${fixtures}softmax.bin`)) }),
  "skipgram with subwords": () => train([plain], { ...small, model: "skipgram", dim: 8, minCount: 2, bucket: 300 }),
  "cbow without subwords": () => train([plain], { ...small, model: "cbow", dim: 8, minCount: 2, minn: 0, maxn: 0 }),
  quantised: async () => quantize(await train([text], bigrams)),
  "quantised with norms apart, parts of 4": async () =>
    quantize(await train([text], { ...bigrams, loss: "hs" }), { withNorms: true, partDim: 4 }),
  "pruned and trained again": async () =>
    quantize(await train([text], { ...bigrams, loss: "ova", minn: 2, maxn: 4 }), {
      cutoff: 280,
      withNorms: true,
      retrain: { text: [text], settings: { epoch: 2 } },
    }),
  "pruned to words alone": async () => quantize(await train([text], { ...bigrams, bucket: 800 }), { cutoff: 300 }),
  "quantised labels": async () => quantize(await train([many], { ...bigrams, dim: 3 }), { withOutput: true }),
  "quantised inner nodes": async () =>
    quantize(await train([many], { ...bigrams, dim: 3, loss: "hs" }), { withOutput: true, withNorms: true }),
};

const reason = whyNot();

const lines = process.env.FASTTEXT_LINES;
const noLines = reason ?? (lines ? undefined : "skipped: FASTTEXT_LINES names no text");
test.skipIf(noLines)(
  `a language for each line of FASTTEXT_LINES, as the program says${noLines ? ` (${noLines})` : ""}`,
  () => {
    const written: Uint8Array[] = [];
    predictVerb([languages, lines!, "-compat"], true, { input: () => [], write: (bytes) => written.push(bytes) });
    const done = spawnSync("fasttext", ["predict-prob", languages, lines!], { maxBuffer: 1 << 28 });
    expect(Buffer.concat(written).equals(done.stdout)).toBe(true);
  },
);
describe.skipIf(reason)(`the program loads ours and says the same${reason ? ` (${reason})` : ""}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "reprise-fasttext-reference-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(Object.keys(kinds))(
    "%s",
    async (kind) => {
      const model = await kinds[kind]!();
      const dense = model.tables.input.kind === "dense";
      const path = join(folder, `${kind.replaceAll(" ", "-")}.${dense ? "bin" : "ftz"}`);
      saveModel(model, path);
      const like = model.tables.model === "supervised" ? "softmax" : "skipgram";
      const { runs } = facts.models[dense || like === "skipgram" ? `${like}.bin` : "softmax-quantized.ftz"]!;
      for (const run of runs) {
        const [verb] = run.args;
        expect(comparable(verb, ours(run, path)), run.args.join(" ")).toBe(comparable(verb, theirs(run, path)));
      }
    },
    120_000,
  ); // with ns the program fills a table of ten million each time it loads the model
});
