// Training: text to model. One pass turns the text into numbers; the epochs run over the numbers.
import { completeSettings, type GivenSettings, type ModelName, type Settings } from "../config.ts";
import { type Encoding, type Job, lineHeader, type RowStart } from "../kernel/kernel.ts";
import { Memory } from "../kernel/memory.ts";
import { wasmKernel } from "../kernel/wasm.ts";
import { Model } from "../model/model.ts";
import type { Header } from "../model/model-file.ts";
import { introsort } from "../reference/introsort.ts";
import { negativeTable } from "../reference/loss.ts";
import { type Corpus, CorpusError, defaultMemoryBytes, type Limits } from "../text/corpus.ts";
import type { Dictionary, DictionaryWork, Sort } from "../text/dictionary.ts";
import { copyBlock, encodedBlocks, encodedLength, encodeLines, encodingOf, rowCount } from "../text/encode-corpus.ts";
import { readCorpus } from "../text/read-corpus.ts";
import type { TextSource } from "../text/source.ts";
import { checkContinues, extendedTables, settingsOf } from "./continue.ts";
import { byEpoch, checkValidation, type Epoch, type Validation } from "./epochs.ts";
import { freshTables, initialRows, outputCounts, rowStart, type TrainableTables } from "./fresh-tables.ts";
import { type Pretrained, startFrom, withWords } from "./pretrained.ts";
import { TrainingRun, type TrainOptions } from "./run.ts";

/** Text whose pieces are given one by one, or lines with weights. */
export interface LearnOptions extends TrainOptions {
  /**
   * Goes on with this model: its rows are the start, its words and labels keep theirs, new ones are added. Its dim,
   * loss, n-grams and bucket hold. The model itself is left as it is.
   */
  readonly from?: Model;
  /** Word vectors to start from: rows of the words in them. Their length is `dim`. */
  readonly pretrained?: Pretrained;
  /** Factor on the learning rate for the examples of a label; 1 for labels that are not named. */
  readonly labelWeights?: Readonly<Record<string, number>>;
  /** Factor on the learning rate of each line, in the order of the text. */
  readonly lineWeights?: ArrayLike<number>;
  /** Memory that the corpus may take. */
  readonly limits?: Limits;
  /** Called after each epoch; training waits for it. */
  readonly onEpoch?: (epoch: Epoch) => unknown;
  /** Tests the model after each epoch; the best one is kept, and training ends when none is better any more. */
  readonly validation?: Validation;
}

/**
 * Trains a model.
 *
 * @param text  labelled lines (`__label__x some words`) or, for skipgram and cbow, plain text
 * @throws CorpusError, DivergedError, RangeError for settings, and the signal's reason when it is aborted
 */
export async function train(text: TextSource, given: GivenSettings = {}, options: LearnOptions = {}): Promise<Model> {
  const { kernel = wasmKernel, pretrained, from } = options;
  if (from) checkContinues(from, given);
  const settings = completeSettings(from ? { ...given, ...settingsOf(from.tables) } : given);
  if (settings.model !== "supervised") checkUnlabelled(settings.model, options);
  if (settings.threads > 1) options.runThreads?.prepare?.(settings.threads - 1);
  const memory = new Memory();
  const corpus = await readCorpus(text, settings, memory, kernel, options);
  // A tree depends on the order of equal counts, and what is learnt on the tree.
  const inReferenceOrder = settings.compat || (settings.loss === "hs" && settings.model === "supervised");
  const workOf = (sort: () => Sort) =>
    inReferenceOrder ? { ...kernel.dictionaryWork, ...rankedBy(sort()) } : kernel.dictionaryWork;
  const often = corpus.dictionary.ranked(
    settings.minCount,
    settings.minCountLabel,
    workOf(() => referenceOrder(corpus)),
  );
  const ranked = pretrained
    ? withWords(
        often,
        pretrained,
        settings,
        workOf(() => referenceSort),
      )
    : often;
  check(ranked.dictionary, settings);
  const { words, labels } = ranked.dictionary;
  const outputs = settings.model === "supervised" ? labels : words;
  options.onProgress?.({
    kind: "read",
    done: corpus.tokens,
    total: corpus.tokens,
    words,
    labels,
    modelBytes: 4 * settings.dim * (words + settings.bucket + outputs),
  });
  const newRows = (rows: number) => initialRows(rows, settings, memory, kernel);
  const { tables, remap } = from
    ? extendedTables(from.tables, corpus, ranked.dictionary, newRows, kernel, memory)
    : { tables: freshTables(ranked.dictionary, settings, memory, kernel), remap: ranked.remap };
  if (pretrained) startFrom(tables, pretrained);
  const model = new Model(tables, headerOf(settings), kernel);
  if (options.validation) await checkValidation(model, options.validation);
  // The program counts pretrained words as text that was read, and trains a little longer for it.
  const longer = pretrained && settings.compat && settings.model === "supervised";
  const counted = longer ? { ...corpus, tokens: ranked.dictionary.tokens } : corpus;
  await trainTables(counted, remap, tables, settings, options, {
    watched: model,
    start: rowStart(tables, settings, from !== undefined),
  });
  return model;
}

