// Training epoch by epoch: a test after each one, and the rows of the best one kept.
import type { DenseMatrix } from "../kernel/kernel.ts";
import { evaluate, f1 } from "../model/evaluate.ts";
import type { Model } from "../model/model.ts";
import { CorpusError } from "../text/corpus.ts";
import { type ReusableText, reusable } from "../text/source.ts";
import { DivergedError, type TrainingRun, type TrainOptions } from "./run.ts";

export interface Epoch {
  /** 1 for the first. */
  readonly number: number;
  /** F1 on the validation text; NaN without one. */
  readonly score: number;
  /** As it is now; the next epoch changes it. */
  readonly model: Model;
}

export interface Validation {
  /** Labelled text. */
  readonly text: ReusableText;
  /** Epochs without a better score after which training ends: 3 if not given. */
  readonly patience?: number;
  /** Labels predicted for each line. */
  readonly k?: number;
}

/**
 * Whether a model can be tested on the text at all.
 *
 * @throws RangeError for the patience; CorpusError when no line has words and a label that the model knows
 */
export async function checkValidation(model: Model, { text, patience = 3 }: Validation): Promise<void> {
  if (!Number.isInteger(patience) || patience < 1)
    throw new RangeError(`patience is ${patience}; expected a whole number of epochs from 1 on.`);
  for await (const { labels, rows } of model.classifyLater(reusable(text, "The validation text")()))
    if (labels.length > 0 && rows > 0) return;
  throw new CorpusError(
    "No line of the validation text has a label and a word of the training text, so no epoch can be tested on it.",
  );
}

async function scoreOf(model: Model, { text, k = 1 }: Validation): Promise<number> {
  return f1((await evaluate(model, reusable(text, "The validation text")(), { k })).all);
}

/** Trains epoch by epoch, the learning rate falling as in one run. */
export async function byEpoch(
  run: TrainingRun,
  model: Model,
  { epochs, tokens }: { readonly epochs: number; readonly tokens: number },
  options: Pick<TrainOptions, "onProgress" | "stop"> & {
    readonly validation?: Validation;
    readonly onEpoch?: (epoch: Epoch) => unknown;
  },
): Promise<void> {
  const { validation, onEpoch, onProgress, stop } = options;
  const patience = validation ? (validation.patience ?? 3) : Number.POSITIVE_INFINITY;
  const matrices = [model.tables.input, model.tables.output] as readonly DenseMatrix[];
  let kept = { epoch: 0, score: Number.NEGATIVE_INFINITY };
  let rows: readonly Float32Array[] = [];
  const restore = () => {
    for (const [i, values] of rows.entries()) matrices[i]!.values.set(values);
  };
  try {
    for (let number = 1; number <= epochs && number - kept.epoch <= patience; number++) {
      await run.until(number * tokens);
      if (stop?.aborted) break;
      const score = validation ? await scoreOf(model, validation) : Number.NaN;
      if (score > kept.score) {
        kept = { epoch: number, score };
        rows = matrices.map(({ values }) => values.slice());
      }
      if (validation) onProgress?.({ kind: "epoch", done: number, total: epochs, score, kept });
      await onEpoch?.({ number, score, model });
    }
  } catch (error) {
    if (error instanceof DivergedError && rows.length > 0) {
      restore();
      const best = `The rows of epoch ${kept.epoch} (F1 ${kept.score.toFixed(3)}) are kept.`;
      throw new DivergedError(`${error.message} ${best}`, model);
    }
    throw error;
  }
  restore();
}
