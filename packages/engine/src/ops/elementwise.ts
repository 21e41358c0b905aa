// Operators that work element by element. Binary ones broadcast as NumPy does; grad.ts sums over what was broadcast.
import type { Value } from "../ir/graph.ts";
import { broadcast, dtypes, formatType, isFloat, ShapeError, sameShape, type Type } from "../ir/type.ts";
import {
  add,
  cast,
  div,
  equal,
  exp,
  greater,
  type Limits,
  log,
  mul,
  neg,
  pow,
  sigmoid,
  sign,
  stopGradient,
  sub,
  where,
  within,
} from "./build.ts";
import { defaults } from "./defaults.ts";
import { floating, numeric } from "./dtype.ts";
import { op } from "./op.ts";

type Inputs = readonly [Type, ...Type[]];

const same = ([x]: Inputs): Type => x;

function binary([a, b]: readonly [Type, Type, ...Type[]]): Type {
  if (a.dtype !== b.dtype) {
    throw new ShapeError(`inputs are ${formatType(a)} and ${formatType(b)}; their dtypes must be equal: cast one`);
  }
  return { dtype: a.dtype, shape: broadcast(a.shape, b.shape) };
}

const compared = (x: readonly [Type, Type, ...Type[]]): Type => ({ dtype: "bool", shape: binary(x).shape });

function logical([a, b]: readonly [Type, Type, ...Type[]]): Type {
  if (a.dtype !== "bool" || b.dtype !== "bool") {
    throw new ShapeError(`inputs are ${formatType(a)} and ${formatType(b)}; both must be bool`);
  }
  return { dtype: "bool", shape: broadcast(a.shape, b.shape) };
}

/** y = a + b.  da = dy, db = dy. */
export const Add = op({ inputs: 2, since: 14, infer: binary, grad: ({ dy }) => [dy, dy] });
/** y = a − b.  da = dy, db = −dy. */
export const Sub = op({
  inputs: 2,
  since: 14,
  infer: binary,
  grad: ({ dy, need }) => [dy, need[1] ? neg(dy) : null],
});
/** y = a·b.  da = dy·b, db = dy·a. */
export const Mul = op({
  inputs: 2,
  since: 14,
  infer: binary,
  grad: ({ x: [a, b], dy, need }) => [need[0] ? mul(dy, b) : null, need[1] ? mul(dy, a) : null],
});
/** y = a/b.  da = dy/b, db = −dy·y/b. */
export const Div = op({
  inputs: 2,
  since: 14,
  infer: binary,
  grad: ({ x: [, b], y: [y], dy, need }) => {
    const d = div(dy, b);
    return [d, need[1] ? neg(mul(d, y)) : null];
  },
});
/** y = aᵇ.  da = dy·b·aᵇ⁻¹, 0 where b = 0; db = dy·y·log a, 0 where a = 0 (as PyTorch for b ≥ 0). */
export const Pow = op({
  inputs: 2,
  since: 15,
  infer: binary,
  grad: ({ x: [a, b], y: [y], dy, need }) => [
    need[0] ? mul(dy, exceptZero(b, mul(b, pow(a, sub(b, 1))))) : null,
    need[1] ? mul(dy, where(equal(a, 0), 0, mul(y, log(where(equal(a, 0), 1, a))))) : null,
  ],
});
/** The derivative in the base, which is 0 for an exponent of 0, where 0·0⁻¹ is not. Most exponents are known not to be. */
const exceptZero = (b: Value, derivative: Value): Value => {
  const numbers = b.constant?.data as ArrayLike<number | bigint> | undefined;
  return numbers && Array.from(numbers).every((n) => Number(n) !== 0) ? derivative : where(equal(b, 0), 0, derivative);
};
/**
 * y = the rest of a/b: with the sign of b for integers (fmod 0), with that of a for fmod 1, which floats need.
 * da = dy, db = −dy·q with q = (a − y)/b, a whole number.
 */
