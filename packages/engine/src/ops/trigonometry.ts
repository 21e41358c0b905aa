import { add, cos, cosh, div, mul, neg, sin, sinh, sqrt, sub } from "./build.ts";
import { floating } from "./dtype.ts";
import { op } from "./op.ts";

const common = { inputs: 1, infer: floating };

/** y = sin x.  dx = dy·cos x. */
export const Sin = op({ ...common, since: 7, grad: ({ x: [x], dy }) => [mul(dy, cos(x))] });
/** y = cos x.  dx = −dy·sin x. */
export const Cos = op({ ...common, since: 7, grad: ({ x: [x], dy }) => [neg(mul(dy, sin(x)))] });
/** y = tan x.  dx = dy·(1 + y²). */
export const Tan = op({ ...common, since: 7, grad: ({ y: [y], dy }) => [mul(dy, add(mul(y, y), 1))] });
/** y = arcsin x.  dx = dy/√(1 − x²). */
export const Asin = op({ ...common, since: 7, grad: ({ x: [x], dy }) => [div(dy, sqrt(sub(1, mul(x, x))))] });
/** y = arccos x.  dx = −dy/√(1 − x²). */
export const Acos = op({ ...common, since: 7, grad: ({ x: [x], dy }) => [neg(div(dy, sqrt(sub(1, mul(x, x)))))] });
/** y = arctan x.  dx = dy/(1 + x²). */
export const Atan = op({ ...common, since: 7, grad: ({ x: [x], dy }) => [div(dy, add(mul(x, x), 1))] });
/** y = sinh x.  dx = dy·cosh x. */
export const Sinh = op({ ...common, since: 9, grad: ({ x: [x], dy }) => [mul(dy, cosh(x))] });
/** y = cosh x.  dx = dy·sinh x. */
export const Cosh = op({ ...common, since: 9, grad: ({ x: [x], dy }) => [mul(dy, sinh(x))] });
/** y = the inverse of sinh.  dx = dy/√(x² + 1). */
export const Asinh = op({ ...common, since: 9, grad: ({ x: [x], dy }) => [div(dy, sqrt(add(mul(x, x), 1)))] });
/** y = the inverse of cosh.  dx = dy/√(x² − 1). */
export const Acosh = op({ ...common, since: 9, grad: ({ x: [x], dy }) => [div(dy, sqrt(sub(mul(x, x), 1)))] });
/** y = the inverse of tanh.  dx = dy/(1 − x²). */
export const Atanh = op({ ...common, since: 9, grad: ({ x: [x], dy }) => [div(dy, sub(1, mul(x, x)))] });
