// Finds settings by trial: random walks around the best settings so far, until the time is up.

import { completeSettings, type GivenSettings, type Settings } from "../config.ts";
import { type QuantizeOptions, quantize } from "../model/compress.ts";
import { type Evaluation, evaluate, f1 } from "../model/evaluate.ts";
import type { Model } from "../model/model.ts";
import { MinimalStandard } from "../reference/random.ts";
import { CorpusError } from "../text/corpus.ts";
import { type ReusableText, reusable } from "../text/source.ts";
import { checkContinues, settingsOf } from "./continue.ts";
import { DivergedError, type Progress } from "./run.ts";
import { type LearnOptions, train } from "./train.ts";

export interface AutotuneOptions extends Omit<LearnOptions, "stop" | "validation" | "onEpoch" | "onProgress"> {
  /** Labelled text to judge by; read once for each trial. */
  readonly validation: ReusableText;
  /** f1, f1:LABEL, precisionAtRecall:N[:LABEL] or recallAtPrecision:N[:LABEL], N in percent. */
  readonly metric?: string;
  /** Labels predicted for each line of the validation text. */
  readonly predictions?: number;
  readonly seconds?: number;
  /** Bytes that the model file may have: it is quantised and pruned to that. */
  readonly modelSize?: number;
  /** Numbers of a row that share a byte in the first trial with a model size; fixed when "dsub" is. */
  readonly partDim?: number;
  /** Settings that stay as given; those that `pretrained` or `from` decides stay anyway. */
  readonly fixed?: ReadonlySet<string>;
  /** Told what each training tells, and how each trial ended. */
  readonly onProgress?: (progress: Progress | Trial) => void;
  /** Ends the search as if the time were up: the best trial so far wins. */
  readonly stop?: AbortSignal;
  /** Seconds from any start. */
  readonly clock?: () => number;
}

/** A trial ended. */
export interface Trial {
  readonly kind: "trial";
  /** Trials so far; how many there will be is not known. */
  readonly done: number;
  readonly total: null;
  readonly settings: Settings;
  /** NaN when the trial diverged, took too much memory, or the model could not be made small enough. */
  readonly score: number;
  readonly best: number;
}

/** What a metric's name means. @throws RangeError */
export function parseMetric(metric: string): (evaluation: Evaluation, labelOf: (label: string) => number) => number {
  const [name = "", ...rest] = metric.split(":");
  const label = rest.slice(name === "f1" ? 0 : 1).join(":");
  const share = Number(rest[0]) / 100;
  const withLabel = rest.length > (name === "f1" ? 0 : 1);
  const valid =
    name === "f1" || ((name === "precisionAtRecall" || name === "recallAtPrecision") && share >= 0 && share <= 1);
  if (!valid || (withLabel && label === ""))
    throw new RangeError(
      `The metric is "${metric}"; expected f1, f1:LABEL, precisionAtRecall:N[:LABEL] or recallAtPrecision:N[:LABEL], N from 0 to 100.`,
    );
  return (evaluation, labelOf) => {
    const id = withLabel ? labelOf(label) : undefined;
    if (name === "f1") return f1(id === undefined ? evaluation.all : evaluation.counts(id));
    return name === "precisionAtRecall"
      ? evaluation.precisionAtRecall(share, id)
      : evaluation.recallAtPrecision(share, id);
  };
}

/**
 * Trains with many settings and once more with the best.
 *
 * @param text  the training text, read once for each trial
 * @param given  settings of the first trial; the bucket count is kept for trials that hash n-grams
 * @throws RangeError when no trial ended in time
 */
