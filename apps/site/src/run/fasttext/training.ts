// Training in the panel: one model or two, with what can be shown while it runs. Runs in the worker and on Node.
import { evaluate, type Model, precision, train } from "@reprise/fasttext";
import type { Progress } from "../protocol.ts";
import { type Cloud, documents } from "./documents.ts";
import type { CompareInputs, LossChoice } from "./inputs.ts";
import type { Divided } from "./lines.ts";

/** Rows that hashed n-grams share: 200,000, as the tutorial takes for these questions. */
const bucket = 200_000;

/** Held-out lines that are tested while training lasts, and how often at most, so that it is hardly slowed down. */
const watchedLines = 300;
const watchedEveryMs = 400;

/** The mean loss since the start, at an epoch (a fraction while it lasts). */
export type LossPoint = readonly [epoch: number, loss: number];

export interface TrainingSoFar {
  readonly loss: LossChoice;
  readonly curve: readonly LossPoint[];
  readonly wordsPerSecond: number;
  /** The learning rate now. */
  readonly lr: number;
  /** Share of some held-out lines whose best label is one of theirs, as of the last epoch tested; undefined before. */
  readonly heldOut: number | undefined;
}

export interface Trained extends TrainingSoFar {
  /** Of training alone, reading the lines included. */
  readonly seconds: number;
  readonly labels: number;
  readonly words: number;
  readonly trainingLines: number;
  readonly heldOutLines: number;
  /** With two hidden units, where the held-out documents (or, where there are none, those trained on) lie; else none. */
  readonly clouds: readonly Cloud[];
  /** Held-out lines with a label that was learnt. */
  readonly tested: number;
  /** Share of them whose best label is one of theirs, in [0, 1]; NaN without held-out lines. */
  readonly precisionAt1: number;
}

export type TrainingInputs = Omit<CompareInputs, "lines">;

interface Context<Partial> {
  readonly signal: AbortSignal;
  readonly progress: (progress: Progress<Partial>) => void;
}

/** Trains on the lines and tests on the held-out ones. @throws CorpusError, DivergedError, RangeError */
export async function trainOnce(
  lines: Divided,
  loss: LossChoice,
  { dim, epochs, lr, wordNgrams }: TrainingInputs,
  { signal, progress }: Context<TrainingSoFar>,
): Promise<{ readonly model: Model; readonly trained: Trained }> {
  const curve: LossPoint[] = [];
  let wordsPerSecond = 0;
  let heldOut: number | undefined;
  const encoder = new TextEncoder();
  const watched = encoder.encode(firstLines(lines.heldOut, watchedLines));
  let testedAt = Number.NEGATIVE_INFINITY;
  let testingMs = 0;
  const start = performance.now();
  const model = await train(
    [lines.training],
    { loss, dim, epoch: epochs, lr, wordNgrams, bucket },
    {
      signal,
      onProgress: (now) => {
        if (now.kind !== "training" || Number.isNaN(now.loss)) return;
        const share = now.done / now.total;
        const epoch = share * epochs;
        wordsPerSecond = now.tokensPerSecond;
        if (epoch - (curve.at(-1)?.[0] ?? 0) >= epochs / 200 || share === 1) curve.push([epoch, now.loss]);
        progress({
          done: share * 100,
          total: 100,
          text: `${loss}: loss ${now.loss.toFixed(3)}, ${Math.round(wordsPerSecond).toLocaleString("en")} words/s`,
          partial: { loss, curve: [...curve], wordsPerSecond, lr: now.lr, heldOut },
        });
      },
      onEpoch({ model: soFar }) {
        const now = performance.now();
        if (watched.length === 0 || now - testedAt < watchedEveryMs) return;
        heldOut = precision(evaluate(soFar, [watched]).all);
        testedAt = performance.now();
        testingMs += testedAt - now;
      },
    },
  );
  const seconds = (performance.now() - start - testingMs) / 1000;
  signal.throwIfAborted();
  const { all, examples } = evaluate(model, [encoder.encode(lines.heldOut)]);
  const { dictionary } = model.tables;
  const trained: Trained = {
    loss,
    curve,
    wordsPerSecond,
    lr: 0,
    heldOut: precision(all),
    seconds,
    labels: dictionary.labels,
    words: dictionary.words,
    trainingLines: lines.trainingLines,
    heldOutLines: lines.heldOutLines,
    clouds: dim === 2 ? documents(model, lines.heldOut || lines.training) : [],
    tested: examples,
    precisionAt1: precision(all),
  };
  return { model, trained };
}

/** The first lines of a text in which every line is ended. */
function firstLines(text: string, count: number): string {
  let end = 0;
  for (let i = 0; i < count && end < text.length; i++) end = text.indexOf("\n", end) + 1;
  return text.slice(0, end);
}

/** Both ways to read out the labels on the same lines, one after the other. */
export async function compareLosses(
  lines: Divided,
  inputs: TrainingInputs,
  { signal, progress }: Context<readonly TrainingSoFar[]>,
): Promise<Trained[]> {
  const done: Trained[] = [];
  for (const [i, loss] of (["softmax", "hs"] as const).entries()) {
    const { trained } = await trainOnce(lines, loss, inputs, {
      signal,
      progress: ({ partial, ...rest }) =>
        progress({ ...rest, done: 50 * i + rest.done / 2, partial: partial ? [...done, partial] : done }),
    });
    done.push(trained);
  }
  return done;
}
