// quantize: a small .ftz of a .bin.
import { statSync } from "node:fs";
import { type Model, quantize } from "@reprise/fasttext";
import { nodeThreads, saveModel } from "@reprise/fasttext/node";
import { ProgressLine, printResult } from "../../report.ts";
import { UsageError } from "../../shell/usage-error.ts";
import { openModel, openText } from "./files.ts";
import { givenSettings, numberOf, parseArguments, settingFlags, textOf } from "./flags.ts";
import { progressText } from "./progress.ts";

const ownFlags = ["cutoff", "retrain", "qnorm", "qout", "dsub"];

export async function quantizeVerb(args: readonly string[]): Promise<void> {
  const { flags, rest } = parseArguments(args, ["input", "output", ...settingFlags, ...ownFlags, "verbose", "json"]);
  if (rest.length > 0) throw new UsageError(`"${rest[0]}" is no flag; expected -output MODEL and flags.`);
  const output = textOf(flags, "output");
  const retrain = flags.retrain === true;
  const model = openModel(`${output}.bin`, typeof flags.label === "string" ? { label: flags.label } : {});
  const line = new ProgressLine();
  const { threads = 1, ...given } = givenSettings(flags);
  const verbose = flags.verbose === undefined ? 2 : numberOf("-verbose", flags.verbose);
  const small: Model = await quantize(model, {
    cutoff: flags.cutoff === undefined ? 0 : numberOf("-cutoff", flags.cutoff),
    partDim: flags.dsub === undefined ? 2 : numberOf("-dsub", flags.dsub),
    withNorms: flags.qnorm === true,
    withOutput: flags.qout === true,
    runThreads: nodeThreads,
    onProgress: (progress) => verbose > 1 && line.show(progressText(progress)),
    ...(retrain ? { retrain: { text: openText(textOf(flags, "input")), settings: { ...given, threads } } } : {}),
  });
  line.end();
  saveModel(small, `${output}.ftz`);
  if (flags.json) printResult(true, { model: `${output}.ftz`, bytes: statSync(`${output}.ftz`).size }, () => "");
}