/** The order of the reference program, down to that of equal counts. */
function referenceOrder(corpus: Corpus): Sort {
  // Here the line end is entry 0; there it is an entry when it first comes up, behind the words of the first line.
  const first = corpus.parts[0]!.blocks[0]?.read() ?? new Int32Array(0);
  let behind = 0;
  for (let i = 0; i < first.length && first[i] !== corpus.endOfLine; i++) behind = Math.max(behind, first[i]!);
  return (ids, kinds, counts) => {
    const at = ids.indexOf(corpus.endOfLine);
    if (at >= 0) {
      const place = ids.findLastIndex((id) => id <= behind);
      ids.copyWithin(at, at + 1, place + 1);
      ids[place] = corpus.endOfLine;
    }
    referenceSort(ids, kinds, counts);
  };
}

const rankedBy = (sort: Sort): Pick<DictionaryWork, "rank"> => ({
  rank: (dictionary, ...least) => dictionary.rank(...least, sort),
});

const referenceSort: Sort = (ids, kinds, counts) =>
  introsort(ids, (a, b) => (kinds[a] !== kinds[b] ? kinds[a]! < kinds[b]! : counts[a]! > counts[b]!));

const headerOf = ({ ws, epoch, minCount, neg, lrUpdateRate, t }: Settings): Header => ({
  ws,
  epoch,
  minCount,
  neg,
  lrUpdateRate,
  t,
});

/**
 * Trains the rows of existing tables on a corpus, in place.
 *
 * @param remap  for each entry of the corpus its entry in the tables' dictionary, or −1
 * @param watched  the model of the tables, for what is called after each epoch
 * @param start  where rows start that the corpus names for the first time
 */
export async function trainTables(
  corpus: Corpus,
  remap: Int32Array,
  tables: TrainableTables,
  settings: Settings,
  options: LearnOptions,
  { watched, start }: { watched?: Model; start?: RowStart | undefined } = {},
): Promise<void> {
  const { memory, dictionary, model, loss } = tables;
  const { kernel = wasmKernel, labelWeights } = options;
  const supervised = model === "supervised";
  const encoding = encodingOf(corpus, dictionary, remap, settings, kernel, memory, start);
  const length = corpus.parts.reduce((sum, part) => sum + encodedLength(part, corpus.endOfLine, encoding), 0);
  const streamed = supervised && 4 * length > (options.limits?.memoryBytes ?? defaultMemoryBytes) / 2;
  if (streamed && options.lineWeights)
    throw new CorpusError("Line weights need all lines in memory; allow more with memoryBytes.");
  const lines = streamed
    ? memory.int32(0)
    : supervised
      ? await encodeLines(corpus, encoding, kernel, memory, {
          threads: settings.threads,
          aside: kernel === wasmKernel ? options.runThreads?.encodeAside : undefined,
        })
      : plainLines(corpus, remap, memory);
  if (options.lineWeights) weighLines(lines, options.lineWeights);
  const job: Job = {
    tables,
    lr: settings.lr,
    lrUpdateRate: settings.lrUpdateRate,
    totalTokens: settings.epoch * corpus.tokens,
    untilTokens: settings.epoch * corpus.tokens,
    lines,
    onePass: streamed,
    progress: memory.int64(1),
    labelWeights: labelWeights ? weightsOf(labelWeights, dictionary, memory) : undefined,
    negatives:
      loss === "ns"
        ? negativeTable(outputCounts(dictionary, model), (length) => memory.int32(length))
        : memory.int32(0),
    neg: settings.neg,
    ws: settings.ws,
    keep: supervised ? memory.float32(0) : keepProbabilities(dictionary, settings, memory),
    ...(supervised
      ? { rowStarts: memory.int32(0), rows: memory.int32(0) }
      : rowsOfWords(encoding, remap, dictionary, memory)),
    endOfLine: remap[corpus.endOfLine]!,
    tabledLoss: settings.compat,
  };
  if (start && !supervised) kernel.startRows(memory, start, job.rows);
  const blocks = streamed ? () => encodedBlocks(corpus, encoding, kernel, memory) : undefined;
  const run = new TrainingRun(job, settings, kernel, options, blocks);
  if (watched && (options.validation || options.onEpoch))
    await byEpoch(run, watched, { epochs: settings.epoch, tokens: corpus.tokens }, options);
  else await run.until(job.totalTokens);
}

