// Which examples make the next batch: shuffled by a seed, epoch after epoch, stoppable and resumable at every batch.
import { elementCount, type NdArray } from "./nd-array.ts";
import { Random, type RandomState } from "./random.ts";

export interface BatchOptions {
  /** Number of examples, at least 1. */
  readonly count: number;
  /** Examples in a batch, at least 1. */
  readonly batchSize: number;
  /** Decides the order; needed even when nothing is shuffled, so that a run always says its seed. */
  readonly seed: number;
  /** A new order every epoch (default), or always 0 … count − 1. */
  readonly shuffle?: boolean;
  /**
   * What becomes of the examples that do not fill the last batch of an epoch: a smaller batch ("keep", default), none
   * ("drop"), or one filled up with the first examples of the epoch ("pad"), for graphs of one fixed batch size.
   */
  readonly last?: "keep" | "drop" | "pad";
}

export interface Batch {
  /** Positions of the examples, [batchSize] or fewer (see `last`). */
  readonly indices: Uint32Array;
  /** How many of the indices count; less than their number in a padded batch only, the padding at the end. */
  readonly valid: number;
  /** From 0. */
  readonly epoch: number;
  /** Number of the batch within its epoch, from 0. */
  readonly index: number;
}

/** Where a stream of batches stands: plain JSON for a checkpoint. Holds the settings, so that a resume can check them. */
export interface BatchState {
  readonly options: Required<Omit<BatchOptions, "seed">>;
  /** The generator as it was before the order of this epoch was drawn. */
  readonly random: RandomState;
  readonly epoch: number;
  /** The next batch's number within its epoch. */
  readonly index: number;
}

/** An endless stream of batches over `count` examples; every epoch each example comes once (save for drop and pad). */
export class Batches {
  /** Batches in an epoch. */
  readonly perEpoch: number;
  readonly #options: BatchState["options"];
  #random: Random;
  #epochStart: RandomState;
  #order: Uint32Array;
  #epoch: number;
  #index: number;

  /** @throws RangeError if count or batchSize is not a positive integer, or dropping leaves no batch */
  constructor(options: BatchOptions) {
    const { count, batchSize, shuffle = true, last = "keep" } = options;
    for (const [name, value] of Object.entries({ count, batchSize }))
      if (!Number.isInteger(value) || value < 1)
        throw new RangeError(`batches: ${name} is ${value}; expected 1 or more`);
    if (last === "drop" && count < batchSize)
      throw new RangeError(
        `batches: ${count} examples do not fill one batch of ${batchSize}, and last: "drop" leaves nothing. Take a smaller batch, or last: "keep".`,
      );
    this.#options = { count, batchSize, shuffle, last };
    this.perEpoch = last === "drop" ? Math.floor(count / batchSize) : Math.ceil(count / batchSize);
    this.#random = new Random(options.seed);
    this.#epochStart = this.#random.state;
    this.#order = this.#draw();
    this.#epoch = 0;
    this.#index = 0;
  }

  /** A stream that goes on where the state was taken. @throws RangeError if the options are not the state's, naming both */
  static resume(options: BatchOptions, state: BatchState): Batches {
    const batches = new Batches(options);
    for (const name of ["count", "batchSize", "shuffle", "last"] as const)
      if (batches.#options[name] !== state.options[name])
        throw new RangeError(
          `batches: the checkpoint was made with ${name} ${state.options[name]}, this run has ${batches.#options[name]}. Resume with the same data and settings, or start anew.`,
        );
    if (!(state.index >= 0 && state.index <= batches.perEpoch && state.epoch >= 0))
      throw new RangeError(
        `batches: the checkpoint stands at epoch ${state.epoch}, batch ${state.index}; it is damaged`,
      );
    batches.#random = new Random(state.random);
    batches.#epochStart = state.random;
    batches.#order = batches.#draw();
    batches.#epoch = state.epoch;
    batches.#index = state.index;
    return batches;
  }

  /** The state before the next batch. */
  get state(): BatchState {
    return { options: this.#options, random: this.#epochStart, epoch: this.#epoch, index: this.#index };
  }

  next(): Batch {
    if (this.#index === this.perEpoch) {
      this.#epochStart = this.#random.state;
      this.#order = this.#draw();
      this.#epoch++;
      this.#index = 0;
    }
    const { batchSize, count, last } = this.#options;
    const start = this.#index * batchSize;
    const valid = Math.min(batchSize, count - start);
    let indices = this.#order.slice(start, start + valid);
    if (last === "pad" && valid < batchSize)
      indices = Uint32Array.from({ length: batchSize }, (_, i) => this.#order[(start + i) % count]!);
    return { indices, valid, epoch: this.#epoch, index: this.#index++ };
  }

  #draw(): Uint32Array {
    const { count, shuffle } = this.#options;
    return shuffle ? this.#random.permutation(count) : Uint32Array.from({ length: count }, (_, i) => i);
  }
}

/**
 * Some examples of an array as a new one: [N, …] and indices [B] → [B, …].
 *
 * @throws RangeError for an index outside 0 … N − 1
 */
export function takeRows<A extends NdArray>(array: A, indices: ArrayLike<number>): A {
  const [rows = 0, ...rest] = array.shape;
  const size = elementCount(rest);
  const source = array.data as Float32Array; // any kind of typed array: only `set` and `subarray` of one kind are used
  const data = new (source.constructor as Float32ArrayConstructor)(indices.length * size);
  for (let i = 0; i < indices.length; i++) {
    const row = indices[i]!;
    if (!(Number.isInteger(row) && row >= 0 && row < rows))
      throw new RangeError(`takeRows: there is no row ${row} in an array of ${rows} rows`);
    data.set(source.subarray(row * size, (row + 1) * size), i * size);
  }
  return { ...array, shape: [indices.length, ...rest], data };
}

/** The rows from `start` to before `end`, [N, …] → [end − start, …], sharing the memory. Bounds as in Array.slice. */
export function sliceRows<A extends NdArray>(array: A, start: number, end?: number): A {
  const [rows = 0, ...rest] = array.shape;
  const size = elementCount(rest);
  const clamp = (i: number) => Math.min(rows, Math.max(0, i < 0 ? rows + i : i));
  const [from, to] = [clamp(start), Math.max(clamp(start), clamp(end ?? rows))];
  return { ...array, shape: [to - from, ...rest], data: array.data.subarray(from * size, to * size) };
}