export async function autotune(
  text: ReusableText,
  given: GivenSettings,
  options: AutotuneOptions,
): Promise<{ model: Model; settings: Settings; score: number; trials: number }> {
  const {
    validation,
    metric = "f1",
    predictions = 1,
    seconds = 300,
    modelSize,
    fixed: asked = new Set(),
    stop,
    partDim: firstPartDim = 2,
    ...learning
  } = options;
  for (const [name, value] of Object.entries({ seconds, predictions }))
    if (!(value > 0) && !(name === "predictions" && value === -1))
      throw new RangeError(`${name} is ${value}; expected a number above 0.`);
  const [training, judging] = [reusable(text, "The training text"), reusable(validation, "The validation text")];
  const { fixed, settings: held } = heldSettings(given, options);
  for (const name of asked) fixed.add(name);
  const complete = completeSettings({ ...given, ...held });
  const start = { ...complete, bucket: held.bucket ?? given.bucket ?? (complete.bucket || 2_000_000) };
  const clock = options.clock ?? (() => performance.now() / 1000);
  const score = parseMetric(metric);
  const random = new MinimalStandard(start.seed);
  const begin = clock();
  const timeUp = new AbortController();
  const timer = setTimeout(() => timeUp.abort(new Error("the time is up")), 1000 * seconds);
  const ended = stop ? AbortSignal.any([stop, timeUp.signal]) : timeUp.signal;
  const signal = options.signal ? AbortSignal.any([options.signal, ended]) : ended;
  let best: { settings: Settings; partDim: number; score: number } | undefined;
  let trials = 0;
  let tooSmall = 0;

  const attempt = async (settings: Settings, partDim: number, trialOptions: LearnOptions) => {
    const model = await train(training(), settings, trialOptions);
    if (modelSize === undefined || fits(model, modelSize)) return model;
    const small = sizeOptions(model, partDim, modelSize);
    if (!small) return undefined;
    return quantize(model, { ...trialOptions, ...small, retrain: { text: training(), settings } });
  };

  try {
    while (clock() - begin < seconds && !ended.aborted) {
      const walk = neighbour(
        best ?? { settings: start, partDim: firstPartDim },
        (clock() - begin) / seconds,
        fixed,
        random,
      );
      const { settings, partDim } = trials === 0 ? { settings: start, partDim: firstPartDim } : walk;
      trials++;
      let value = Number.NaN;
      try {
        const model = await attempt(settings, partDim, { ...learning, signal });
        if (!model) tooSmall++;
        else {
          const evaluation = await evaluate(model, judging(), { k: predictions });
          value = score(evaluation, (label) => labelIn(model, label));
          if (!Number.isNaN(value) && (!best || value > best.score)) best = { settings, partDim, score: value };
        }
      } catch (error) {
        options.signal?.throwIfAborted();
        if (ended.aborted) break;
        // A rate that diverges or rows that do not fit are no more than a bad trial.
        if (!(error instanceof DivergedError) && !(error instanceof RangeError && /memory/.test(error.message)))
          throw error;
      }
      options.onProgress?.({
        kind: "trial",
        done: trials,
        total: null,
        settings,
        score: value,
        best: best?.score ?? Number.NaN,
      });
    }
  } finally {
    clearTimeout(timer);
  }
  if (!best)
    throw new RangeError(
      tooSmall > 0
        ? `No trial fitted into ${modelSize} bytes; allow a larger model.`
        : stop?.aborted
          ? "The search was stopped before its first trial ended."
          : `No trial ended within ${seconds} seconds; allow more time.`,
    );
  const model = await attempt(best.settings, best.partDim, learning);
  return { model: model!, settings: best.settings, score: best.score, trials };
}

/** What cannot be varied: vectors to start from have a length, a model to go on from keeps its rows. */
function heldSettings(
  given: GivenSettings,
  { pretrained, from }: Pick<LearnOptions, "pretrained" | "from">,
): { settings: Partial<Settings>; fixed: Set<string> } {
  if (from) {
    checkContinues(from, given);
    const settings = settingsOf(from.tables);
    return { settings, fixed: new Set(Object.keys(settings)) };
  }
  if (!pretrained) return { settings: {}, fixed: new Set() };
  if (given.dim !== undefined && given.dim !== pretrained.dim)
    throw new CorpusError(
      `The pretrained vectors have ${pretrained.dim} numbers each and dim is ${given.dim}; set dim to ${pretrained.dim}.`,
    );
  return { settings: { dim: pretrained.dim }, fixed: new Set(["dim"]) };
}

