// Elementwise functions that ONNX Runtime does not compute in float64, from those that it does.
import type { Value } from "../ir/graph.ts";
import {
  abs,
  add,
  clip,
  cos,
  div,
  exp,
  full,
  greater,
  log,
  max,
  mul,
  neg,
  reciprocal,
  sin,
  sqrt,
  sub,
  tanh,
  where,
} from "../ops/build.ts";
import type { LoweringRule, LoweringRules } from "./lower.ts";

/** erf x = 2/√π·e^(−x²)·Σ 2ⁿ x²ⁿ⁺¹/(2n+1)!!: all terms have one sign, 100 of them give float64 up to |x| = 5.5. */
const erf: LoweringRule = ([x]) => {
  const z = clip(x!, { min: -5.5, max: 5.5 });
  const zz = mul(z, z);
  let sum: Value = full(z, 1);
  for (let n = 100; n > 0; n--) sum = add(mul(sum, mul(zz, 2 / (2 * n + 1))), 1);
  return mul(mul(exp(neg(zz)), mul(z, sum)), 2 / Math.sqrt(Math.PI));
};

/** eᵃ − 1 where a = min(x, 0): no overflow in the branch that is not taken. */
const below = (x: Value): Value => sub(exp(where(greater(x, 0), 0, x)), 1);

/** atan x = 8·atan z with z from three halvings of the angle, |z| < 0.2, and the first 14 terms of its series. */
function atan(x: Value): Value {
  let z = x;
  for (let i = 0; i < 3; i++) z = div(z, add(sqrt(add(mul(z, z), 1)), 1));
  const zz = neg(mul(z, z));
  let sum: Value = full(z, 1 / 27);
  for (let n = 12; n >= 0; n--) sum = add(mul(sum, zz), 1 / (2 * n + 1));
  return mul(mul(z, sum), 8);
}
const asin = (x: Value): Value => atan(div(x, sqrt(sub(1, mul(x, x)))));

export const float64Elementwise = {
  Erf: erf,
  LeakyRelu: ([x], { alpha }) => where(greater(x!, 0), x!, mul(x!, alpha)),
  Softplus: ([x]) => add(max(x!, 0), log(add(exp(neg(abs(x!))), 1))),
  HardSigmoid: ([x], { alpha, beta }) => clip(add(mul(x!, alpha), beta), { min: 0, max: 1 }),
  HardSwish: ([x]) => mul(x!, clip(add(mul(x!, 1 / 6), 0.5), { min: 0, max: 1 })),
  Elu: ([x], { alpha }) => where(greater(x!, 0), x!, mul(below(x!), alpha)),
  Selu: ([x], { alpha, gamma }) => mul(where(greater(x!, 0), x!, mul(below(x!), alpha)), gamma),
  Celu: ([x], { alpha }) => where(greater(x!, 0), x!, mul(below(mul(x!, 1 / alpha)), alpha)),
  ThresholdedRelu: ([x], { alpha }) => where(greater(x!, alpha), x!, 0),
  Softsign: ([x]) => div(x!, add(abs(x!), 1)),
  Tan: ([x]) => div(sin(x!), cos(x!)),
  Asin: ([x]) => asin(x!),
  Acos: ([x]) => sub(Math.PI / 2, asin(x!)),
  Atan: ([x]) => atan(x!),
  // e^|x| and its inverse lose nothing for large |x|; for small ones tanh keeps the digits: sinh = tanh/√(1 − tanh²).
  Sinh: ([x]) =>
    where(
      greater(abs(x!), 1),
      mul(sub(exp(x!), exp(neg(x!))), 0.5),
      mul(tanh(x!), mul(add(exp(x!), exp(neg(x!))), 0.5)),
    ),
  Cosh: ([x]) => mul(add(exp(x!), exp(neg(x!))), 0.5),
  Asinh: ([x]) => log(add(x!, sqrt(add(mul(x!, x!), 1)))),
  Acosh: ([x]) => log(add(x!, sqrt(sub(mul(x!, x!), 1)))),
  Atanh: ([x]) => mul(log(mul(add(x!, 1), reciprocal(sub(1, x!)))), 0.5),
} satisfies LoweringRules;
