// What the search sees of a network: layers of numbers in memory, and the loss on one sample as they change.
import type { Bits } from "./bits.ts";
import type { FloatFormat } from "./floats.ts";

/** A layer's weights in memory. */
export interface VictimLayer {
  /** The weight's name in the model without its ending, e.g. "layer1.0.conv2". */
  readonly name: string;
  /** Of the weight, e.g. [out, in, kh, kw]. */
  readonly shape: readonly number[];
  readonly bits: Bits;
  /** False for unsigned integers (uint8 with a zero point). */
  readonly signed: boolean;
  /** As they are now, row-major; only `Victim.set` changes them. */
  readonly values: Int8Array | Uint8Array | Int32Array | Uint16Array | Uint32Array;
  /** Of floats, whose bits `values` are. */
  readonly format?: FloatFormat;
}

/** One weight and the integer, or the bits of a float, that it is given. */
export interface WeightChange {
  /** Place of the layer in `Victim.layers`. */
  readonly layer: number;
  /** Place in the layer's row-major values. */
  readonly index: number;
  readonly value: number;
}

/** A network whose integers can be changed, and its loss L on a fixed sample with fixed targets. */
export interface Victim {
  readonly layers: readonly VictimLayer[];
  /** L, and for each layer dL/dW_q, the gradient in its integers, row-major. */
  lossAndGradients(
    signal?: AbortSignal,
  ): Promise<{ readonly loss: number; readonly gradients: readonly Float32Array[] }>;
  /**
   * L with each of the candidates made alone; the network stays as it is.
   *
   * @param candidates  each some changes of one layer
   */
  losses(candidates: readonly (readonly WeightChange[])[], signal?: AbortSignal): Promise<readonly number[]>;
  /** Changes the network's integers. */
  set(changes: readonly WeightChange[]): void;
  release(): Promise<void>;
}
