// What runs a model: one interface for Node and browsers, native CPU, WASM and WebGPU, in this thread or another.

import type { Tensor, Type } from "../ir/type.ts";
import type { Target } from "../lower/lower.ts";

/** An array that lives where the model runs; runs read and write it without a trip to the host. */
export interface Resident extends Type {
  /** A copy on the host. */
  read(): Promise<Tensor>;
  /** Replaces the contents. */
  write(data: Tensor): Promise<void>;
  release(): void;
}

export interface RunOptions {
  /** Outputs to return to the host; all that are not kept when absent. */
  readonly fetch?: readonly string[];
  /** Outputs to write into residents, by output name. A resident must not be fed and written in one run. */
  readonly into?: Readonly<Record<string, Resident>>;
}

export interface Session {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /**
   * Runs the model once.
   *
   * @throws Error naming the input when one is missing, unknown, or of another type than the model's
   */
  run(feeds: Readonly<Record<string, Tensor | Resident>>, options?: RunOptions): Promise<Record<string, Tensor>>;
  release(): Promise<void>;
}

export interface SessionOptions {
  /** "train" keeps graph rewriting light; "infer" folds, fuses and prepacks constant weights. */
  readonly purpose?: "train" | "infer";
}

export interface Runtime {
  /** What graphs must be lowered to. */
  readonly target: Target;
  /** Channels in a block of the layout that its convolutions like best (see lower/blocked.ts); 1 where there is none. */
  channelBlock(): Promise<number>;
  load(model: Uint8Array, options?: SessionOptions): Promise<Session>;
  /** Room for an array; zeros until written. */
  allocate(type: Type): Promise<Resident>;
  release(): Promise<void>;
}
