// supervised, skipgram, cbow: from text to a model.

import { UsageError, type VerbAnswer, type VerbContext } from "@reprise/experiment/verb";
import { nodeThreads, spillFile } from "../index.node.ts";
import {
  checkContinues,
  DivergedError,
  type LearnOptions,
  type Model,
  type ModelName,
  type Progress,
  parseVectors,
  train,
} from "../training.ts";
import { linesOf, openModel, openText } from "./files.node.ts";
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
} from "./flags.node.ts";
import { bytesText, progressText } from "./progress.node.ts";
import { checkPlace, checkRoom, saveLearnt } from "./save.node.ts";
import { checkUsed, idleFlags } from "./used-flags.node.ts";

/** Not in the reference program. */
const ourFlags = ["inputModel", "validation", "patience", "labelWeights", "lineWeights", "memory"];

export async function trainVerb(
  model: ModelName,
  args: readonly string[],
  { progress: line, signal: stop }: VerbContext,
): Promise<VerbAnswer> {
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
  if (rest.length > 0)
    throw new UsageError(`"${rest[0]}" is not a flag; expected -input FILE -output MODEL and flags.`);
  const input = textOf(flags, "input");
  const output = textOf(flags, "output");
  if (input === "-") throw new UsageError("training reads its text from a file, not from standard input.");
  const settings = settingsOf(model, flags);
  checkUsed(flags, model);
  checkPlace(output);
  // 0 nothing, 1 what was read and learnt, 2 progress too
  const verbose = flags.verbose === undefined ? 2 : numberOf("-verbose", flags.verbose);
  if (verbose > 0) for (const idle of idleFlags(flags, settings)) line.end(idle);
  let last: Extract<Progress, { kind: "training" }> | undefined;
  let kept: { readonly epoch: number; readonly score: number } | undefined;
  const clockStart = performance.now();
  /** When each phase ended. */
  const ends = { read: clockStart, encode: clockStart, train: clockStart };
  const learning = async () => {
    const validation = validationOf(flags); // told now, not after an epoch
    const options = { ...startOf(flags, model), stop, runThreads: nodeThreads };
    if (flags["autotune-validation"] !== undefined)
      return import("./autotune.node.ts")
        .then(({ tune }) => tune(input, { model, ...givenSettings(flags) }, flags, options, line, verbose))
        .then((trained) => ({ trained, interrupted: false }));
    // A model to go on from has most settings; only those that the flags give are asked of it.
    const given = flags.inputModel === undefined ? settings : { model, ...givenSettings(flags) };
    return train(openText(input), given, {
      ...options,
      ...(validation ? { validation } : {}),
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
  };
  // The first Ctrl-C or SIGTERM ends training, and what is learnt until then is kept.
  const learnt = await learning().catch(async (error) => {
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
    return { result: value, text: () => "" };
  }
  return undefined;
}

/** What training starts from and how much it may take: vectors or a model, weights of labels and lines, memory. */
function startOf(
  flags: Arguments["flags"],
  model: ModelName,
): Omit<LearnOptions, "validation" | "onProgress" | "onEpoch"> {
  const { inputModel, labelWeights, lineWeights, pretrainedVectors: vectors } = flags;
  const memory = flags.memory === undefined ? {} : { memoryBytes: bytesOf("-memory", String(flags.memory)) };
  return {
    limits: { ...memory, spill: spillFile() },
    ...(typeof inputModel === "string" ? { from: modelToGoOnFrom(inputModel, model, flags) } : {}),
    ...(typeof vectors === "string"
      ? { pretrained: parseVectors(openText(vectors, "word vectors (.vec)"), vectors) }
      : {}),
    ...(typeof labelWeights === "string" ? { labelWeights: weightsOfLabels(labelWeights) } : {}),
    ...(typeof lineWeights === "string" ? { lineWeights: weightsOfLines(lineWeights) } : {}),
  };
}

function validationOf(flags: Arguments["flags"]): LearnOptions["validation"] {
  const { validation } = flags;
  if (typeof validation !== "string") return undefined;
  openText(validation, "a labelled text");
  const patience = flags.patience === undefined ? 3 : numberOf("-patience", flags.patience);
  if (!Number.isInteger(patience) || patience < 1)
    throw new UsageError(`-patience is ${patience}; expected a whole number of epochs from 1 on.`);
  return { text: () => openText(validation, "a labelled text"), patience };
}

/** The lines of "label weight". */
function weightsOfLabels(path: string): Record<string, number> {
  const weights: Record<string, number> = {};
  for (const line of linesOf(path, "weights")) {
    const [label = "", weight] = line.split(/\s+/);
    if (line !== "") weights[label] = numberOf(`${path}: the weight of ${label}`, weight);
  }
  if (Object.keys(weights).length === 0)
    throw new Error(`${path}: there are no weights in it; expected lines of a label and a number.`);
  return weights;
}

/** A number a line. */
function weightsOfLines(path: string): number[] {
  const weights: number[] = [];
  for (const line of linesOf(path, "weights"))
    if (line !== "") weights.push(numberOf(`${path}: the weight of line ${weights.length + 1}`, line));
  return weights;
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
