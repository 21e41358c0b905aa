// A candidate of one layer: which weights change, and by how much.
import type { Value } from "@reprise/engine";

/** New weights of one layer at some places. */
export interface LayerChange {
  readonly layer: number;
  readonly places: readonly { readonly index: number; readonly weight: number }[];
}

/** A layer's candidate, by how much its weights differ. */
export interface Candidate {
  readonly layer: number;
  readonly places: readonly { readonly index: number; readonly difference: number }[];
  /** What each output channel's weights are multiplied by, [K, 1, …]. */
  readonly scale?: Value;
}

export function candidateOf({ layer, places }: LayerChange, weights: Float32Array): Candidate {
  return { layer, places: places.map(({ index, weight }) => ({ index, difference: weight - weights[index]! })) };
}

/** The output channel of a convolution that all changes belong to, where there is one. */
export function singleChannel({ places }: Candidate, { shape }: Value): number | undefined {
  const each = shape.slice(1).reduce((a, b) => a * b, 1);
  const channel = Math.floor(places[0]!.index / each);
  return places.every(({ index }) => Math.floor(index / each) === channel) ? channel : undefined;
}

/** The changes of one output channel as planes of its kernel, by the input channel within its group. */
export function planesOf({ places }: Candidate, { shape }: Value): ReadonlyMap<number, Float32Array> {
  const [, C, ...kernel] = shape as [number, number, ...number[]];
  const space = kernel.reduce((a, b) => a * b, 1);
  const planes = new Map<number, Float32Array>();
  for (const { index, difference } of places) {
    const c = Math.floor(index / space) % C;
    const plane = planes.get(c) ?? new Float32Array(space);
    plane[index % space] = difference;
    planes.set(c, plane);
  }
  return planes;
}
