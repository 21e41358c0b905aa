import { type Classifier, imageSize, type ScoreDifferentiable } from "@reprise/nn";
import type { Found } from "./attack.ts";
import { type Answer, type Ask, type ModelAsk, NonFiniteError, partOf, type Search } from "./search.ts";

export interface Started {
  readonly row: number;
  readonly search: Search<Found>;
}

/** What a row came to: what was found, or why the model stopped it; and images seen by the model for it. */
export interface Ended {
  readonly row: number;
  readonly found: Found | NonFiniteError;
  /** Without and with a gradient. */
  readonly forward: number;
  readonly backward: number;
}

export interface RunSearchesOptions {
  /** Most images in one call of the model. */
  readonly batch: number;
  /** Calls under way at once. */
  readonly callsInFlight: number;
  readonly signal?: AbortSignal | undefined;
  readonly onEnd: (ended: Ended) => void;
}

/** A search under way, and its question: a row's, or one of several that a row's waits for. */
interface Live {
  readonly search: Search<unknown>;
  readonly row: Row;
  /** The search that waits for this one, and this one's place among its kind. */
  readonly parent: Waiting | undefined;
  readonly place: number;
  ask: ModelAsk;
  /** Images of the question that have been sent to the model, and that have been answered. */
  sent: number;
  answered: number;
  /** Of a question that does not fit into one call. */
  answer: Answer | undefined;
}

/** Images that the model has seen for a row. */
interface Row {
  readonly row: number;
  forward: number;
  backward: number;
}

/** A search that waits for others. */
interface Waiting {
  readonly live: Live;
  readonly results: unknown[];
  left: number;
}

/** Images `from` … `from + count` of a row's question, as a part of one call. */
interface Part {
  readonly live: Live;
  readonly from: number;
  readonly count: number;
}

type Model = Classifier & Partial<ScoreDifferentiable>;
type Want = ModelAsk["want"];

/**
 * Runs searches to their end, putting into each call of the model whichever of them wait. Searches are taken from the
 * iterator only as room appears, so their memory is bounded by the batch, not by the number of images.
 *
 * @throws the signal's reason when aborted; whatever the model throws
 */
export async function runSearches(
  model: Model,
  searches: Iterator<Started>,
  { batch, callsInFlight, signal, onEnd }: RunSearchesOptions,
): Promise<void> {
  // Some searches wait for logits only; a third more than the calls hold keeps the gradient calls full meanwhile.
  const capacity = Math.ceil((4 / 3) * batch * callsInFlight);
  const waiting: Readonly<Record<Want, Live[]>> = { loss: [], scores: [], logits: [] };
  let live = 0;
  let exhausted = false;

  const begin = (search: Search<unknown>, row: Row, parent?: Waiting, place = 0): void => {
    live++;
    const ask = undefined as never; // until it has asked
    advance({ search, row, parent, place, ask, sent: 0, answered: 0, answer: undefined }, undefined);
  };
  const advance = (one: Live, answer: Answer | undefined): void => {
    let next: IteratorResult<Ask, unknown>;
    try {
      // A generator that has not begun has no place for an answer.
      next = one.search.next(answer as Answer);
    } catch (error) {
      if (!(error instanceof NonFiniteError)) throw error;
      live--;
      stopped(one, error);
      return;
    }
    if (next.done) {
      live--;
      ended(one, next.value);
    } else if (next.value.want === "together") {
      const { searches } = next.value;
      live--;
      const parent: Waiting = { live: one, results: new Array(searches.length), left: searches.length };
      for (const [i, search] of searches.entries()) begin(search, one.row, parent, i);
    } else {
      one.ask = next.value;
      one.sent = 0;
      one.answered = 0;
      one.answer = undefined;
      waiting[one.ask.want].push(one);
    }
  };
  const ended = ({ row, parent, place }: Live, result: unknown): void => {
    if (!parent) {
      onEnd({ ...row, found: result as Found });
      return;
    }
    parent.results[place] = result;
    if (--parent.left > 0) return;
    live++;
    advance(parent.live, { logits: nothing, gradient: nothing, loss: nothing, results: parent.results });
  };
  const stopped = ({ row, parent }: Live, error: NonFiniteError): void => {
    if (parent) throw new Error("a search that others wait for must say by itself that its numbers are not finite");
    onEnd({ ...row, found: error });
  };
  const refill = (): void => {
    while (!exhausted && live < capacity) {
      const next = searches.next();
      if (next.done) exhausted = true;
      else begin(next.value.search, { row: next.value.row, forward: 0, backward: 0 });
    }
  };
  const take = (): Part[] => {
    refill();
    const { loss, scores, logits } = waiting;
    const gradients = loss.length >= scores.length ? loss : scores;
    const queue = gradients.length === 0 || 4 * logits.length >= live ? logits : gradients;
    const parts: Part[] = [];
    for (let room = batch; room > 0 && queue.length > 0; ) {
      const first = queue[0]!;
      const count = Math.min(room, first.ask.count - first.sent);
      parts.push({ live: first, from: first.sent, count });
      first.sent += count;
      room -= count;
      if (first.sent === first.ask.count) queue.shift();
    }
    return parts;
  };

  const running = new Set<Promise<unknown>>();
  const lane = async (): Promise<void> => {
    const calls = new ModelCalls(model, batch);
    for (;;) {
      signal?.throwIfAborted();
      const parts = take();
      if (parts.length === 0) {
        if (running.size === 0) return;
        await Promise.race(running);
        continue;
      }
      const call = calls.run(parts);
      running.add(call);
      let answer: Answer;
      try {
        answer = await call;
      } finally {
        running.delete(call);
      }
      const total = parts.reduce((sum, { count }) => sum + count, 0);
      let at = 0;
      for (const part of parts) {
        const whole = answered(part, partOf(answer, at, part.count, total));
        at += part.count;
        if (whole) advance(part.live, whole);
      }
    }
  };
  await Promise.all(Array.from({ length: callsInFlight }, lane));
}