export const Mod = op<{ fmod: number }>({
  inputs: 2,
  since: 13,
  defaults: { fmod: 0 },
  infer([a, b], { fmod }) {
    if (isFloat(a.dtype) && !fmod) throw new ShapeError(`inputs are ${formatType(a)}; floats need fmod: 1`);
    return binary([a, b]);
  },
  grad: ({ x: [a, b], y: [y], dy, need }) => [dy, need[1] ? neg(mul(dy, stopGradient(div(sub(a, y), b)))) : null],
});
/** y = min(a, b).  The gradient goes to the smaller one; half to each at a tie, as PyTorch. */
export const Min = op({
  inputs: 2,
  since: 13,
  infer: binary,
  grad: ({ x: [a, b], dy, need }) => [need[0] ? mul(dy, share(b, a)) : null, need[1] ? mul(dy, share(a, b)) : null],
});
/** y = max(a, b).  The gradient goes to the larger one; half to each at a tie, as PyTorch. */
export const Max = op({
  inputs: 2,
  since: 13,
  infer: binary,
  grad: ({ x: [a, b], dy, need }) => [need[0] ? mul(dy, share(a, b)) : null, need[1] ? mul(dy, share(b, a)) : null],
});
/** 1 where a > b, ½ where a = b, 0 elsewhere. */
const share = (a: Parameters<typeof neg>[0], b: Parameters<typeof neg>[0]) =>
  add(cast(greater(a, b), a.dtype), mul(cast(equal(a, b), a.dtype), 0.5));

/** y = a > b, as bool. */
export const Greater = op({ inputs: 2, since: 13, infer: compared, grad: "none" });
/** y = a < b, as bool. */
export const Less = op({ inputs: 2, since: 13, infer: compared, grad: "none" });
/** y = a = b, as bool. */
export const Equal = op({ inputs: 2, since: 13, infer: compared, grad: "none" });
/** y = a ≥ b, as bool. */
export const GreaterOrEqual = op({ inputs: 2, since: 16, infer: compared, grad: "none" });
/** y = a ≤ b, as bool. */
export const LessOrEqual = op({ inputs: 2, since: 16, infer: compared, grad: "none" });
/** y = a and b. */
export const And = op({ inputs: 2, since: 7, infer: logical, grad: "none" });
/** y = a or b. */
export const Or = op({ inputs: 2, since: 7, infer: logical, grad: "none" });
/** y = a or b, not both. */
export const Xor = op({ inputs: 2, since: 7, infer: logical, grad: "none" });
/** y = not x. */
export const Not = op({
  inputs: 1,
  since: 1,
  infer: ([x]) => {
    if (x.dtype !== "bool") throw new ShapeError(`input is ${formatType(x)}; it must be bool`);
    return x;
  },
  grad: "none",
});

const asked = (x: Inputs): Type => ({ dtype: "bool", shape: floating(x).shape });
/** y = whether x is not a number, as bool. */
export const IsNaN = op({ inputs: 1, since: 13, infer: asked, grad: "none" });
/** y = whether x is infinite, as bool. */
export const IsInf = op<{ detect_negative: number; detect_positive: number }>({
  inputs: 1,
  since: 10,
  defaults: { detect_negative: 1, detect_positive: 1 },
  infer: asked,
  grad: "none",
});

