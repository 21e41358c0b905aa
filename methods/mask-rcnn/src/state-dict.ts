// Arrays of a network by name.
import type { Tensor, Value } from "@reprise/engine";

/** A state_dict of torchvision's layout. */
export type StateDict = Readonly<Record<string, Tensor>>;

/** Arrays by name within a graph. */
export type Arrays = (name: string) => Value;
