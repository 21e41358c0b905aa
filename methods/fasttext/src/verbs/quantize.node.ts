// quantize: a small .ftz of a .bin.
import { statSync } from "node:fs";
import { UsageError, type VerbAnswer, type VerbContext } from "@reprise/experiment/verb";
import { nodeThreads, saveModel } from "../index.node.ts";
import { type Model, quantize } from "../index.ts";
import { openModel, openText } from "./files.node.ts";
import { givenSettings, numberOf, parseArguments, settingFlags, textOf } from "./flags.node.ts";
import { progressText } from "./progress.node.ts";

const ownFlags = ["cutoff", "retrain", "qnorm", "qout", "dsub"];

export async function quantizeVerb(
  args: readonly string[],
  { progress: line, signal }: VerbContext,
): Promise<VerbAnswer> {
  const { flags, rest } = parseArguments(args, ["input", "output", ...settingFlags, ...ownFlags, "verbose", "json"]);
  if (rest.length > 0) throw new UsageError(`"${rest[0]}" is not a flag; expected -output MODEL and flags.`);
  const output = textOf(flags, "output");
  const retrain = flags.retrain === true;
  const model = openModel(`${output}.bin`, typeof flags.label === "string" ? { label: flags.label } : {});
  const { threads = 1, ...given } = givenSettings(flags);
  const verbose = flags.verbose === undefined ? 2 : numberOf("-verbose", flags.verbose);
  const small: Model = await quantize(model, {
    cutoff: flags.cutoff === undefined ? 0 : numberOf("-cutoff", flags.cutoff),
    partDim: flags.dsub === undefined ? 2 : numberOf("-dsub", flags.dsub),
    withNorms: flags.qnorm === true,
    withOutput: flags.qout === true,
    runThreads: nodeThreads,
    signal,
    onProgress: (progress) => verbose > 1 && line.show(progressText(progress)),
    ...(retrain ? { retrain: { text: openText(textOf(flags, "input")), settings: { ...given, threads } } } : {}),
  });
  line.end();
  saveModel(small, `${output}.ftz`);
  return flags.json
    ? { result: { model: `${output}.ftz`, bytes: statSync(`${output}.ftz`).size }, text: () => "" }
    : undefined;
}
