// Elementwise, with NumPy broadcasting.
import type { Value } from "../../ir/graph.ts";
import type { DType } from "../../ir/type.ts";
import { defaults, type Numbers } from "../defaults.ts";
import { binary, first, type Operand, operand, unary } from "./operand.ts";

export const add = (a: Operand, b: Operand): Value => binary("Add", a, b);
export const sub = (a: Operand, b: Operand): Value => binary("Sub", a, b);
export const mul = (a: Operand, b: Operand): Value => binary("Mul", a, b);
export const div = (a: Operand, b: Operand): Value => binary("Div", a, b);
/** The rest of a/b with the sign of a, as JavaScript's %; integers with the sign of b, as Python's. */
export function mod(a: Value, b: Operand): Value {
  return first(a.graph.add("Mod", [a, operand("Mod", b, a)], { fmod: a.dtype.startsWith("float") ? 1 : 0 }));
}
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
/** a ≥ b, as bool. */
export const greaterOrEqual = (a: Operand, b: Operand): Value => binary("GreaterOrEqual", a, b);
/** a ≤ b, as bool. */
export const lessOrEqual = (a: Operand, b: Operand): Value => binary("LessOrEqual", a, b);
export const and = (a: Value, b: Value): Value => binary("And", a, b);
export const or = (a: Value, b: Value): Value => binary("Or", a, b);
export const xor = (a: Value, b: Value): Value => binary("Xor", a, b);
export const not = (x: Value): Value => unary("Not", x);
export const neg = (x: Value): Value => unary("Neg", x);
export const abs = (x: Value): Value => unary("Abs", x);
/** −1, 0 or 1. */
export const sign = (x: Value): Value => unary("Sign", x);
export const floor = (x: Value): Value => unary("Floor", x);
export const ceil = (x: Value): Value => unary("Ceil", x);
/** The nearest integer, the even one of two; without a gradient. */
export const round = (x: Value): Value => unary("Round", x);
export const isNan = (x: Value): Value => unary("IsNaN", x);
export const isInf = (x: Value): Value => first(x.graph.add("IsInf", [x], { detect_negative: 1, detect_positive: 1 }));
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
export const leakyRelu = (x: Value, options: Numbers<"LeakyRelu"> = {}): Value =>
  first(x.graph.add("LeakyRelu", [x], { ...defaults.LeakyRelu, ...options }));
/** x limited to [min, max]. */
export const clip = (x: Value, limits: { readonly min?: number; readonly max?: number }): Value =>
  first(x.graph.add("Clip", [x], limits));
/** Limits of an interval, open (above, below) or closed (min, max). */
export type Limits = { above?: number; below?: number; min?: number; max?: number };
/** 1 where above < x < below and min ≤ x ≤ max, 0 elsewhere. */
export const within = (x: Value, limits: Limits): Value => first(x.graph.add("Within", [x], limits));
/** a where the condition holds, b elsewhere. */
export function where(condition: Value, a: Operand, b: Operand): Value {
  const like = typeof a === "number" ? b : a;
  if (typeof like === "number") throw new TypeError("Where: one branch must be a value of a graph");
  return first(condition.graph.add("Where", [condition, operand("Where", a, like), operand("Where", b, like)]));
}
/** The same numbers in another dtype; no node when it is that already. */
export const cast = (x: Value, to: DType): Value => (x.dtype === to ? x : first(x.graph.add("Cast", [x], { to })));
/** The value, cut off from the gradient. */
export const stopGradient = (x: Value): Value => unary("StopGradient", x);
/** The value y, whose gradient goes to x instead: the straight-through estimator. */
export const straightThrough = (x: Value, y: Value): Value => first(x.graph.add("StraightThrough", [x, y]));