function labelIn({ tables: { dictionary } }: Model, label: string): number {
  const id = dictionary.idOf(label) - dictionary.words;
  if (id < 0) throw new RangeError(`The metric names the label "${label}", which the training text does not have.`);
  return id;
}

/**
 * Settings near the best ones: each is multiplied by 2^g or moved by g, g normal. The steps shrink from the first to
 * the second width after a quarter of the time.
 */
function neighbour(
  { settings, partDim }: { settings: Settings; partDim: number },
  time: number,
  fixed: ReadonlySet<string>,
  random: MinimalStandard,
): { settings: Settings; partDim: number } {
  const normal = (wide: number, narrow: number) => {
    const sigma = wide - ((wide - narrow) / 0.5) * Math.min(0.5, Math.max(time - 0.25, 0));
    return sigma * Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
  };
  const within = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
  const times = (value: number, low: number, high: number, wide: number, narrow: number) =>
    within(value * 2 ** normal(wide, narrow), low, high);
  const plus = (value: number, low: number, high: number, wide: number, narrow: number) =>
    Math.trunc(within(value + normal(wide, narrow), low, high));
  const free = (name: string) => !fixed.has(name);

  const next: { -readonly [K in keyof Settings]: Settings[K] } = { ...settings };
  if (free("epoch")) next.epoch = Math.trunc(times(next.epoch, 1, 100, 2.8, 2.5));
  if (free("lr")) next.lr = times(times(next.lr, 0.01, 5, 1.9, 1), 0.01, 5, 1.9, 1);
  if (free("dim")) next.dim = Math.trunc(times(next.dim, 1, 1000, 1.4, 0.3));
  if (free("wordNgrams")) next.wordNgrams = plus(next.wordNgrams, 1, 5, 4.3, 2.4);
  const lengths = [0, 2, 3];
  if (free("minn")) next.minn = lengths[plus(Math.max(0, lengths.indexOf(next.minn)), 0, 2, 4, 1.4)]!;
  if (!free("maxn")) next.minn = Math.min(next.minn, next.maxn);
  else next.maxn = next.minn === 0 ? 0 : next.minn + 3;
  if (free("bucket")) next.bucket = Math.trunc(times(next.bucket || 2_000_000, 10_000, 10_000_000, 2, 1.5));
  const dsub = free("dsub") ? 2 ** plus(Math.log2(partDim), 1, 4, 2, 1) : partDim;
  return { settings: next, partDim: dsub };
}

/** Whether a model that has too few rows to be quantised is small enough as it is. */
function fits(model: Model, bytes: number): boolean {
  if (model.tables.input.rows >= 256) return false;
  let size = 0;
  for (const piece of model.bytes()) size += piece.length;
  return size <= bytes;
}

/** How to quantise a model so that its file has about so many bytes at most; undefined when 256 rows would be too many. */
function sizeOptions({ tables }: Model, partDim: number, bytes: number): QuantizeOptions | undefined {
  const { dim, input, output, dictionary } = tables;
  if (input.rows < 256) return undefined;
  const { starts, words, labels, size } = dictionary;
  const withOutput = output.rows >= 256;
  const codebook = (length: number) => 16 + 1024 * length;
  const head = 64 + 28 + 2; // settings, dictionary's numbers, two switches
  const outputBytes = withOutput
    ? 21 + output.rows * (Math.ceil(dim / 2) + 1) + codebook(dim) + codebook(1)
    : 16 + 4 * output.rows * dim;
  const inputBytes = 21 + codebook(dim) + codebook(1);
  const labelBytes = starts[size]! - starts[words]! + 10 * labels;
  // A kept row is a word, with its text and count, or an n-gram, with 8 bytes; counted as a word of middle length.
  const perRow = Math.ceil(dim / partDim) + 1 + 10 + Math.ceil(starts[words]! / Math.max(1, words));
  const cutoff = Math.floor((bytes - head - outputBytes - inputBytes - labelBytes) / perRow);
  if (cutoff <= 256) return undefined;
  return { cutoff, withNorms: true, withOutput, partDim };
}
