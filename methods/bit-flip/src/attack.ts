// The attack of the paper, §3: flips found one after the other until the network guesses.
import type { Tensor } from "@reprise/engine";
import { type GraphVictim, largestOfRows } from "./graph-victim.ts";
import { changesOf, type SearchOptions, type SearchStep, searchStep } from "./search.ts";

/** Images whose labels are known. */
export interface TestSet {
  /** As the network takes them, [N, …]. */
  readonly images: Tensor<"float32">;
  readonly labels: Int32Array;
}

/** An iteration's flips, and the network after them. */
export interface AttackStep extends SearchStep {
  /** From 1 up. */
  readonly iteration: number;
  /** Share of the test set that is right, [0, 1]; NaN without one. */
  readonly accuracy: number;
  /** Bits flipped so far. */
  readonly flipped: number;
}

export type AttackProgress =
  | { readonly kind: "step"; readonly step: AttackStep; readonly done: number; readonly total: number | null }
  | { readonly kind: "layer"; readonly done: number; readonly total: number }
  | { readonly kind: "test"; readonly done: number; readonly total: number };

export interface AttackOptions extends Omit<SearchOptions, "onProgress"> {
  readonly test?: TestSet;
  /** Ends once the accuracy on the test set is no higher. */
  readonly stopAccuracy?: number;
  /** Ends once so many bits are flipped. */
  readonly maxFlips?: number;
  readonly maxSeconds?: number;
  /** Steps of an earlier run with the same network and sample: made again without searching. */
  readonly known?: readonly AttackStep[];
  /** Hears of every step before the next begins; a promise is waited for. */
  readonly onProgress?: (event: AttackProgress) => void | Promise<void>;
}

/** Why an attack ended: "accuracy", "flips" and "seconds" are the limits; "stuck": no flip moves the loss any more. */
export type Stopped = "accuracy" | "flips" | "seconds" | "stuck";

export interface AttackResult {
  readonly before: { readonly accuracy: number; readonly loss: number };
  readonly steps: readonly AttackStep[];
  readonly after: { readonly accuracy: number; readonly loss: number };
  readonly stopped: Stopped;
  readonly seconds: number;
}

/**
 * Searches and flips until a limit is reached. The victim is left with all flips made.
 *
 * @throws RangeError when no limit is given, the accuracy is already at its limit, or a loss is not finite; the signal's
 *         reason when aborted
 */
export async function bitFlipAttack(
  victim: GraphVictim,
  { test, stopAccuracy, maxFlips, maxSeconds, known = [], signal, onProgress, ...search }: AttackOptions = {},
): Promise<AttackResult> {
  if (stopAccuracy === undefined && maxFlips === undefined && maxSeconds === undefined)
    throw new RangeError("bitFlipAttack: no limit; give stopAccuracy with a test set, maxFlips or maxSeconds.");
  if (stopAccuracy !== undefined && !test)
    throw new RangeError("bitFlipAttack: stopAccuracy needs a test set to measure the accuracy on.");
  const started = performance.now();
  const accuracy = async () => (test ? accuracyOf(victim, test, signal, onProgress) : Number.NaN);
  const before = { accuracy: await accuracy(), loss: await victim.loss() };
  if (stopAccuracy !== undefined && before.accuracy <= stopAccuracy)
    throw new RangeError(
      `bitFlipAttack: the accuracy is ${before.accuracy} before the first flip, and ${stopAccuracy} is where the attack stops; nothing is left to break.`,
    );
  const steps: AttackStep[] = [];
  let flipped = 0;
  let stopped: Stopped | undefined;
  const limit = (): Stopped | undefined => {
    const last = steps.at(-1);
    if (last && stopAccuracy !== undefined && last.accuracy <= stopAccuracy) return "accuracy";
    if (maxFlips !== undefined && flipped >= maxFlips) return "flips";
    if (maxSeconds !== undefined && performance.now() - started >= 1000 * maxSeconds) return "seconds";
    return undefined;
  };
  for (stopped = limit(); !stopped; stopped = limit()) {
    let step = known[steps.length];
    if (step) victim.set(changesOf(step.flips));
    else {
      const found = await searchStep(victim, {
        ...search,
        ...(signal ? { signal } : {}),
        ...(onProgress ? { onProgress: (event) => void onProgress(event) } : {}),
      });
      if (!found) {
        stopped = "stuck";
        break;
      }
      const count = flipped + found.flips.length;
      step = { ...found, iteration: steps.length + 1, accuracy: await accuracy(), flipped: count };
    }
    flipped = step.flipped;
    steps.push(step);
    await onProgress?.({ kind: "step", step, done: flipped, total: maxFlips ?? null });
  }
  const last = steps.at(-1);
  const after = last ? { accuracy: last.accuracy, loss: last.loss } : before;
  return { before, steps, after, stopped, seconds: (performance.now() - started) / 1000 };
}

const imagesAtOnce = 250;

/** Share of the test set that the network gets right as its integers are now. */
export async function accuracyOf(
  victim: Pick<GraphVictim, "logits">,
  { images, labels }: TestSet,
  signal?: AbortSignal,
  onProgress?: AttackOptions["onProgress"],
): Promise<number> {
  const each = images.data.length / labels.length;
  let right = 0;
  for (let row = 0; row < labels.length; row += imagesAtOnce) {
    signal?.throwIfAborted();
    const rows = Math.min(imagesAtOnce, labels.length - row);
    const data = images.data.slice(row * each, (row + rows) * each);
    const logits = await victim.logits({ dtype: "float32", shape: [rows, ...images.shape.slice(1)], data });
    const answers = largestOfRows(logits, logits.length / rows);
    for (let i = 0; i < rows; i++) if (answers[i] === labels[row + i]) right++;
    void onProgress?.({ kind: "test", done: row + rows, total: labels.length });
  }
  return right / labels.length;
}
