// The rows of a value while candidates go through the graph.
import type { Value } from "@reprise/engine";

/** Rows of some blocks, one after the other: block 0 is the clean network, block i + 1 the candidate of layer i. */
export interface Dense {
  readonly blocks: readonly number[];
  readonly value: Value;
}

/** A block that is the clean network's but for one channel (axis 1). */
export interface OneChannel {
  readonly block: number;
  readonly channel: number;
  /** That channel, [N, 1, …]. */
  readonly value: Value;
}

/** A block whose result is the clean one and this. */
export interface Added {
  readonly block: number;
  readonly more: Value;
}

/** Dense rows are kept in pieces between the operators that do the work, so that ONNX Runtime can fuse what follows. */
export interface Rows {
  readonly dense: readonly Dense[];
  readonly channels: readonly OneChannel[];
}

/** A value that has no rows: as it is, and as it would be with the changed weights of a layer. */
export interface Still {
  readonly clean: Value;
  readonly changed: ReadonlyMap<number, Value>;
}
