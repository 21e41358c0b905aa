// supervised, skipgram, cbow: from text to a model.

import { nodeThreads, spillFile } from "@reprise/fasttext/node";
import {
  checkContinues,
  DivergedError,
  type LearnOptions,
  type Model,
  type ModelName,
  type Progress,
  parseVectors,
  train,
} from "@reprise/fasttext/training";
import { ProgressLine, printResult } from "../../report.ts";
import { openModel, openText, textOfFile } from "./files.ts";
import {
  type Arguments,
  autotuneFlags,
  bytesOf,
  givenSettings,
  numberOf,
  parseArguments,
  settingFlags,
  settingsOf,
  textOf,
} from "./flags.ts";
import { bytesText, progressText } from "./progress.ts";
import { checkPlace, checkRoom, saveLearnt } from "./save.ts";
import { UsageError } from "./usage-error.ts";

/** Not in the reference program. */
const ourFlags = ["inputModel", "validation", "patience", "labelWeights", "lineWeights", "memory"];

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
  // 0 nothing, 1 what was read and learnt, 2 progress too
  const verbose = flags.verbose === undefined ? 2 : numberOf("-verbose", flags.verbose);
  const line = new ProgressLine();
  let last: Extract<Progress, { kind: "training" }> | undefined;
  let kept: { readonly epoch: number; readonly score: number } | undefined;
  const clockStart = performance.now();
  /** When each phase ended. */
  const ends = { read: clockStart, encode: clockStart, train: clockStart };
  const vectors = flags.pretrainedVectors;
  const learnt = await whileInterruptible((stop) => {
    if (flags["autotune-validation"] !== undefined)
      return import("./autotune.ts")
        .then(({ tune }) => tune(input, { model, ...givenSettings(flags) }, flags, line, verbose, stop))
        .then((trained) => ({ trained, interrupted: false }));
    return train(openText(input), settings, {
      stop,
      runThreads: nodeThreads,
      ...(typeof vectors === "string"
        ? { pretrained: parseVectors(textOfFile(vectors, "word vectors (.vec)"), vectors) }
        : {}),
      ...ourOptions(flags, model),
      onProgress(progress) {
        if (progress.kind === "read") {
          const { words, labels, modelBytes } = progress;
          ends.read = performance.now();
          checkRoom(output, modelBytes);
          if (verbose > 0)
            line.end(`${words} words, ${labels} labels; the rows take ${bytesText(modelBytes)} of memory`);
          return;
        }
        if (progress.kind === "epoch") {
          kept = progress.kept;
          if (verbose > 0) line.end(progressText(progress));
          return;
        }
        if (progress.kind === "training" && !last) ends.encode = performance.now();
        if (progress.kind === "training") last = progress;
        if (verbose > 1) line.show(progressText(progress));
      },
    }).then((trained) => ({ trained, interrupted: stop.aborted }));
  }).catch(async (error) => {
    if (!(error instanceof DivergedError && error.lastGood)) throw error;
    await saveLearnt(error.lastGood, `${output}.diverged`, "bin", { threads: 1, withOutput: false });
    throw new Error(`${error.message} They are in ${output}.diverged.bin; ${output}.bin was not touched.`, {
      cause: error,
    });
  });
  ends.train = performance.now();
  const { trained } = learnt;
  const name = learnt.interrupted ? `${output}.interrupted` : output;
  const extension = flags["autotune-modelsize"] === undefined ? "bin" : "ftz";
  const file = `${name}.${extension}`;
  const { dictionary } = trained.tables;
  if (verbose > 0 && last) line.end(progressText(last));
  if (verbose > 0 && kept) line.end(`The rows of epoch ${kept.epoch} are kept: F1 ${kept.score.toFixed(3)}`);
  line.end(verbose > 0 ? `${learnt.interrupted ? "Interrupted" : "Trained"}; writing ${file} and .vec` : undefined);
  await saveLearnt(trained, name, extension, { threads: settings.threads, withOutput: flags.saveOutput === true });
  if (learnt.interrupted)
    throw new Error(`interrupted; what was learnt until then is in ${file}. ${output}.bin was not touched.`);
  if (flags.json) {
    const marks = [clockStart, ends.read, ends.encode, ends.train, performance.now()];
    const [read, encode, training, write] = marks.slice(1).map((end, i) => (end - marks[i]!) / 1000);
    const value = {
      model: file,
      words: dictionary.words,
      labels: dictionary.labels,
      loss: last?.loss,
      ...(kept ? { kept } : {}),
      ...(flags["autotune-validation"] === undefined ? { seconds: { read, encode, train: training, write } } : {}),
    };
    printResult(true, value, () => "");
  }
}

/** A model to go on from, a validation text, weights of labels ("label weight" lines) and of lines (a number each). */
function ourOptions(flags: Arguments["flags"], model: ModelName): LearnOptions {
  const { inputModel, validation, labelWeights, lineWeights } = flags;
  const rows = (path: string) => textOfFile(path, "weights").split("\n").filter(Boolean);
  const memory = flags.memory === undefined ? {} : { memoryBytes: bytesOf("-memory", String(flags.memory)) };
  if (typeof validation === "string") openText(validation, "a labelled text"); // told now, not after an epoch
  return {
    limits: { ...memory, spill: spillFile() },
    ...(typeof inputModel === "string" ? { from: modelToGoOnFrom(inputModel, model, flags) } : {}),
    ...(typeof validation === "string"
      ? {
          validation: {
            text: () => openText(validation, "a labelled text"),
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

/** Flags that the model does not agree with are an error, not ignored. */
function modelToGoOnFrom(path: string, model: ModelName, flags: Arguments["flags"]): Model {
  const from = openModel(path);
  try {
    checkContinues(from, { model, ...givenSettings(flags) });
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`, { cause: error });
  }
  return from;
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
