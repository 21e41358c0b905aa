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
  /** Of an attack with a target: share of the images that it is after which get the target, and accuracy of the others. */
  readonly success?: number;
  readonly othersAccuracy?: number;
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
  /** Of an attack with a target: the class that images are to get, and the class whose images (all but the target's). */
  readonly aim?: Aim;
  /** Ends once so large a share of the aim's images gets the target. */
  readonly stopSuccess?: number;
  /** Ends once so many bits are flipped. */
  readonly maxFlips?: number;
  readonly maxSeconds?: number;
  /** Steps of an earlier run with the same network and sample: made again without searching. */
  readonly known?: readonly AttackStep[];
  /** Hears of every step before the next begins; a promise is waited for. */
  readonly onProgress?: (event: AttackProgress) => void | Promise<void>;
}

/** What an attack with a target is after. */
export interface Aim {
  readonly target: number;
  /** All classes but the target where left out. */
  readonly source?: number;
}

/** What the test set says of a network. */
export interface Measured {
  readonly accuracy: number;
  readonly success?: number;
  readonly othersAccuracy?: number;
}

/** Why an attack ended: "accuracy", "success", "flips" and "seconds" are the limits; "stuck": no flip moves the loss any more. */
export type Stopped = "accuracy" | "success" | "flips" | "seconds" | "stuck";

export interface AttackResult {
  readonly before: Measured & { readonly loss: number };
  readonly steps: readonly AttackStep[];
  readonly after: Measured & { readonly loss: number };
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
  {
    test,
    stopAccuracy,
    aim,
    stopSuccess,
    maxFlips,
    maxSeconds,
    known = [],
    signal,
    onProgress,
    ...search
  }: AttackOptions = {},
): Promise<AttackResult> {
  if ([stopAccuracy, stopSuccess, maxFlips, maxSeconds].every((limit) => limit === undefined))
    throw new RangeError("bitFlipAttack: no limit; give stopAccuracy with a test set, maxFlips or maxSeconds.");
  if (stopAccuracy !== undefined && !test)
    throw new RangeError("bitFlipAttack: stopAccuracy needs a test set to measure the accuracy on.");
  if (stopSuccess !== undefined && !(test && aim))
    throw new RangeError("bitFlipAttack: stopSuccess needs a test set and an aim to measure the success of.");
  const started = performance.now();
  const measure = async (): Promise<Measured> =>
    test ? measured(await answersOf(victim, test, signal, onProgress), test, aim) : { accuracy: Number.NaN };
  const before = { ...(await measure()), loss: await victim.loss(signal) };
  if (stopAccuracy !== undefined && before.accuracy <= stopAccuracy)
    throw new RangeError(
      `bitFlipAttack: the accuracy is ${before.accuracy} before the first flip, and ${stopAccuracy} is where the attack stops; nothing is left to break.`,
    );
  if (before.success !== undefined && stopSuccess !== undefined && before.success >= stopSuccess)
    throw new RangeError(
      `bitFlipAttack: a share of ${before.success} gets the target before the first flip, and ${stopSuccess} is where the attack stops.`,
    );
  const steps: AttackStep[] = [];
  let flipped = 0;
  let stopped: Stopped | undefined;
  const limit = (): Stopped | undefined => {
    const last = steps.at(-1);
    if (last && stopAccuracy !== undefined && last.accuracy <= stopAccuracy) return "accuracy";
    if (last?.success !== undefined && stopSuccess !== undefined && last.success >= stopSuccess) return "success";
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
        ...(onProgress ? { onProgress } : {}),
      });
      if (!found) {
        stopped = "stuck";
        break;
      }
      const count = flipped + found.flips.length;
      step = { ...found, iteration: steps.length + 1, ...(await measure()), flipped: count };
    }
    flipped = step.flipped;
    steps.push(step);
    await onProgress?.({ kind: "step", step, done: flipped, total: maxFlips ?? null });
  }
  const last = steps.at(-1);
  const after = last ? afterOf(last) : before;
  return { before, steps, after, stopped, seconds: (performance.now() - started) / 1000 };
}

const imagesAtOnce = 250;

/** The classes that the network gives to the test set as its integers are now. */
export async function answersOf(
  victim: Pick<GraphVictim, "logits">,
  { images, labels }: TestSet,
  signal?: AbortSignal,
  onProgress?: AttackOptions["onProgress"],
): Promise<Int32Array> {
  const each = images.data.length / labels.length;
  const answers = new Int32Array(labels.length);
  for (let row = 0; row < labels.length; row += imagesAtOnce) {
    signal?.throwIfAborted();
    const rows = Math.min(imagesAtOnce, labels.length - row);
    const data = images.data.slice(row * each, (row + rows) * each);
    const logits = await victim.logits({ dtype: "float32", shape: [rows, ...images.shape.slice(1)], data });
    answers.set(largestOfRows(logits, logits.length / rows), row);
    await onProgress?.({ kind: "test", done: row + rows, total: labels.length });
  }
  return answers;
}

/** Accuracy of answers; with an aim also how many of its images get the target, and the accuracy of the others. */
export function measured(answers: Int32Array, { labels }: TestSet, aim?: Aim): Measured {
  const shareOf = (rows: readonly number[], right: (row: number) => boolean) => rows.filter(right).length / rows.length;
  const all = Array.from(labels, (_, row) => row);
  const isRight = (row: number) => answers[row] === labels[row];
  const accuracy = shareOf(all, isRight);
  if (!aim) return { accuracy };
  const { target, source } = aim;
  const isAimed = (row: number) => labels[row] === source || (source === undefined && labels[row] !== target);
  return {
    accuracy,
    success: shareOf(all.filter(isAimed), (row) => answers[row] === target),
    othersAccuracy: shareOf(
      all.filter((row) => !isAimed(row)),
      isRight,
    ),
  };
}

/** Share of the test set that the network gets right as its integers are now. */
export async function accuracyOf(
  victim: Pick<GraphVictim, "logits">,
  test: TestSet,
  signal?: AbortSignal,
  onProgress?: AttackOptions["onProgress"],
): Promise<number> {
  return measured(await answersOf(victim, test, signal, onProgress), test).accuracy;
}

function afterOf({ accuracy, success, othersAccuracy, loss }: AttackStep): AttackResult["after"] {
  return success === undefined || othersAccuracy === undefined
    ? { accuracy, loss }
    : { accuracy, success, othersAccuracy, loss };
}
