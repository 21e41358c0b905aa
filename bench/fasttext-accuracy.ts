// fastText: what is learnt from the same lines with the same settings, here and by the C++ program, both with one thread:
// P@1 on held-out lines, means over seeds, and the difference of the means in points.
//   REPRISE_DATA=…           folder that holds fasttext/{imdb,cooking,sst,wasm-lid-bench,ag_news}; without it only made sets
//   FASTTEXT_SETS="a b"      only these sets; FASTTEXT_SEEDS=5
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { evaluate, type LossName, type Model, precision, quantize, type Settings, train } from "@reprise/fasttext";
import { normalised, normalisedQuestion } from "@reprise/fasttext/preparation";
import { printMachine } from "./harness.ts";

/** Labelled lines; the first ones are trained on. */
interface Set {
  readonly lines: readonly string[];
  readonly training: number;
  readonly settings: Partial<Settings>;
  /** All that tells the labels apart is within words. */
  readonly unbroken?: boolean;
}

const data = process.env.REPRISE_DATA ? join(process.env.REPRISE_DATA, "fasttext") : undefined;
const seeds = Number(process.env.FASTTEXT_SEEDS ?? 5);
const mostTraining = 8000;
const mostHeld = 4000;

/** Numbers below n, the same each time. */
function generator(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (state * 48271) % 2147483647;
    return state % n;
  };
}

