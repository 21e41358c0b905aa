// Adding one node: what the families of builders share.
import type { Value } from "../../ir/graph.ts";

export type Operand = Value | number;

export const first = (values: readonly Value[]): Value => values[0]!;

/** A node of two operands; a number becomes a scalar constant of the other's dtype. */
export function binary(op: string, a: Operand, b: Operand): Value {
  const like = typeof a === "number" ? b : a;
  if (typeof like === "number") throw new TypeError(`${op}: one operand must be a value of a graph`);
  const value = (x: Operand) => (typeof x === "number" ? like.graph.constant(x, like.dtype) : x);
  return first(like.graph.add(op, [value(a), value(b)]));
}
export const unary = (op: string, x: Value): Value => first(x.graph.add(op, [x]));
