// Elementwise, with NumPy broadcasting.
import type { Value } from "../../ir/graph.ts";
import type { DType } from "../../ir/type.ts";
import { binary, first, type Operand, unary } from "./node.ts";

export const add = (a: Operand, b: Operand): Value => binary("Add", a, b);
export const sub = (a: Operand, b: Operand): Value => binary("Sub", a, b);
export const mul = (a: Operand, b: Operand): Value => binary("Mul", a, b);
export const div = (a: Operand, b: Operand): Value => binary("Div", a, b);
/** aᵇ, elementwise. */
export const pow = (a: Operand, b: Operand): Value => binary("Pow", a, b);
export const min = (a: Operand, b: Operand): Value => binary("Min", a, b);
export const max = (a: Operand, b: Operand): Value => binary("Max", a, b);
/** a > b, as bool. */
export const greater = (a: Operand, b: Operand): Value => binary("Greater", a, b);
/** a < b, as bool. */
export const less = (a: Operand, b: Operand): Value => binary("Less", a, b);
/** a = b, as bool. */
export const equal = (a: Operand, b: Operand): Value => binary("Equal", a, b);
export const and = (a: Value, b: Value): Value => binary("And", a, b);
export const or = (a: Value, b: Value): Value => binary("Or", a, b);
export const not = (x: Value): Value => unary("Not", x);
export const neg = (x: Value): Value => unary("Neg", x);
export const abs = (x: Value): Value => unary("Abs", x);
/** −1, 0 or 1. */
export const sign = (x: Value): Value => unary("Sign", x);
export const exp = (x: Value): Value => unary("Exp", x);
/** Natural logarithm. */
export const log = (x: Value): Value => unary("Log", x);
export const sqrt = (x: Value): Value => unary("Sqrt", x);
export const reciprocal = (x: Value): Value => unary("Reciprocal", x);
export const relu = (x: Value): Value => unary("Relu", x);
export const sigmoid = (x: Value): Value => unary("Sigmoid", x);
export const tanh = (x: Value): Value => unary("Tanh", x);
/** The error function. */
export const erf = (x: Value): Value => unary("Erf", x);
/** log(1 + eˣ). */
export const softplus = (x: Value): Value => unary("Softplus", x);
/** x where x > 0, α·x elsewhere. */
export const leakyRelu = (x: Value, { alpha = 0.01 } = {}): Value => first(x.graph.add("LeakyRelu", [x], { alpha }));
/** x limited to [min, max]. */
export const clip = (x: Value, limits: { readonly min?: number; readonly max?: number }): Value =>
  first(x.graph.add("Clip", [x], limits));
/** a where the condition holds, b elsewhere. */
export function where(condition: Value, a: Operand, b: Operand): Value {
  const like = typeof a === "number" ? b : a;
  if (typeof like === "number") throw new TypeError("Where: one branch must be a value of a graph");
  const value = (x: Operand) => (typeof x === "number" ? like.graph.constant(x, like.dtype) : x);
  return first(condition.graph.add("Where", [condition, value(a), value(b)]));
}
/** The same numbers in another dtype; no node when it is that already. */
export const cast = (x: Value, to: DType): Value => (x.dtype === to ? x : first(x.graph.add("Cast", [x], { to })));
/** The value, cut off from the gradient. */
export const stopGradient = (x: Value): Value => unary("StopGradient", x);