function shuffled<T>(items: readonly T[]): T[] {
  const below = generator(1);
  const all = [...items];
  for (let i = all.length - 1; i > 0; i--) {
    const j = below(i + 1);
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}

/** Shuffled, a third held out, no more than it takes to see half a point. */
function divided(lines: readonly string[], settings: Partial<Settings> = {}): Set {
  const some = shuffled(lines).slice(0, mostTraining + mostHeld);
  return { lines: some, training: Math.floor((some.length * 2) / 3), settings };
}

/** "label text" a line. */
const labelFirst = (file: string) => () =>
  divided(
    readFileSync(join(data!, file), "latin1")
      .split("\n")
      .filter(Boolean)
      .map((line) => `__label__${line[0]} ${normalised(line.slice(2))}`),
    { lr: 0.25, epoch: 10 },
  );

/** Words of parts that a label prefers, joined without blanks, as in names and in text that has none. */
function joinedWords(labels: number, preference: number): Set {
  const below = generator(3);
  const letters = "abcdefghijklmnop";
  const part = () => Array.from({ length: 3 }, () => letters[below(letters.length)]).join("");
  const parts = Array.from({ length: labels }, () => Array.from({ length: 25 }, part));
  const lines = Array.from({ length: 9000 }, (_, i) => {
    const word = Array.from({ length: 14 }, () => {
      const own = below(100) < preference ? i % labels : below(labels);
      return parts[own]![below(25)];
    });
    return `__label__${i % labels} ${word.join("")}`;
  });
  return { ...divided(lines), settings: { dim: 20 }, unbroken: true };
}

/** Addresses like `/shop/red-shoes-47`: words joined by signs, hardly one of them twice. */
function addresses(): Set {
  const below = generator(5);
  const stem = () =>
    Array.from({ length: 2 + below(2) }, () => `${"bcdfglmnprst"[below(12)]}${"aeiou"[below(5)]}`).join("");
  const stems = Array.from({ length: 10 }, () => Array.from({ length: 40 }, stem));
  const lines = Array.from({ length: 9000 }, (_, i) => {
    const words = Array.from({ length: 3 + below(3) }, () => stems[below(3) === 0 ? below(10) : i % 10]![below(40)]);
    return `__label__${i % 10} /${words.join("-")}-${below(100000)}/${stem()}${stem()}.html`;
  });
  return { ...divided(lines), settings: { dim: 20, lr: 0.5 }, unbroken: true };
}

/** Word order alone tells: the same words in every label, in other pairs. */
function wordPairs(): Set {
  const below = generator(7);
  const words = Array.from({ length: 60 }, (_, i) => `w${i}`);
  const pairs = Array.from({ length: 5 }, () => Array.from({ length: 40 }, () => [words[below(60)], words[below(60)]]));
  const lines = Array.from({ length: 9000 }, (_, i) => {
    const some = Array.from({ length: 8 }, () => pairs[below(2) === 0 ? i % 5 : below(5)]![below(40)]!.join(" "));
    return `__label__${i % 5} ${some.join(" ")}`;
  });
  return { ...divided(lines), settings: { dim: 20, lr: 0.5, epoch: 10 } };
}

const made: Record<string, () => Set> = {
  "joined words of 4 labels": () => joinedWords(4, 35),
  "joined words of 30 labels": () => joinedWords(30, 60),
  "addresses of 10 labels": addresses,
  "word pairs of 5 labels": wordPairs,
};
const byPath: Record<string, () => Set> = {
  IMDB: () => {
    const lines = gunzipSync(readFileSync(join(data!, "imdb/train.tsv.gz")))
      .toString("latin1")
      .split("\n")
      .map((row) => row.split("\t"))
      .filter(([label]) => label === "pos" || label === "neg")
      .map(([label, , , ...text]) => `__label__${label} ${normalised(text.join(" "))}`);
    return divided(lines, { lr: 0.5, dim: 10 });
  },
  cooking: () =>
    divided(
      normalisedQuestion(readFileSync(join(data!, "cooking/cooking.train"), "latin1"))
        .split("\n")
        .filter(Boolean),
      { lr: 1, epoch: 15, dim: 50 },
    ),
  "SST-2": labelFirst("sst/stsa.binary.train"),
  TREC: labelFirst("sst/TREC.train.all"),
  subjectivity: labelFirst("sst/subj.all"),
  "20 languages": () =>
    divided(
      readFileSync(join(data!, "wasm-lid-bench/test.csv"), "utf8")
        .split("\n")
        .filter(Boolean)
        .map((row) => `__label__${row.slice(0, 2)} ${row.slice(3).replaceAll('"', "")}`),
      { dim: 16, lr: 0.5 },
    ),
};
const sets = { ...made, ...(data && existsSync(data) ? byPath : {}) };

const kinds: Record<string, Partial<Settings>> = {
  words: {},
  "word pairs": { wordNgrams: 2, bucket: 200_000 },
  "parts of words": { minn: 2, maxn: 4, bucket: 200_000 },
};
const losses: readonly LossName[] = ["softmax", "hs", "ns", "ova"];
const flagOf = { ova: "one-vs-all", softmax: "softmax", hs: "hs", ns: "ns" };

const folder = mkdtempSync(join(tmpdir(), "reprise-accuracy-"));
const program = (...args: readonly (string | number)[]) =>
  execFileSync("fasttext", args.map(String), { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
const theirScore = (model: string) => Number(/P@1\t(\S+)/.exec(program("test", model, "held"))![1]);
const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
const deviation = (values: readonly number[]) =>
  Math.sqrt(values.reduce((sum, x) => sum + (x - mean(values)) ** 2, 0) / Math.max(1, values.length - 1));

printMachine();
console.log(`P@1 in percent, means of ${seeds} seeds (standard deviation), one thread; difference in points`);
console.log("| set | read | loss | the program | here | difference |\n|---|---|---|---|---|---|");
try {
  const wanted = process.env.FASTTEXT_SETS?.split(",").map((name) => name.trim()) ?? Object.keys(sets);
  for (const name of wanted) await compareOn(name, sets[name]!());
} finally {
  rmSync(folder, { recursive: true });
}

async function compareOn(name: string, { lines, training, settings, unbroken = false }: Set): Promise<void> {
  const [text, held] = [lines.slice(0, training), lines.slice(training)].map((some) =>
    Buffer.from(`${some.join("\n")}\n`),
  );
  writeFileSync(join(folder, "train"), text!);
  writeFileSync(join(folder, "held"), held!);
  for (const [kind, extra] of Object.entries(kinds).filter(([, { maxn }]) => maxn || !unbroken))
    for (const loss of losses) {
      const { lr = 0.1 } = settings;
      // One against all moves every label at every line: at a rate of 1 the program ends with NaN.
      const all = { dim: 10, epoch: 5, ...settings, ...extra, loss, lr: loss === "ova" ? Math.min(lr, 0.5) : lr };
      const found = {
        theirs: [] as number[],
        ours: [] as number[],
        theirSmall: [] as number[],
        ourSmall: [] as number[],
      };
      const quantised = loss === "softmax" && kind !== "words";
      for (let seed = 0; seed < seeds; seed++) {
        const flags = Object.entries({ ...all, seed }).flatMap(([flag, value]) =>
          flag === "loss" ? ["-loss", flagOf[loss]] : [`-${flag}`, value as number],
        );
        program("supervised", "-input", "train", "-output", "m", "-thread", 1, ...flags);
        found.theirs.push(theirScore("m.bin"));
        const model = await train([text!], { ...all, seed });
        found.ours.push(score(model, held!));
        if (!quantised) continue;
        program(
          "quantize",
          "-input",
          "train",
          "-output",
          "m",
          "-qnorm",
          "-retrain",
          "-cutoff",
          5000,
          "-epoch",
          1,
          "-thread",
          1,
        );
        found.theirSmall.push(theirScore("m.ftz"));
        const retrain = { text: [text!], settings: { epoch: 1 } };
        found.ourSmall.push(score(await quantize(model, { cutoff: 5000, withNorms: true, retrain }), held!));
      }
      print(name, kind, loss, found.theirs, found.ours);
      if (quantised) print(name, kind, `${loss}, quantised`, found.theirSmall, found.ourSmall);
    }
}

function score(model: Model, held: Uint8Array): number {
  return precision(evaluate(model, [held]).all);
}

function print(set: string, kind: string, loss: string, theirs: readonly number[], ours: readonly number[]): void {
  const cell = (values: readonly number[]) =>
    `${(100 * mean(values)).toFixed(1)} (${(100 * deviation(values)).toFixed(1)})`;
  const difference = 100 * (mean(ours) - mean(theirs));
  console.log(`| ${set} | ${kind} | ${loss} | ${cell(theirs)} | ${cell(ours)} | ${difference.toFixed(1)} |`);
}
