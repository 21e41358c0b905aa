// Weight decay as a term of the loss.
import { add, mul, reduceSum, type Value, type Values } from "@reprise/engine";

/**
 * Σ over layers of λ·Σw²/k, where k is the layer's number of units; biases do not decay.
 *
 * @param lambdas  λ by layer; a layer with 0 adds nothing
 * @returns        a scalar
 * @see Szegedy et al. 2013, §4.2 (the weight decay of Table 1)
 */
export function weightDecay(parameters: Values, lambdas: Readonly<Record<string, number>>): Value {
  const terms = Object.entries(lambdas)
    .filter(([, lambda]) => lambda !== 0)
    .map(([layer, lambda]) => {
      const W = parameters[`${layer}.weight`];
      if (!W) throw new Error(`weight decay: no parameter "${layer}.weight"`);
      return mul(reduceSum(mul(W, W)), lambda / W.shape[0]!);
    });
  const [first, ...rest] = terms;
  if (!first) throw new Error("weight decay: no layer has a λ above 0; leave the penalty out");
  return rest.reduce((sum, term) => add(sum, term), first);
}
