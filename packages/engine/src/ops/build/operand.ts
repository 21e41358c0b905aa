// Adding one node: what the families of builders share.
import type { Value } from "../../ir/graph.ts";
import { formatType, isFloat, ShapeError } from "../../ir/type.ts";

export type Operand = Value | number;

export const first = (values: readonly Value[]): Value => values[0]!;

/** An operand as a value: a number becomes a scalar constant of the dtype of `like`. @throws ShapeError when it cannot */
export function operand(op: string, x: Operand, like: Value): Value {
  if (typeof x !== "number") return x;
  if (!isFloat(like.dtype) && !Number.isInteger(x)) {
    throw new ShapeError(`${op}: the other operand is ${formatType(like)}, which ${x} does not go with: cast it first`);
  }
  return like.graph.constant(x, like.dtype);
}

/** A node of two operands, one of them a value. */
export function binary(op: string, a: Operand, b: Operand): Value {
  const like = typeof a === "number" ? b : a;
  if (typeof like === "number") throw new TypeError(`${op}: one operand must be a value of a graph`);
  return first(like.graph.add(op, [operand(op, a, like), operand(op, b, like)]));
}
export const unary = (op: string, x: Value): Value => first(x.graph.add(op, [x]));