/** Rows that each word of the final dictionary brings, in its order. */
function rowsOfWords(encoding: Encoding, remap: Int32Array, dictionary: Dictionary, memory: Memory) {
  const entryOf = new Int32Array(dictionary.words).fill(-1);
  for (let entry = 0; entry < remap.length; entry++)
    if (remap[entry]! >= 0 && remap[entry]! < dictionary.words) entryOf[remap[entry]!] = entry;
  const rowStarts = memory.int32(dictionary.words + 1);
  const length = (entry: number) => (entry < 0 ? 0 : rowCount(encoding, entry));
  for (let word = 0; word < dictionary.words; word++) rowStarts[word + 1] = rowStarts[word]! + length(entryOf[word]!);
  const rows = memory.int32(rowStarts[dictionary.words]!);
  for (let word = 0; word < dictionary.words; word++) {
    const entry = entryOf[word]!;
    if (entry >= 0 && encoding.starts.length > 0)
      rows.set(encoding.rows.subarray(encoding.starts[entry], encoding.starts[entry + 1]), rowStarts[word]);
    else if (entry >= 0) rows[rowStarts[word]!] = word;
  }
  return { rowStarts, rows };
}

function weightsOf(given: Readonly<Record<string, number>>, dictionary: Dictionary, memory: Memory): Float32Array {
  const weights = memory.float32(dictionary.labels).fill(1);
  for (const [label, weight] of Object.entries(given)) {
    const id = dictionary.idOf(label) - dictionary.words;
    if (id < 0) throw new CorpusError(`There is a weight for the label "${label}", which does not occur in the text.`);
    if (!(weight >= 0)) throw new RangeError(`The weight of "${label}" is ${weight}; expected a number ≥ 0.`);
    weights[id] = weight;
  }
  return weights;
}

/** Options that are about labels do nothing without them. */
function checkUnlabelled(model: ModelName, options: LearnOptions): void {
  for (const name of ["validation", "labelWeights", "lineWeights"] as const)
    if (options[name] !== undefined)
      throw new RangeError(`${name} does nothing with ${model}, which learns without labels; leave it out.`);
}

function weighLines(lines: Int32Array, weights: ArrayLike<number>): void {
  const bits = new Float32Array(lines.buffer, lines.byteOffset, lines.length);
  let count = 0;
  for (let at = 0; at < lines.length; at += lineHeader + lines[at + 1]! + lines[at + 2]!) count++;
  if (count !== weights.length)
    throw new CorpusError(
      `The line weights are ${weights.length}, the lines of the training text ${count}; expected a weight for each line.`,
    );
  let line = 0;
  for (let at = 0; at < lines.length; at += lineHeader + lines[at + 1]! + lines[at + 2]!, line++) {
    const weight = weights[line]!;
    if (!(weight >= 0)) throw new RangeError(`The weight of line ${line + 1} is ${weight}; expected a number ≥ 0.`);
    bits[at + 3] = weight;
  }
}

function check(dictionary: Dictionary, settings: Settings): void {
  const { minCount, minCountLabel, label, model } = settings;
  if (dictionary.size === 0)
    throw new CorpusError(
      dictionary.tokens === 0
        ? "The training text is empty; expected lines of words."
        : `No word occurs ${minCount} times; try a smaller minCount.`,
    );
  if (model === "supervised" && dictionary.labels === 0)
    throw new CorpusError(
      minCountLabel > 1
        ? `No label occurs ${minCountLabel} times; try a smaller minCountLabel.`
        : `The training text has no labels; expected words that start with "${label}", or set label to the prefix in use.`,
    );
  if (model === "supervised" && dictionary.words === 0)
    throw new CorpusError(`The training text has only labels and no words (minCount is ${minCount}).`);
  if (settings.loss === "ns" && (model === "supervised" ? dictionary.labels : dictionary.words) < 2)
    throw new CorpusError("Negative sampling needs two labels or words at least; there is one. Use loss softmax.");
}

/** √(t/f) + t/f: the probability to keep an occurrence of a word of frequency f. */
function keepProbabilities(dictionary: Dictionary, { t }: Settings, memory: Memory): Float32Array {
  const keep = memory.float32(dictionary.words);
  for (let i = 0; i < keep.length; i++) {
    const f = Math.fround(Math.fround(dictionary.counts[i]!) / Math.fround(dictionary.tokens));
    keep[i] = Math.sqrt(t / f) + t / f;
  }
  return keep;
}

/** The corpus as entries of the final dictionary. */
function plainLines(corpus: Corpus, remap: Int32Array, memory: Memory): Int32Array {
  const lines = memory.int32(corpus.tokens);
  let at = 0;
  for (const { blocks, entries } of corpus.parts)
    for (const block of blocks) {
      const own = copyBlock(block.read(), entries, lines.subarray(at));
      for (let i = 0; i < own.length; i++) own[i] = remap[own[i]!]!;
      at += own.length;
    }
  return lines;
}
