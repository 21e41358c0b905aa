// A trained model made small: prune its rows, train what is left once more, quantise.
import { completeSettings, type GivenSettings } from "../config.ts";
import type { DenseMatrix, Tables } from "../kernel/kernel.ts";
import { readCorpus } from "../text/read-corpus.ts";
import type { TextSource } from "../text/source.ts";
import { settingsOf } from "../training/continue.ts";
import { type LearnOptions, trainTables } from "../training/train.ts";
import { Model } from "./model.ts";
import { quantizeMatrix } from "./quantize.ts";

export interface QuantizeOptions
  extends Pick<LearnOptions, "signal" | "stop" | "onProgress" | "runThreads" | "limits"> {
  /** Rows to keep: the end of line, then the longest. 0 keeps all. */
  readonly cutoff?: number;
  /** Keep the rows' lengths apart (-qnorm): closer for the same size. */
  readonly withNorms?: boolean;
  /** Quantise the output rows too (-qout). */
  readonly withOutput?: boolean;
  /** Numbers of a row that share one byte (-dsub). */
  readonly partDim?: number;
  /** Train the kept rows on this text before they are quantised (-retrain). */
  readonly retrain?: { readonly text: TextSource; readonly settings?: GivenSettings };
}

/**
 * A quantised copy of a supervised model. The given model is left as it is.
 *
 * @throws RangeError when the model is quantised already, has no labels, or has too few rows
 */
export async function quantize(model: Model, options: QuantizeOptions = {}): Promise<Model> {
  const { tables, kernel } = model;
  const { memory, input, output } = tables;
  const { cutoff = 0, withNorms = false, withOutput = false, partDim = 2, retrain } = options;
  if (tables.model !== "supervised")
    throw new RangeError(`Only supervised models can be quantised; this one is ${tables.model}.`);
  if (input.kind !== "dense" || output.kind !== "dense") throw new RangeError("This model is quantised already.");
  if (!Number.isInteger(partDim) || partDim < 1)
    throw new RangeError(`dsub is ${partDim}; expected a whole number from 1 on.`);
  if (!Number.isInteger(cutoff) || cutoff < 0)
    throw new RangeError(`cutoff is ${cutoff}; expected a whole number from 0 on.`);

  const needed = "a part of a row becomes one of 256 values, so that at least 256 rows are needed";
  if (input.rows < 256)
    throw new RangeError(
      `The model has ${input.rows} words and n-grams; ${needed}. It is small already: keep the .bin.`,
    );
  if (cutoff > 0 && cutoff < 256) throw new RangeError(`cutoff is ${cutoff}; ${needed}.`);
  if (withOutput && output.rows < 256)
    throw new RangeError(`The model has ${output.rows} rows for labels; ${needed}. Leave qout out.`);

  let small: Tables & { input: DenseMatrix; output: DenseMatrix } = {
    ...tables,
    input,
    output: copyOf(output, tables),
  };
  if (cutoff > 0 && cutoff < input.rows) {
    small = prune(small, cutoff);
    if (retrain) {
      // The program's own defaults: quantise is no "supervised" run there.
      const { lr = 0.05, epoch = 5, ...rest } = retrain.settings ?? {};
      const settings = completeSettings({ ...rest, lr, epoch, ...settingsOf(tables) });
      const corpus = await readCorpus(retrain.text, settings, memory, kernel, options);
      const remap = memory.int32(corpus.dictionary.size);
      for (let i = 0; i < remap.length; i++) remap[i] = small.dictionary.find(corpus.dictionary.bytesOf(i));
      await trainTables(corpus, remap, small, settings, { ...options, kernel });
    }
  }
  const quantized = quantizeMatrix(small.input, { partDim, withNorms }, kernel, memory);
  const quantizedOutput = withOutput
    ? quantizeMatrix(small.output, { partDim: 2, withNorms }, kernel, memory)
    : small.output;
  return new Model({ ...small, input: quantized, output: quantizedOutput }, model.header, kernel);
}

function copyOf(matrix: DenseMatrix, { memory }: Tables): DenseMatrix {
  const values = memory.float32(matrix.values.length);
  values.set(matrix.values);
  return { ...matrix, values };
}

/** Keeps the end of line and the rows of greatest length, `cutoff` in all. */
function prune(tables: Tables & { input: DenseMatrix; output: DenseMatrix }, cutoff: number) {
  const { dictionary, input, memory, dim } = tables;
  const lengths = new Float32Array(input.rows);
  for (let row = 0; row < input.rows; row++) {
    let sum = 0;
    for (let i = row * dim; i < (row + 1) * dim; i++) sum += input.values[i]! * input.values[i]!;
    lengths[row] = Math.sqrt(sum);
  }
  const endOfLine = dictionary.idOf("</s>");
  if (endOfLine >= 0) lengths[endOfLine] = Number.POSITIVE_INFINITY;
  const rows = Int32Array.from({ length: input.rows }, (_, i) => i)
    .sort((a, b) => lengths[b]! - lengths[a]! || a - b)
    .subarray(0, cutoff);
  const words = rows.filter((row) => row < dictionary.words).sort();
  const ngrams = rows.filter((row) => row >= dictionary.words);
  const labels = Int32Array.from({ length: dictionary.labels }, (_, i) => dictionary.words + i);
  const small = dictionary.select(joined(words, labels));
  const pairs = memory.int32(2 * ngrams.length);
  for (let i = 0; i < ngrams.length; i++) pairs.set([ngrams[i]! - dictionary.words, i], 2 * i);
  small.keep(pairs);
  const kept = joined(words, ngrams);
  const values = memory.float32(kept.length * dim);
  for (let i = 0; i < kept.length; i++)
    values.set(input.values.subarray(kept[i]! * dim, (kept[i]! + 1) * dim), i * dim);
  return { ...tables, dictionary: small, input: { kind: "dense" as const, rows: kept.length, dim, values } };
}

function joined(a: Int32Array, b: Int32Array): Int32Array {
  const all = new Int32Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
