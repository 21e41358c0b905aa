// supervised, skipgram, cbow, quantize: from text and models to models.
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import {
  autotune,
  type LearnOptions,
  type Model,
  type ModelName,
  type Progress,
  parseMetric,
  parseVectors,
  quantize,
  type Settings,
  train,
} from "@reprise/fasttext";
import {
  filePieces,
  loadModel,
  nodeThreads,
  saveModel,
  saveModelAside,
  spillFile,
  writeWhole,
} from "@reprise/fasttext/node";
import { ProgressLine, printResult } from "../../report.ts";
import {
  type Arguments,
  givenSettings,
  numberOf,
  parseArguments,
  settingFlags,
  settingsOf,
  textOf,
  UsageError,
} from "./flags.ts";

const autotuneFlags = ["validation", "metric", "predictions", "duration", "modelsize"].map(
  (name) => `autotune-${name}`,
);
/** Not in the reference program. */
const ourFlags = ["inputModel", "validation", "patience", "labelWeights", "lineWeights", "memory"];
const quantizeFlags = ["cutoff", "retrain", "qnorm", "qout", "dsub"];

/** One line of progress: words a second and thread, learning rate, mean loss, time left. */
function showProgress(
  line: ProgressLine,
  { phase, progress, tokens, tokensPerSecond, lr, loss, secondsLeft }: Progress,
) {
  line.show(
    phase === "reading"
      ? `Read ${(tokens / 1e6).toFixed(1)}M words`
      : `Progress: ${(100 * progress).toFixed(1).padStart(5)}% words/sec/thread: ${Math.round(tokensPerSecond)} ` +
          `lr: ${lr.toFixed(6)} avg.loss: ${loss.toFixed(6)} ETA: ${clock(secondsLeft)}`,
  );
}

export async function trainVerb(model: ModelName, args: readonly string[]): Promise<void> {
  const known = [
    "input",
    "output",
    ...settingFlags,
    "pretrainedVectors",
    "saveOutput",
    "verbose",
    "json",
    ...autotuneFlags,
    "dsub",
    ...ourFlags,
  ];
  const { flags, rest } = parseArguments(args, known);
  if (rest.length > 0) throw new UsageError(`"${rest[0]}" is no flag; expected -input FILE -output MODEL and flags.`);
  const input = textOf(flags, "input");
  const output = textOf(flags, "output");
  if (input === "-") throw new UsageError("training reads its text from a file, not from standard input.");
  const settings = settingsOf(model, flags);
  checkPlace(output);
  const quiet = flags.verbose === "0";
  const line = new ProgressLine();
  let last: Progress | undefined;
  const clockStart = performance.now();
  /** When each phase ended. */
  const ends = { read: clockStart, encode: clockStart, train: clockStart };
  const vectors = flags.pretrainedVectors;
  const learnt = await whileInterruptible((stop) => {
    if (flags["autotune-validation"] !== undefined)
      return tune(input, settings, flags, line, stop).then((trained) => ({ trained, interrupted: false }));
    return train(filePieces(input), settings, {
      stop,
      runThreads: nodeThreads,
      ...(typeof vectors === "string" ? { pretrained: parseVectors(readFileSync(vectors, "utf8"), vectors) } : {}),
      ...ourOptions(flags),
      onPlan({ words, labels, modelBytes }) {
        ends.read = performance.now();
        if (!quiet) line.end(`${words} words, ${labels} labels; the rows take ${(modelBytes / 1e6).toFixed(1)} MB`);
      },
      onProgress(progress) {
        if (progress.phase === "training" && last?.phase !== "training") ends.encode = performance.now();
        last = progress;
        if (!quiet) showProgress(line, progress);
      },
    }).then((trained) => ({ trained, interrupted: stop.aborted }));
  });
  ends.train = performance.now();
  const { trained } = learnt;
  const name = learnt.interrupted ? `${output}.interrupted` : output;
  const file = `${name}.${trained.tables.input.kind === "dense" ? "bin" : "ftz"}`;
  const { dictionary } = trained.tables;
  line.end(
    quiet
      ? undefined
      : `${learnt.interrupted ? "Interrupted" : "Trained"}: ${dictionary.words} words, ${dictionary.labels} labels, ` +
          `avg.loss ${last?.loss.toFixed(6) ?? "?"}; writing ${file}`,
  );
  await saveModelAndVectors(trained, file, `${name}.vec`, settings.threads);
  if (flags.saveOutput) writeWhole(`${name}.output`, trained.outputLines());
  if (learnt.interrupted)
    throw new Error(`interrupted; what was learnt until then is in ${file}. ${output}.bin is as it was.`);
  if (flags.json) {
    const marks = [clockStart, ends.read, ends.encode, ends.train, performance.now()];
    const [read, encode, training, write] = marks.slice(1).map((end, i) => (end - marks[i]!) / 1000);
    const value = {
      model: file,
      words: dictionary.words,
      labels: dictionary.labels,
      loss: last?.loss,
      ...(flags["autotune-validation"] === undefined ? { seconds: { read, encode, train: training, write } } : {}),
    };
    printResult(true, value, () => "");
  }
}

/** Both files, at once when there are several threads. */
async function saveModelAndVectors(model: Model, file: string, vectors: string, threads: number): Promise<void> {
  const saved = threads > 1 ? saveModelAside(model, file) : saveModel(model, file);
  try {
    writeWhole(vectors, model.vectorLines());
  } finally {
    await saved;
  }
}

