// reprise fasttext: the verbs and flags of the reference program, on @reprise/fasttext.
import { writeSync } from "node:fs";
import {
  completeSettings,
  formatNumber,
  type LossName,
  type ModelName,
  probabilityOf,
  type Settings,
  train,
} from "@reprise/fasttext";
import { filePieces, loadModel, nodeThreads, saveModel, writeWhole } from "@reprise/fasttext/node";
import { Command } from "commander";
import { ProgressLine } from "../report.ts";

type Flags = Record<string, string | true>;

const wholeNumberFlags = "lrUpdateRate dim ws epoch minCount minCountLabel neg wordNgrams bucket minn maxn seed".split(
  " ",
);
const lossNames: Readonly<Record<string, LossName>> = {
  hs: "hs",
  ns: "ns",
  softmax: "softmax",
  "one-vs-all": "ova",
  ova: "ova",
};

export function command(): Command {
  const fasttext = new Command("fasttext").description(
    "Bag of Tricks for Efficient Text Classification: train, test, predict",
  );
  for (const model of ["supervised", "skipgram", "cbow"] as const)
    verb(fasttext, model, "-input FILE -output MODEL [flags]", (args) => trainVerb(model, args));
  verb(fasttext, "test", "MODEL FILE [K] [THRESHOLD]", testVerb);
  verb(fasttext, "predict", "MODEL FILE [K] [THRESHOLD]", (args) => predictVerb(args, false));
  verb(fasttext, "predict-prob", "MODEL FILE [K] [THRESHOLD]", (args) => predictVerb(args, true));
  return fasttext;
}

function verb(parent: Command, name: string, usage: string, action: (args: string[]) => void | Promise<void>): void {
  parent
    .command(name)
    .usage(usage)
    .argument("[args...]")
    .allowUnknownOption()
    .action((args: string[]) => action(args));
}

/** Splits `-name value` pairs from the other arguments; `--name` is the same as `-name`. */
function parse(args: readonly string[], switches: readonly string[] = []): { flags: Flags; rest: string[] } {
  const flags: Flags = {};
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    const name = /^--?([a-zA-Z][\w-]*)$/.exec(arg)?.[1];
    if (name === undefined) rest.push(arg);
    else if (switches.includes(name)) flags[name] = true;
    else {
      const value = args[++i];
      if (value === undefined) throw new Error(`-${name} is missing its value.`);
      flags[name] = value;
    }
  }
  return { flags, rest };
}

async function trainVerb(model: ModelName, args: string[]): Promise<void> {
  const { flags, rest } = parse(args, ["saveOutput", "compat"]);
  const { input, output, ...given } = flags;
  if (rest.length > 0) throw new Error(`"${rest[0]}" is not a flag; expected -input FILE -output MODEL and flags.`);
  if (typeof input !== "string" || typeof output !== "string")
    throw new Error("expected -input FILE and -output MODEL.");
  const settings = settingsOf(model, given);
  const line = new ProgressLine();
  const trained = await train(filePieces(input), settings, {
    runThreads: nodeThreads,
    onProgress: ({ phase, progress, tokens, tokensPerSecond, lr, loss, secondsLeft }) =>
      line.show(
        phase === "reading"
          ? `Read ${(tokens / 1e6).toFixed(1)}M words`
          : `Progress: ${(100 * progress).toFixed(1).padStart(5)}% words/sec/thread: ${Math.round(tokensPerSecond)} ` +
              `lr: ${lr.toFixed(6)} avg.loss: ${loss.toFixed(6)} ETA: ${clock(secondsLeft)}`,
      ),
  });
  line.end();
  saveModel(trained, `${output}.bin`);
  writeWhole(`${output}.vec`, trained.vectorLines());
}

function settingsOf(model: ModelName, flags: Flags): Settings {
  const settings: Record<string, unknown> = { model };
  for (const [name, value] of Object.entries(flags)) {
    if (wholeNumberFlags.includes(name) || name === "lr" || name === "t")
      settings[name] = numberOf(name, String(value));
    else if (name === "thread" || name === "threads") settings.threads = numberOf(name, String(value));
    else if (name === "loss")
      settings.loss = lossNames[String(value)] ?? fail(`loss is "${value}"; expected softmax, hs, ns or ova.`);
    else if (name === "label") settings.label = value;
    else if (name === "compat") settings.compat = true;
    else if (name !== "verbose") fail(`unknown flag -${name}.`);
  }
  return completeSettings(settings);
}

function testVerb(args: string[]): void {
  const { model, pieces, k, threshold } = modelAndText(args);
  let examples = 0;
  let gold = 0;
  let predictedCount = 0;
  let hits = 0;
  for (const { labels, rows, predicted } of model.classify(pieces, { k, threshold })) {
    if (labels.length === 0 || rows === 0) continue;
    examples++;
    gold += labels.length;
    predictedCount += predicted.length;
    for (const label of predicted) if (labels.includes(label)) hits++;
  }
  print(`N\t${examples}\nP@${k}\t${formatNumber(hits / predictedCount, 3)}\nR@${k}\t${formatNumber(hits / gold, 3)}\n`);
}

function predictVerb(args: string[], withProbability: boolean): void {
  const { model, pieces, k, threshold, compat } = modelAndText(args);
  const { labels } = model;
  let text = "";
  for (const { predicted, scores } of model.classify(pieces, { k, threshold, compat })) {
    for (let i = 0; i < predicted.length; i++) {
      text += `${i > 0 ? " " : ""}${labels[predicted[i]!]}`;
      if (withProbability) text += ` ${formatNumber(probabilityOf(scores[i]!, compat))}`;
    }
    text += "\n";
    if (text.length > 1 << 16) {
      print(text);
      text = "";
    }
  }
  print(text);
}

function modelAndText(args: string[]) {
  const { flags, rest } = parse(args, ["compat"]);
  const [path, file, k = "1", threshold = "0"] = rest;
  if (path === undefined || file === undefined)
    throw new Error("expected MODEL FILE [K] [THRESHOLD]; FILE may be - for standard input.");
  return {
    model: loadModel(path),
    pieces: filePieces(file === "-" ? 0 : file),
    k: numberOf("K", k),
    threshold: numberOf("THRESHOLD", threshold),
    compat: flags.compat === true,
  };
}

function print(text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
}

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value)) fail(`${name} is "${text}"; expected a number.`);
  return value;
}

function fail(message: string): never {
  throw new Error(message);
}

function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const s = Math.round(seconds);
  return `${Math.floor(s / 3600)}h${String(Math.floor(s / 60) % 60).padStart(2)}m${String(s % 60).padStart(2)}s`;
}
