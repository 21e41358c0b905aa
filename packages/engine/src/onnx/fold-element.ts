// The elements of constants: int64 as bigint, everything else as number, so that none loses a digit.
import type { Value } from "../ir/graph.ts";
import { allocate, type Shape, sizeOf, type Tensor } from "../ir/type.ts";

export type Element = number | bigint;

/** The constant that a node's output is, from those of its inputs; undefined where only the kernel can tell. */
export type FoldRule = (x: readonly Tensor[], out: Value) => Tensor | undefined;

export const elementsOf = (x: Tensor): Element[] => Array.from(x.data as ArrayLike<Element>);

/** A tensor of a value's type. Typed arrays round to float32 and wrap integers around, as the kernels do. */
export function tensorOf({ dtype, shape }: Value, elements: readonly Element[]): Tensor {
  const data = allocate(dtype, elements.length);
  for (const [i, element] of elements.entries()) (data as Element[] & typeof data)[i] = element;
  return { dtype, shape, data } as Tensor;
}

/** Flat index into a tensor of shape `from`, broadcast to `to`, for each element of `to`. */
export function broadcastIndex(from: Shape, to: Shape): number[] {
  const offset = to.length - from.length;
  return Array.from({ length: sizeOf(to) }, (_, flat) => {
    let rest = flat;
    let index = 0;
    let stride = 1;
    for (let axis = to.length - 1; axis >= 0; axis--) {
      const at = rest % to[axis]!;
      rest = Math.floor(rest / to[axis]!);
      const size = from[axis - offset];
      if (size === undefined) continue;
      if (size !== 1) index += at * stride;
      stride *= size;
    }
    return index;
  });
}
