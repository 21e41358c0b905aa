// -autotune-…: settings found by trial.

import { type ProgressLine, UsageError } from "@reprise/experiment/verb";
import { type AutotuneOptions, autotune, type Model, parseMetric, type Settings } from "../index.ts";
import { openText } from "./files.node.ts";
import { type Arguments, bytesOf, numberOf, textOf } from "./flags.node.ts";
import { clock } from "./progress.node.ts";

/** Settings by trial; Ctrl-C ends the search, and the best trial so far wins. */
export async function tune(
  input: string,
  given: Partial<Settings>,
  flags: Arguments["flags"],
  options: Omit<AutotuneOptions, "validation">,
  line: ProgressLine,
  verbose: number,
): Promise<Model> {
  const validation = textOf(flags, "autotune-validation");
  openText(validation, "a labelled text"); // told now, not after the first trial
  const metric = String(flags["autotune-metric"] ?? "f1");
  const size = flags["autotune-modelsize"];
  const number = (name: string, fallback: number) =>
    flags[name] === undefined ? fallback : numberOf(`-${name}`, flags[name]);
  const seconds = number("autotune-duration", 300);
  const predictions = number("autotune-predictions", 1);
  if (!(seconds > 0)) throw new UsageError(`-autotune-duration is ${seconds}; expected a number of seconds above 0.`);
  if (!Number.isInteger(predictions) || (predictions < 1 && predictions !== -1))
    throw new UsageError(`-autotune-predictions is ${predictions}; expected a whole number from 1 on, or -1 for all.`);
  try {
    parseMetric(metric);
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
  const begin = performance.now();
  const scoreText = (score: number) => (Number.isNaN(score) ? "unknown" : score.toFixed(6));
  const found = await autotune(() => openText(input), given, {
    ...options,
    validation: () => openText(validation),
    metric,
    predictions,
    seconds,
    partDim: number("dsub", 2),
    fixed: new Set(Object.keys(flags)),
    ...(size === undefined ? {} : { modelSize: bytesOf("-autotune-modelsize", String(size)) }),
    onProgress(progress) {
      if (progress.kind !== "trial") return;
      const { done: trial, score, best } = progress;
      const spent = Math.min(seconds, (performance.now() - begin) / 1000);
      if (verbose > 1)
        line.show(
          `Progress: ${((100 * spent) / seconds).toFixed(1).padStart(5)}% Trials: ${trial} ` +
            `Last score: ${scoreText(score)} Best score: ${scoreText(best)} ETA: ${clock(seconds - spent)}`,
        );
    },
  });
  if (verbose === 0) return found.model;
  const { epoch, lr, dim, wordNgrams, minn, maxn, bucket } = found.settings;
  line.end(
    `Best of ${found.trials} trials (${metric} ${found.score.toFixed(6)}): -epoch ${epoch} -lr ${lr} -dim ${dim} ` +
      `-wordNgrams ${wordNgrams} -minn ${minn} -maxn ${maxn} -bucket ${bucket}`,
  );
  return found.model;
}