/** Counts a part's images as seen; the whole answer where it is there. */
function answered({ live, from, count }: Part, part: Answer): Answer | undefined {
  const { ask } = live;
  if (ask.want === "logits") live.row.forward += count;
  else live.row.backward += count;
  live.answered += count;
  if (count === ask.count) return part;
  live.answer ??= {
    logits: new Float32Array((part.logits.length / count) * ask.count),
    gradient: new Float32Array((part.gradient.length / count) * ask.count),
    loss: new Float64Array((part.loss.length / count) * ask.count),
  };
  live.answer.logits.set(part.logits, from * (part.logits.length / count));
  live.answer.gradient.set(part.gradient, from * (part.gradient.length / count));
  live.answer.loss.set(part.loss, from * (part.loss.length / count));
  return live.answered === ask.count ? live.answer : undefined;
}

const nothing = new Float32Array(0);

/** Copies the questions' images into one batch and asks the model. */
class ModelCalls {
  readonly #model: Model;
  readonly #n: number;
  readonly #images: Float32Array;
  readonly #labels: Int32Array;

  constructor(model: Model, batch: number) {
    this.#model = model;
    this.#n = imageSize(model);
    this.#images = new Float32Array(batch * this.#n);
    this.#labels = new Int32Array(batch);
  }

  /** @param parts  of questions of one kind */
  async run(parts: readonly Part[]): Promise<Answer> {
    const n = this.#n;
    let count = 0;
    for (const { live, from, count: some } of parts) {
      this.#images.set(live.ask.images.subarray(from * n, (from + some) * n), count * n);
      count += some;
    }
    const images = this.#images.subarray(0, count * n);
    const { want } = parts[0]!.live.ask;
    const answer =
      want === "logits"
        ? { logits: await this.#model.logits(images, count), gradient: nothing, loss: nothing }
        : want === "loss"
          ? await this.#losses(images, parts, count)
          : await this.#scores(images, parts, count);
    expectLength("logits", answer.logits.length, count * this.#model.classes);
    if (want !== "logits") expectLength("gradient values", answer.gradient.length, count * n);
    if (want === "loss") expectLength("losses", answer.loss.length, count);
    return answer;
  }

  #losses(images: Float32Array, parts: readonly Part[], count: number): Promise<Answer> {
    if (!this.#model.lossAndGradient) throw withoutGradients;
    let at = 0;
    for (const { live, from, count: some } of parts) {
      this.#labels.set((live.ask as Extract<ModelAsk, { want: "loss" }>).labels.subarray(from, from + some), at);
      at += some;
    }
    return this.#model.lossAndGradient(images, this.#labels.subarray(0, count), count);
  }

  async #scores(images: Float32Array, parts: readonly Part[], count: number): Promise<Answer> {
    if (!this.#model.scoreGradient) throw withoutGradients;
    const k = this.#model.classes;
    const weights = new Float32Array(count * k);
    let at = 0;
    for (const { live, from, count: some } of parts) {
      const own = (live.ask as Extract<ModelAsk, { want: "scores" }>).weights;
      weights.set(own.subarray(from * k, (from + some) * k), at * k);
      at += some;
    }
    return { ...(await this.#model.scoreGradient(images, weights, count)), loss: nothing };
  }
}

const withoutGradients = new TypeError(
  "the classifier gives no gradients of its scores, and the attack asks for them.",
);

function expectLength(what: string, actual: number, expected: number): void {
  if (actual !== expected)
    throw new RangeError(`the classifier returned ${actual} ${what}, expected ${expected}. Check its adapter.`);
}
