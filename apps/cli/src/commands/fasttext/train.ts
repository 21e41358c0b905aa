// supervised, skipgram, cbow, quantize: from text and models to models.
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { type Model, type ModelName, type Progress, parseVectors, quantize, train } from "@reprise/fasttext";
import { filePieces, loadModel, nodeThreads, saveModel, writeWhole } from "@reprise/fasttext/node";
import { ProgressLine, printResult } from "../../report.ts";
import { givenSettings, numberOf, parseArguments, settingFlags, settingsOf, textOf, UsageError } from "./flags.ts";

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
  const known = ["input", "output", ...settingFlags, "pretrainedVectors", "saveOutput", "verbose", "json"];
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
  const vectors = flags.pretrainedVectors;
  const learnt = await whileInterruptible((stop) =>
    train(filePieces(input), settings, {
      stop,
      runThreads: nodeThreads,
      ...(typeof vectors === "string" ? { pretrained: parseVectors(readFileSync(vectors, "utf8"), vectors) } : {}),
      onProgress(progress) {
        last = progress;
        if (!quiet) showProgress(line, progress);
      },
    }).then((trained) => ({ trained, interrupted: stop.aborted })),
  );
  const { trained } = learnt;
  const name = learnt.interrupted ? `${output}.interrupted` : output;
  const { dictionary } = trained.tables;
  line.end(
    quiet
      ? undefined
      : `${learnt.interrupted ? "Interrupted" : "Trained"}: ${dictionary.words} words, ${dictionary.labels} labels, ` +
          `avg.loss ${last?.loss.toFixed(6) ?? "?"}; writing ${name}.bin`,
  );
  saveModel(trained, `${name}.bin`);
  writeWhole(`${name}.vec`, trained.vectorLines());
  if (flags.saveOutput) writeWhole(`${name}.output`, trained.outputLines());
  if (learnt.interrupted)
    throw new Error(`interrupted; what was learnt until then is in ${name}.bin. ${output}.bin is as it was.`);
  if (flags.json)
    printResult(
      true,
      { model: `${output}.bin`, words: dictionary.words, labels: dictionary.labels, loss: last?.loss },
      () => "",
    );
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