/** y = −x.  dx = −dy. */
export const Neg = op({ inputs: 1, since: 13, infer: numeric, grad: ({ dy }) => [neg(dy)] });
/** y = |x|.  dx = dy·sign x, 0 at x = 0, as PyTorch. */
export const Abs = op({ inputs: 1, since: 13, infer: numeric, grad: ({ x: [x], dy }) => [mul(dy, sign(x))] });
/** y = sign x.  Its gradient is zero everywhere. */
export const Sign = op({ inputs: 1, since: 13, infer: numeric, grad: () => [null] });
/** y = the largest integer ≤ x.  Its gradient is zero everywhere. */
export const Floor = op({ inputs: 1, since: 13, infer: floating, grad: () => [null] });
/** y = the smallest integer ≥ x.  Its gradient is zero everywhere. */
export const Ceil = op({ inputs: 1, since: 13, infer: floating, grad: () => [null] });
/** y = the nearest integer, the even one of two.  Its gradient is zero everywhere; see roundStraightThrough. */
export const Round = op({ inputs: 1, since: 11, infer: floating, grad: () => [null] });
/** y = eˣ.  dx = dy·y. */
export const Exp = op({ inputs: 1, since: 13, infer: floating, grad: ({ y: [y], dy }) => [mul(dy, y)] });
/** y = log x.  dx = dy/x. */
export const Log = op({ inputs: 1, since: 13, infer: floating, grad: ({ x: [x], dy }) => [div(dy, x)] });
/** y = √x.  dx = dy/2y. */
export const Sqrt = op({ inputs: 1, since: 13, infer: floating, grad: ({ y: [y], dy }) => [div(dy, mul(y, 2))] });
/** y = 1/x.  dx = −dy·y². */
export const Reciprocal = op({
  inputs: 1,
  since: 13,
  infer: floating,
  grad: ({ y: [y], dy }) => [neg(mul(dy, mul(y, y)))],
});
/** y = max(x, 0).  dx = dy where x > 0; 0 at x = 0, as PyTorch. */
export const Relu = op({
  inputs: 1,
  since: 14,
  infer: numeric,
  grad: ({ y: [y], dy }) => [mul(dy, within(y, { above: 0 }))],
});
/** y = x where x > 0, αx elsewhere.  dx = dy where x > 0, α·dy elsewhere. */
export const LeakyRelu = op<{ alpha: number }>({
  inputs: 1,
  since: 6,
  floats: ["alpha"],
  defaults: defaults.LeakyRelu,
  infer: floating,
  grad: ({ x: [x], dy, attrs: { alpha } }) => [where(greater(x, 0), dy, mul(dy, alpha))],
});
/** y = 1/(1 + e⁻ˣ).  dx = dy·y·(1 − y). */
export const Sigmoid = op({
  inputs: 1,
  since: 13,
  infer: floating,
  grad: ({ y: [y], dy }) => [mul(dy, mul(y, sub(1, y)))],
});
/** y = tanh x.  dx = dy·(1 − y²). */
export const Tanh = op({
  inputs: 1,
  since: 13,
  infer: floating,
  grad: ({ y: [y], dy }) => [mul(dy, sub(1, mul(y, y)))],
});
/** y = erf x.  dx = dy·2/√π·e^(−x²). */
export const Erf = op({
  inputs: 1,
  since: 13,
  infer: floating,
  grad: ({ x: [x], dy }) => [mul(dy, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI)))],
});
/** y = log(1 + eˣ).  dx = dy·σ(x). */
export const Softplus = op({ inputs: 1, since: 1, infer: floating, grad: ({ x: [x], dy }) => [mul(dy, sigmoid(x))] });
/** y = x limited to [min, max].  dx = dy inside and on the limits, as PyTorch; 0 outside. */
export const Clip = op<{ min?: number; max?: number }>({
  inputs: 1,
  since: 13,
  floats: ["min", "max"],
  asInputs: { min: { at: 1, dtype: "like" }, max: { at: 2, dtype: "like" } },
  infer: numeric,
  grad: ({ x: [x], dy, attrs }) => [mul(dy, within(x, attrs))],
});
/**
 * y = 1 where above < x < below and min ≤ x ≤ max, in x's dtype, 0 elsewhere; limits that are left out do not limit.
 * Its gradient is zero everywhere. The derivative of everything with a kink; targets have their own fast forms of it.
 */
export const Within = op<Limits>({ inputs: 1, since: null, infer: floating, grad: () => [null] });
/** y = a where the condition holds, b elsewhere.  da = dy there, db = dy elsewhere. */
export const Where = op({
  inputs: 3,
  since: 16,
  infer: ([condition, a, b]) => {
    if (condition.dtype !== "bool" || a.dtype !== b.dtype) {
      throw new ShapeError(
        `condition is ${formatType(condition)}, branches are ${formatType(a)} and ${formatType(b)}; the condition must be bool and the branches of one dtype`,
      );
    }
    return { dtype: a.dtype, shape: broadcast(condition.shape, a.shape, b.shape) };
  },
  grad: ({ x: [condition], dy, need }) => [
    null,
    need[1] ? where(condition, dy, 0) : null,
    need[2] ? where(condition, 0, dy) : null,
  ],
});
/** The same numbers in another dtype.  dx = dy in x's dtype; none from or to integers. */
export const Cast = op<{ to: Type["dtype"] }>({
  inputs: 1,
  since: 13,
  infer: ([x], { to }) => {
    if (!dtypes.includes(to)) throw new ShapeError(`there is no dtype "${to}"; the dtypes are ${dtypes.join(", ")}`);
    return { dtype: to, shape: x.shape };
  },
  grad: ({ x: [x], dy }) => [isFloat(x.dtype) && isFloat(dy.dtype) ? cast(dy, x.dtype) : null],
});
/** y = x.  dx = dy. */
export const Identity = op({ inputs: 1, since: 16, infer: same, grad: ({ dy }) => [dy] });
/** y = x, without a gradient. Lowered to nothing. */
export const StopGradient = op({ inputs: 1, since: null, infer: same, grad: () => [null] });
/** y = the second input.  The first one gets dy, the second none: the straight-through estimator. Lowered to nothing. */
export const StraightThrough = op({
  inputs: 2,
  since: null,
  infer([x, y]) {
    if (!sameShape(x.shape, y.shape) || x.dtype !== y.dtype) {
      throw new ShapeError(`the gradient goes to ${formatType(x)}, the value is ${formatType(y)}; they must be alike`);
    }
    return y;
  },
  grad: ({ dy }) => [dy, null],
});