/** A model to go on from, a validation text, weights of labels ("label weight" lines) and of lines (a number each). */
function ourOptions(flags: Arguments["flags"]): LearnOptions {
  const { inputModel, validation, labelWeights, lineWeights } = flags;
  const rows = (path: string) => readFileSync(path, "utf8").split("\n").filter(Boolean);
  const memory = flags.memory === undefined ? {} : { memoryBytes: bytesOf("-memory", String(flags.memory)) };
  return {
    limits: { ...memory, spill: spillFile() },
    ...(typeof inputModel === "string" ? { from: loadModel(inputModel) } : {}),
    ...(typeof validation === "string"
      ? {
          validation: {
            text: () => filePieces(validation),
            patience: flags.patience === undefined ? 3 : numberOf("-patience", flags.patience),
          },
        }
      : {}),
    ...(typeof labelWeights === "string"
      ? {
          labelWeights: Object.fromEntries(
            rows(labelWeights).map((row) => {
              const [label = "", weight] = row.split(/\s+/);
              return [label, numberOf(`the weight of ${label}`, weight)];
            }),
          ),
        }
      : {}),
    ...(typeof lineWeights === "string"
      ? { lineWeights: rows(lineWeights).map((row, i) => numberOf(`line ${i + 1} of ${lineWeights}`, row)) }
      : {}),
  };
}

/** Settings by trial; Ctrl-C ends the search. */
async function tune(
  input: string,
  settings: Settings,
  flags: Arguments["flags"],
  line: ProgressLine,
  stop: AbortSignal,
): Promise<Model> {
  const validation = textOf(flags, "autotune-validation");
  const metric = String(flags["autotune-metric"] ?? "f1");
  const size = flags["autotune-modelsize"];
  const number = (name: string, fallback: number) =>
    flags[name] === undefined ? fallback : numberOf(`-${name}`, flags[name]);
  const seconds = number("autotune-duration", 300);
  try {
    parseMetric(metric);
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
  const fixed = new Set(Object.keys(flags));
  // Without hashing the bucket count is 0; a trial with n-grams needs one.
  const start = flags.bucket === undefined ? { ...settings, bucket: 2_000_000 } : settings;
  const found = await autotune(() => filePieces(input), start, {
    validation: () => filePieces(validation),
    metric,
    predictions: number("autotune-predictions", 1),
    seconds,
    fixed,
    ...(size === undefined ? {} : { modelSize: bytesOf("-autotune-modelsize", String(size)) }),
    signal: stop,
    runThreads: nodeThreads,
    onTrial: ({ number: trial, score, best }) =>
      line.show(`Trials: ${trial} Last score: ${score.toFixed(6)} Best score: ${best.toFixed(6)}`),
  });
  const { epoch, lr, dim, wordNgrams, minn, maxn, bucket } = found.settings;
  line.end(
    `Best of ${found.trials} trials (${metric} ${found.score.toFixed(6)}): -epoch ${epoch} -lr ${lr} -dim ${dim} ` +
      `-wordNgrams ${wordNgrams} -minn ${minn} -maxn ${maxn} -bucket ${bucket}`,
  );
  return found.model;
}

/** "500k", "2M", "1G" in bytes. */
function bytesOf(name: string, text: string): number {
  const [, digits, unit = ""] = /^(\d+)([kKmMgG]?)$/.exec(text) ?? [];
  if (digits === undefined) throw new UsageError(`${name} is "${text}"; expected a number with k, M or G.`);
  return Number(digits) * { "": 1, k: 1e3, m: 1e6, g: 1e9 }[unit.toLowerCase() as "" | "k" | "m" | "g"];
}

export async function quantizeVerb(args: readonly string[]): Promise<void> {
  const { flags } = parseArguments(args, ["input", "output", ...settingFlags, ...quantizeFlags, "verbose", "json"]);
  const output = textOf(flags, "output");
  const retrain = flags.retrain === true;
  const model = loadModel(`${output}.bin`, typeof flags.label === "string" ? { label: flags.label } : {});
  const line = new ProgressLine();
  const { threads = 1, ...given } = givenSettings(flags);
  const small: Model = await quantize(model, {
    cutoff: flags.cutoff === undefined ? 0 : numberOf("-cutoff", flags.cutoff),
    partDim: flags.dsub === undefined ? 2 : numberOf("-dsub", flags.dsub),
    withNorms: flags.qnorm === true,
    withOutput: flags.qout === true,
    runThreads: nodeThreads,
    onProgress: (progress) => showProgress(line, progress),
    ...(retrain ? { retrain: { text: filePieces(textOf(flags, "input")), settings: { ...given, threads } } } : {}),
  });
  line.end();
  saveModel(small, `${output}.ftz`);
  if (flags.json) printResult(true, { model: `${output}.ftz`, bytes: statSync(`${output}.ftz`).size }, () => "");
}

/** Training may take hours: whether its result can be written is looked at before. */
function checkPlace(output: string): void {
  const folder = dirname(output);
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw new Error(`${output}.bin cannot be written: there is no folder ${folder}.`);
}

/** Runs with a signal that the first Ctrl-C aborts; the second one ends the process. */
async function whileInterruptible<T>(run: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = () => controller.abort();
  process.once("SIGINT", interrupt);
  try {
    return await run(controller.signal);
  } finally {
    process.off("SIGINT", interrupt);
  }
}

function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const s = Math.round(seconds);
  return `${Math.floor(s / 3600)}h${String(Math.floor(s / 60) % 60).padStart(2)}m${String(s % 60).padStart(2)}s`;
}
