// Normalisation over batches and layers.
import type { Value } from "../ir/graph.ts";
import {
  axisOf,
  formatShape,
  formatType,
  isFloat,
  type Shape,
  ShapeError,
  sameShape,
  sizeOf,
  type Type,
} from "../ir/type.ts";
import {
  add,
  batchNormalization,
  div,
  mul,
  neg,
  reciprocal,
  reduceMean,
  reduceSum,
  reshape,
  sqrt,
  sub,
} from "./build.ts";
import { defaults } from "./defaults.ts";
import { op } from "./op.ts";

/** Axes of everything but the channels. */
const others = (shape: Shape): number[] => shape.map((_, i) => i).filter((i) => i !== 1);
/** Numbers per channel, [C], in the shape of an image. */
const column = (v: Value, like: Value): Value => reshape(v, [v.shape[0]!, ...like.shape.slice(2).map(() => 1)]);

function perChannel(X: Type, vectors: Readonly<Record<string, Type>>): void {
  if (X.shape.length < 2 || !isFloat(X.dtype)) {
    throw new ShapeError(`input is ${formatType(X)}; it must be float [N, C, …]`);
  }
  for (const [name, { shape }] of Object.entries(vectors)) {
    if (shape.length !== 1 || shape[0] !== X.shape[1]) {
      throw new ShapeError(
        `${name} is ${formatShape(shape)}; input ${formatShape(X.shape)} needs [${X.shape[1]}], a number per channel`,
      );
    }
  }
}

/**
 * Y = a·(X − mean) + bias with a = scale/√(variance + ε), all per channel.
 * dX = a·dY, dbias = Σ dY, dmean = −a·Σ dY, and with S = Σ dY·(X − mean)/√(variance + ε):
 * dscale = S, dvariance = −scale·S/2(variance + ε).
 */
export const BatchNormalization = op<{ epsilon: number; training_mode?: number; momentum?: number }>({
  inputs: 5,
  since: 15,
  floats: ["epsilon", "momentum"],
  infer([X, scale, bias, mean, variance], { training_mode }) {
    perChannel(X, { scale, bias, mean: mean!, variance: variance! });
    return training_mode ? [X, mean!, variance!] : X;
  },
  grad({ x: [X, scale, , mean, variance], dy: dY, need, attrs: { epsilon, training_mode } }) {
    if (training_mode) throw new Error("training mode is differentiated as BatchNormalizationTraining");
    const v = add(variance!, epsilon);
    const inverse = reciprocal(sqrt(v));
    const a = mul(scale, inverse);
    const axes = others(X.shape);
    const S = () => mul(reduceSum(mul(dY, sub(X, column(mean!, X))), { axes }), inverse);
    return [
      need[0] ? mul(dY, column(a, X)) : null,
      need[1] ? S() : null,
      need[2] ? reduceSum(dY, { axes }) : null,
      need[3] ? neg(mul(a, reduceSum(dY, { axes }))) : null,
      need[4] ? neg(div(mul(scale, S()), mul(v, 2))) : null,
    ];
  },
});

/**
 * Y = scale·x̂ + bias with x̂ = (X − mean)·r, r = 1/√(variance + ε), mean and (biased) variance of the n elements of
 * each channel, which are the second and third output.
 * dbias = Σ dY, dscale = Σ dY·x̂ = r·(Σ dY·X − mean·Σ dY), dX = scale·r·(dY − dbias/n − x̂·dscale/n), which is
 * A·dY + B·(X − mean) + C per channel, plus dmean/n + 2·dvariance·(X − mean)/n.
 */
