// The adversarial examples that training makes for itself, as part of its graph: a few steps to the nearest other label.
import {
  add,
  clip,
  div,
  gradient,
  greater,
  mul,
  oneHot,
  reduceMax,
  reduceSum,
  stopGradient,
  sub,
  type Value,
  where,
} from "@reprise/engine";

export interface NearestOptions {
  /** Linearisations of the margin, each followed by a step to where it is 0. */
  readonly steps: number;
  /** The sum r of the steps is taken 1 + overshoot times; with −0.5 it goes half the way to the other label. */
  readonly overshoot: number;
}

/**
 * h′ = h + r in [0, 1] with r small and argmax scores(h′) ≠ label: DeepFool towards the runner-up. With the margin
 * m = z_label − max_{k ≠ label} z_k, every step goes −m ∇m / ‖∇m‖², where m > 0; a row that is misclassified as it is stays.
 * For a linear classifier one step is exact, unless the box or a third label is in the way.
 *
 * @param h       [N, D], in [0, 1]
 * @param labels  [N], int64
 * @param scores  logits [N, K] of such an h
 * @returns       h′ [N, D], a constant to gradients
 * @see Moosavi-Dezfooli, Fawzi, Frossard 2016, algorithm 2, with the runner-up in place of the nearest of all labels
 */
export function nearestAdversarial(
  h: Value,
  labels: Value,
  scores: (h: Value) => Value,
  { steps, overshoot }: NearestOptions,
): Value {
  const start = stopGradient(h);
  let at = start;
  for (let step = 0; step < steps; step++) {
    const m = margin(scores(at), labels); // [N, 1]
    const [g] = gradient(reduceSum(m), [at]) as [Value];
    const squares = reduceSum(mul(g, g), { axes: [1], keepDims: true });
    const length = where(greater(m, 0), div(m, add(squares, 1e-12)), 0); // [N, 1]
    at = stopGradient(clip(sub(at, mul(length, g)), { min: 0, max: 1 }));
  }
  return stopGradient(clip(add(start, mul(sub(at, start), 1 + overshoot)), { min: 0, max: 1 }));
}

/** z_label − max over the other labels, [N, 1]. */
function margin(logits: Value, labels: Value): Value {
  const hit = oneHot(labels, logits.shape[1]!, logits.dtype);
  const own = reduceSum(mul(logits, hit), { axes: [1], keepDims: true });
  const others = sub(logits, mul(hit, 1e9));
  return sub(own, reduceMax(others, { axes: [1], keepDims: true }));
}
