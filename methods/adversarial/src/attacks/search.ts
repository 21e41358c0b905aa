// The attack of one row as a generator that asks for evaluations of the model. Rows so written cannot see each other,
// and whoever runs them (run-searches.ts) puts the questions of many rows into each call of the model.
import { type Goal, marginOf, marginWeights } from "./goal.ts";
import type { Norm } from "./norm.ts";

/** One solved problem: a step of the search over c. */
export interface SearchStep {
  readonly c: number;
  /** The minimiser is classified as the target, by the lead asked for. */
  readonly reached: boolean;
  /** ‖r‖₂ / √n of the minimiser. */
  readonly distortion: number;
  readonly iterations: number;
  readonly evaluations: number;
}

/** A question to the model: `count` images [count, n], and what is wanted besides their logits. */
export type ModelAsk = { readonly images: Float32Array | Float64Array; readonly count: number } & (
  | { readonly want: "logits" }
  /** Cross-entropy towards a label for each image, and its gradient. */
  | { readonly want: "loss"; readonly labels: Int32Array }
  /** Gradient of Σ weights·logits, weights [count, K]. */
  | { readonly want: "scores"; readonly weights: Float32Array }
);

/** What a search may ask for: the model's answer, or other searches to be run to their ends. */
export type Ask = ModelAsk | { readonly want: "together"; readonly searches: readonly Search<unknown>[] };

/**
 * Logits [count, K]; gradients [count, n] and losses [count] where they were asked for. They are valid until the next
 * question: what is kept longer must be copied.
 */
export interface Answer {
  readonly logits: Float32Array;
  readonly gradient: Float32Array;
  readonly loss: Float64Array | Float32Array;
  /** What the searches asked for came to, in their order. */
  readonly results?: readonly unknown[];
}

/** A computation that may ask; `yield*` it to get its result. */
export type Search<T> = Generator<Ask, T, Answer>;

/** One row, as an attack sees it. */
export interface RowProblem {
  readonly row: number;
  /** The clean image, [n]. */
  readonly image: Float32Array;
  /** [C, H, W], or whatever the model takes. */
  readonly shape: readonly number[];
  /** Scores of the clean image, [K]. */
  readonly logits: Float32Array;
  readonly goal: Goal;
  /** The box, as float32. */
  readonly lower: number;
  readonly upper: number;
  readonly norm: Norm;
  /** Radius of the ball, of a budget attack; Infinity for the others. */
  readonly epsilon: number;
  /** Uniform in [0, 1), and standard normal, by seed and row. */
  readonly random: () => number;
  readonly normal: () => number;
  /** Told of every problem that the paper's attack solves, with the nearest image so far, which is valid until it returns. */
  readonly onStep?: (target: number, step: SearchStep, best: Float64Array) => void;
}

/** The model gave NaN or an infinite value, so that the row cannot go on. */
export class NonFiniteError extends Error {
  override name = "NonFiniteError";
}

/** Logits of one image, or of several; the asker's to keep. */
export function* logitsOf(images: Float32Array, count = 1): Search<Float32Array> {
  return (yield { want: "logits", images, count }).logits.slice();
}

/** A function to climb: the higher, the nearer the goal. */
export interface Climb {
  readonly gain: number;
  readonly gradient: Float32Array;
  readonly logits: Float32Array;
}

/** Cross-entropy towards the row's label, its sign such that more is nearer the goal. */
export function* crossEntropyGain({ goal }: RowProblem, x: Float32Array): Search<Climb> {
  const { loss, gradient, logits } = yield { want: "loss", images: x, count: 1, labels: Int32Array.of(goal.label) };
  const sign = goal.targeted ? -1 : 1;
  return { gain: sign * loss[0]!, gradient: finite(gradient.map((v) => sign * v)), logits: logits.slice() };
}

/**
 * The margin and its gradient. The rival is guessed to be that of the last image, which saves a call; where the scores
 * say otherwise, the gradient is asked for again.
 */
export function* marginGain(
  { goal }: RowProblem,
  x: Float32Array,
  guess: number,
  classes: number,
): Search<Climb & { readonly rival: number }> {
  for (let rival = guess; ; ) {
    const { gradient, logits }: Answer = yield {
      want: "scores",
      images: x,
      count: 1,
      weights: marginWeights(goal, rival, classes),
    };
    const actual = marginOf(goal, logits);
    if (Number.isNaN(actual.margin)) throw new NonFiniteError("the model's scores are NaN");
    if (actual.rival === rival)
      return { gain: actual.margin, gradient: finite(gradient).slice(), logits: logits.slice(), rival };
    rival = actual.rival;
  }
}

/** The gradient itself. @throws NonFiniteError if a value is not finite */
export function finite(gradient: Float32Array): Float32Array {
  for (let i = 0; i < gradient.length; i++)
    if (!Number.isFinite(gradient[i])) throw new NonFiniteError(`the gradient is ${gradient[i]} at pixel ${i}`);
  return gradient;
}

/** What an answer to `of` images says of some of them. */
export function partOf({ logits, gradient, loss }: Answer, from: number, count: number, of: number): Answer {
  const [k, n, l] = [logits.length / of, gradient.length / of, loss.length / of];
  return {
    logits: logits.subarray(from * k, (from + count) * k),
    gradient: gradient.subarray(from * n, (from + count) * n),
    loss: loss.subarray(from * l, (from + count) * l),
  };
}
