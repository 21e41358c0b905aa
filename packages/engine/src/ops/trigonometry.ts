// Circular and hyperbolic functions and their inverses; angles in radians.
import { formatType, isFloat, ShapeError, type Type } from "../ir/type.ts";
import { add, cos, cosh, div, mul, neg, sin, sinh, sqrt, sub } from "./build.ts";
import { op } from "./op.ts";

function floating([x]: readonly [Type, ...Type[]]): Type {
  if (!isFloat(x.dtype)) throw new ShapeError(`input is ${formatType(x)}; it must be float32 or float64: cast it`);
  return x;
}
const common = { inputs: 1, infer: floating };

/** dx = dy·cos x. */
export const Sin = op({ ...common, since: 7, grad: ({ x: [x], dy }) => [mul(dy, cos(x))] });
/** dx = −dy·sin x. */
export const Cos = op({ ...common, since: 7, grad: ({ x: [x], dy }) => [neg(mul(dy, sin(x)))] });
/** dx = dy·(1 + y²). */
export const Tan = op({ ...common, since: 7, grad: ({ y: [y], dy }) => [mul(dy, add(mul(y, y), 1))] });
/** dx = dy/√(1 − x²). */
export const Asin = op({ ...common, since: 7, grad: ({ x: [x], dy }) => [div(dy, sqrt(sub(1, mul(x, x))))] });
/** dx = −dy/√(1 − x²). */
export const Acos = op({ ...common, since: 7, grad: ({ x: [x], dy }) => [neg(div(dy, sqrt(sub(1, mul(x, x)))))] });
/** dx = dy/(1 + x²). */
export const Atan = op({ ...common, since: 7, grad: ({ x: [x], dy }) => [div(dy, add(mul(x, x), 1))] });
/** dx = dy·cosh x. */
export const Sinh = op({ ...common, since: 9, grad: ({ x: [x], dy }) => [mul(dy, cosh(x))] });
/** dx = dy·sinh x. */
export const Cosh = op({ ...common, since: 9, grad: ({ x: [x], dy }) => [mul(dy, sinh(x))] });
/** dx = dy/√(x² + 1). */
export const Asinh = op({ ...common, since: 9, grad: ({ x: [x], dy }) => [div(dy, sqrt(add(mul(x, x), 1)))] });
/** dx = dy/√(x² − 1). */
export const Acosh = op({ ...common, since: 9, grad: ({ x: [x], dy }) => [div(dy, sqrt(sub(mul(x, x), 1)))] });
/** dx = dy/(1 − x²). */
export const Atanh = op({ ...common, since: 9, grad: ({ x: [x], dy }) => [div(dy, sub(1, mul(x, x)))] });
