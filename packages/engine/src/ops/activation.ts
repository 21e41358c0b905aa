// The activation family beyond Relu, Sigmoid and Tanh. At a kink the derivative is that of the left branch, as PyTorch.
import type { Value } from "../ir/graph.ts";
import { broadcastsTo, formatShape, ShapeError } from "../ir/type.ts";
import { abs, add, clip, div, exp, greater, mul, where, within } from "./build.ts";
import { defaults } from "./defaults.ts";
import { floating } from "./dtype.ts";
import { op } from "./op.ts";

/** x where x ≤ 0: the exponential of the branch not taken would be ∞, and ∞·0 NaN in second derivatives. */
const negative = (x: Value): Value => where(greater(x, 0), 0, x);

/** y = αx + β limited to [0, 1].  dx = α·dy strictly inside, 0 elsewhere, as PyTorch. */
export const HardSigmoid = op<{ alpha: number; beta: number }>({
  inputs: 1,
  since: 6,
  floats: ["alpha", "beta"],
  defaults: defaults.HardSigmoid,
  infer: floating,
  grad: ({ y: [y], dy, attrs: { alpha } }) => [mul(mul(dy, alpha), within(y, { above: 0, below: 1 }))],
});
/** y = x·h(x) with h = x/6 + ½ limited to [0, 1].  dx = dy·(h + x/6) inside, dy·h elsewhere; 0 at −3, 1 at 3. */
export const HardSwish = op({
  inputs: 1,
  since: 14,
  infer: floating,
  grad: ({ x: [x], dy }) => {
    const h = clip(add(mul(x, 1 / 6), 0.5), { min: 0, max: 1 });
    // Limited, as ∞·0 would be NaN.
    const inside = mul(clip(x, { min: -3, max: 3 }), 1 / 6);
    return [mul(dy, add(h, mul(inside, within(x, { above: -3, below: 3 }))))];
  },
});
/** y = x where x > 0, α(eˣ − 1) elsewhere.  dx = dy where x > 0, dy·αeˣ elsewhere. */
export const Elu = op<{ alpha: number }>({
  inputs: 1,
  since: 6,
  floats: ["alpha"],
  defaults: defaults.Elu,
  infer: floating,
  grad: ({ x: [x], dy, attrs: { alpha } }) => [mul(dy, where(greater(x, 0), 1, mul(exp(negative(x)), alpha)))],
});
/** y = γx where x > 0, γα(eˣ − 1) elsewhere.  dx = γ·dy where x > 0, dy·γαeˣ elsewhere. */
export const Selu = op<{ alpha: number; gamma: number }>({
  inputs: 1,
  since: 6,
  floats: ["alpha", "gamma"],
  defaults: defaults.Selu,
  infer: floating,
  grad: ({ x: [x], dy, attrs: { alpha, gamma } }) => [
    mul(dy, where(greater(x, 0), gamma, mul(exp(negative(x)), alpha * gamma))),
  ],
});
/** y = x where x > 0, α(e^(x/α) − 1) elsewhere.  dx = dy where x > 0, dy·e^(x/α) elsewhere. */
export const Celu = op<{ alpha: number }>({
  inputs: 1,
  since: 12,
  floats: ["alpha"],
  defaults: defaults.Celu,
  infer: floating,
  grad: ({ x: [x], dy, attrs: { alpha } }) => [mul(dy, where(greater(x, 0), 1, exp(mul(negative(x), 1 / alpha))))],
});
/**
 * y = x limited to [0, max]: ReLU6 for 6.  dx = dy where 0 < x < max, 0 elsewhere and on the limits, as PyTorch's ReLU6,
 * so y alone tells it.
 */
export const BoundedRelu = op<{ max: number }>({
  inputs: 1,
  since: null,
  infer: floating,
  grad: ({ y: [y], dy, attrs: { max } }) => [mul(dy, within(y, { above: 0, below: max }))],
});
/** y = x where x > α, 0 elsewhere.  dx = dy where x > α, 0 elsewhere. */
export const ThresholdedRelu = op<{ alpha: number }>({
  inputs: 1,
  since: 10,
  floats: ["alpha"],
  defaults: defaults.ThresholdedRelu,
  infer: floating,
  grad: ({ x: [x], dy, attrs: { alpha } }) => [mul(dy, within(x, { above: alpha }))],
});
/** y = x where x > 0, slope·x elsewhere, the slope broadcast to x.  dx = dy or slope·dy; dslope = x·dy where x ≤ 0. */
export const PRelu = op({
  inputs: 2,
  since: 16,
  infer([x, slope]) {
    if (!broadcastsTo(slope.shape, x.shape)) {
      throw new ShapeError(
        `slope is ${formatShape(slope.shape)}, which does not broadcast to the input ${formatShape(x.shape)}; for one slope per channel give it as [C, 1, …]`,
      );
    }
    return floating([x]);
  },
  grad: ({ x: [x, slope], dy, need }) => [
    need[0] ? where(greater(x, 0), dy, mul(dy, slope)) : null,
    need[1] ? where(greater(x, 0), 0, mul(dy, x)) : null,
  ],
});
/** y = x/(1 + |x|).  dx = dy/(1 + |x|)². */
export const Softsign = op({
  inputs: 1,
  since: 1,
  infer: floating,
  grad: ({ x: [x], dy }) => {
    const s = add(abs(x), 1);
    return [div(dy, mul(s, s))];
  },
});
