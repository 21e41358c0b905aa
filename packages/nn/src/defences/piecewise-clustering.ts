// Piecewise clustering, a defence in training: weights are drawn towards two values, one positive and one negative, so that
// a flipped bit moves a weight little beside the others (He, Rakin, Li, Chakrabarti, Fan, CVPR 2020, §4.2).
import { add, cast, div, greater, less, max, mul, reduceSum, sub, type Value } from "@reprise/engine";

/**
 * Σ over layers of λ(‖W⁺ − E(W⁺)‖² + ‖W⁻ − E(W⁻)‖²): what training adds to the loss.
 *
 * @param weights  of convolutions and matrix products
 * @param lambda   λ; the paper tries 1e-4 to 5e-3
 */
export function piecewiseClustering(weights: readonly Value[], lambda: number): Value {
  const spreads = weights.flatMap((W) => [spread(W, greater(W, 0)), spread(W, less(W, 0))]);
  return mul(spreads.reduce(add), lambda);
}

/** Squared distances of the weights of one sign from their mean. */
function spread(W: Value, isOfSign: Value): Value {
  const of = cast(isOfSign, "float32");
  const mean = div(reduceSum(mul(W, of)), max(reduceSum(of), 1));
  const apart = mul(sub(W, mean), of);
  return reduceSum(mul(apart, apart));
}