export const BatchNormalizationTraining = op<{ epsilon: number }>({
  inputs: 3,
  since: null,
  floats: ["epsilon"],
  infer([X, scale, bias]) {
    perChannel(X, { scale, bias });
    const statistic = { dtype: X.dtype, shape: [X.shape[1]!] };
    return [X, statistic, statistic];
  },
  grad({ x: [X, scale], y: [, mean, variance], dys: [dY, dMean, dVariance], need, attrs: { epsilon } }) {
    const axes = others(X.shape);
    const n = sizeOf(X.shape) / X.shape[1]!;
    const r = reciprocal(sqrt(add(variance!, epsilon)));
    let B: Value | null = dVariance ? mul(dVariance, 2 / n) : null;
    let C: Value | null = dMean ? mul(dMean, 1 / n) : null;
    if (!dY) return [affine(X, mean!, B, C), null, null];
    const dbias = reduceSum(dY, { axes });
    const dscale = mul(r, sub(reduceSum(mul(dY, X), { axes }), mul(mean!, dbias)));
    if (!need[0]) return [null, dscale, dbias];
    const A = mul(scale, r);
    const b = neg(mul(mul(A, r), mul(dscale, 1 / n)));
    const c = neg(mul(A, mul(dbias, 1 / n)));
    B = B ? add(B, b) : b;
    C = C ? add(C, c) : c;
    return [add(mul(dY, column(A, X)), affine(X, mean!, B, C)!), dscale, dbias];
  },
});

/** B·(X − mean) + C per channel in one pass: normalisation with variance 1 and ε = 0. */
function affine(X: Value, mean: Value, B: Value | null, C: Value | null): Value | null {
  if (!B && !C) return null;
  const zero = (): Value => mul(mean, 0);
  const one = add(mul(mean, 0), 1);
  return batchNormalization(X, { scale: B ?? zero(), bias: C ?? zero(), mean, variance: one }, { epsilon: 0 });
}

/**
 * Y = scale·x̂ + bias with x̂ = (X − mean)·r over the axes from `axis` on; mean and r = 1/√(variance + ε) come out too.
 * With g = dY·scale and means over those axes: dX = r·(g − mean g − x̂·mean(g·x̂)), dscale = dY·x̂, dbias = dY, plus
 * dmean/n − x̂·r²·dr/n.
 */
export const LayerNormalization = op<{ axis: number; epsilon: number; stash_type: number }>({
  inputs: [2, 3],
  since: 17,
  floats: ["epsilon"],
  optionalFrom: 1,
  defaults: { ...defaults.LayerNormalization, stash_type: 1 },
  infer([X, scale, bias], { axis }) {
    const at = axisOf(axis, X.shape.length);
    const normalized = X.shape.slice(at);
    if (!isFloat(X.dtype)) throw new ShapeError(`input is ${formatType(X)}; it must be float32 or float64: cast it`);
    for (const [name, value] of Object.entries({ scale, bias })) {
      if (value && !sameShape(value.shape, normalized)) {
        throw new ShapeError(
          `${name} is ${formatShape(value.shape)}; input ${formatShape(X.shape)} normalised from axis ${at} on needs ${formatShape(normalized)}`,
        );
      }
    }
    const statistic = { dtype: X.dtype, shape: X.shape.map((dim, i) => (i < at ? dim : 1)) };
    return [X, statistic, statistic];
  },
  grad({ x: [X, scale], y: [, mean, r], dys: [dY, dMean, dR], need, attrs }) {
    const first = axisOf(attrs.axis, X.shape.length);
    const axes = X.shape.map((_, i) => i).filter((i) => i >= first);
    const n = sizeOf(X.shape.slice(first));
    const xHat = mul(sub(X, mean!), r!);
    let dX: Value | null = null;
    const plus = (term: Value) => {
      dX = dX ? add(dX, term) : term;
    };
    if (dY && need[0]) {
      const g = mul(dY, scale);
      const along = mul(xHat, reduceMean(mul(g, xHat), { axes, keepDims: true }));
      plus(mul(r!, sub(sub(g, reduceMean(g, { axes, keepDims: true })), along)));
    }
    if (dMean) plus(mul(dMean, 1 / n));
    if (dR) plus(neg(mul(xHat, mul(mul(r!, r!), mul(dR, 1 / n)))));
    return [dX, dY && need[1] ? mul(dY, xHat) : null, dY ?? null];
  },
});
