import { type DifferentiableClassifier, imageSize } from "@reprise/nn";
import type { PenaltySearch } from "./penalty-search.ts";

export interface ScheduleOptions {
  /** Most rows in one call of the model. */
  readonly batch: number;
  /** Calls under way at once. */
  readonly callsInFlight: number;
  /** Called after a search has been told its evaluation. */
  readonly onTold: (search: PenaltySearch) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs searches to their end, putting into each call of the model whichever of them wait. Searches are taken from the
 * iterator only as room appears, so their memory is bounded by the batch, not by the number of images.
 *
 * @throws the signal's reason when aborted; whatever the model throws
 */
export async function runSearches(
  classifier: DifferentiableClassifier,
  searches: Iterator<PenaltySearch>,
  { batch, callsInFlight, onTold, signal }: ScheduleOptions,
): Promise<void> {
  // Some searches wait for logits only; a third more than the calls hold keeps the gradient calls full meanwhile.
  const capacity = Math.ceil((4 / 3) * batch * callsInFlight);
  const waiting = { gradient: [] as PenaltySearch[], logits: [] as PenaltySearch[] };
  let live = 0;
  let exhausted = false;

  const queue = (search: PenaltySearch): void => {
    if (search.wants === "nothing") live--;
    else waiting[search.wants].push(search);
  };
  const take = (): { kind: "gradient" | "logits"; rows: PenaltySearch[] } => {
    while (!exhausted && live < capacity) {
      const next = searches.next();
      if (next.done) exhausted = true;
      else {
        live++;
        queue(next.value);
      }
    }
    const { gradient, logits } = waiting;
    const kind = gradient.length === 0 || 4 * logits.length >= live ? "logits" : "gradient";
    return { kind, rows: waiting[kind].splice(0, batch) };
  };

  const running = new Set<Promise<void>>();
  const lane = async (): Promise<void> => {
    const calls = new ModelCalls(classifier, batch);
    for (;;) {
      signal?.throwIfAborted();
      const { kind, rows } = take();
      if (rows.length === 0) {
        if (running.size === 0) return;
        await Promise.race(running);
        continue;
      }
      const call = calls[kind](rows);
      running.add(call);
      try {
        await call;
      } finally {
        running.delete(call);
      }
      for (const search of rows) {
        onTold(search);
        queue(search);
      }
    }
  };
  await Promise.all(Array.from({ length: callsInFlight }, lane));
}

/** Copies searches' points into one batch and hands each its part of the answer. */
class ModelCalls {
  readonly #classifier: DifferentiableClassifier;
  readonly #n: number;
  readonly #images: Float32Array;
  readonly #labels: Int32Array;

  constructor(classifier: DifferentiableClassifier, batch: number) {
    this.#classifier = classifier;
    this.#n = imageSize(classifier);
    this.#images = new Float32Array(batch * this.#n);
    this.#labels = new Int32Array(batch);
  }

  async gradient(rows: readonly PenaltySearch[]): Promise<void> {
    const n = this.#n;
    const { classes } = this.#classifier;
    this.#load(rows);
    const count = rows.length;
    const answer = await this.#classifier.lossAndGradient(
      this.#images.subarray(0, count * n),
      this.#labels.subarray(0, count),
      count,
    );
    const { loss, gradient, logits } = answer;
    expectLength("losses", loss.length, count);
    expectLength("gradient values", gradient.length, count * n);
    expectLength("logits", logits.length, count * classes);
    for (let i = 0; i < count; i++)
      rows[i]!.tellGradient(
        loss[i]!,
        gradient.subarray(i * n, (i + 1) * n),
        logits.subarray(i * classes, (i + 1) * classes),
      );
  }

  async logits(rows: readonly PenaltySearch[]): Promise<void> {
    const { classes } = this.#classifier;
    this.#load(rows);
    const count = rows.length;
    const logits = await this.#classifier.logits(this.#images.subarray(0, count * this.#n), count);
    expectLength("logits", logits.length, count * classes);
    for (let i = 0; i < count; i++) rows[i]!.tellLogits(logits.subarray(i * classes, (i + 1) * classes));
  }

  #load(rows: readonly PenaltySearch[]): void {
    const n = this.#n;
    for (let i = 0; i < rows.length; i++) {
      this.#images.set(rows[i]!.x, i * n);
      this.#labels[i] = rows[i]!.target;
    }
  }
}

function expectLength(what: string, actual: number, expected: number): void {
  if (actual !== expected)
    throw new RangeError(
      `perturb: the classifier returned ${actual} ${what}, expected ${expected}. Check its adapter.`,
    );
}
