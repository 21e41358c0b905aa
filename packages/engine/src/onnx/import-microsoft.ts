// Operators of com.microsoft on 8-bit integers, which ONNX Runtime's quantiser writes into files. Each is the operator of
// ai.onnx on the numbers that its integers mean, quantised again; gradients pass rounding straight through.
import type { Value } from "../ir/graph.ts";
import { axisOf, tensor } from "../ir/type.ts";
import {
  add,
  cast,
  concat,
  dequantizeLinear,
  gemm,
  globalAveragePool,
  leakyRelu,
  mul,
  quantizeLinear,
  sigmoid,
  softmax,
} from "../ops/build.ts";
import { defaults } from "../ops/defaults.ts";
import { perTensor, quantizedRules } from "./import-quantized.ts";
import { type ImportRule, type ImportSite, number } from "./import-site.ts";
import { windowRules } from "./import-window.ts";
import { ModelError } from "./wire.ts";

type Inputs = readonly (Value | null | undefined)[];

/** The zero point of a quantised array, 0 where the file leaves it out. */
const zeroOf = (zero: Value | null | undefined, like: Value): Value =>
  zero ? perTensor(zero) : like.graph.constant(tensor(like.dtype, [], [0]));

/** The numbers that integers mean. */
const real = (x: Value, scale: Value, zero: Value | null | undefined, axis = 0): Value =>
  dequantizeLinear(x, perTensor(scale), zeroOf(zero, x), { axis });

/** Numbers as integers of the dtype of `like`. */
const whole = (y: Value, scale: Value, zero: Value | null | undefined, like: Value): Value =>
  quantizeLinear(y, perTensor(scale), zeroOf(zero, like));

/** Inputs x, scale, zero of x, scale, zero of y. */
const unary =
  (f: (x: Value, site: ImportSite) => Value): ImportRule =>
  (site) => {
    if (number(site, "channels_last", 0) === 1)
      throw new ModelError("its channels are last; only channels before space are supported");
    const [x, xScale, xZero, yScale, yZero] = site.inputs as Inputs;
    return whole(f(real(x!, xScale!, xZero), site), yScale!, yZero, x!);
  };

/** Inputs a, scale, zero of a, b, scale, zero of b, scale, zero of y. */
const binary =
  (f: (a: Value, b: Value) => Value): ImportRule =>
  ({ inputs }) => {
    const [a, aScale, aZero, b, bScale, bZero, yScale, yZero] = inputs as Inputs;
    return whole(f(real(a!, aScale!, aZero), real(b!, bScale!, bZero)), yScale!, yZero, a!);
  };

export const microsoftRules: Readonly<Record<string, ImportRule>> = {
  "com.microsoft.QuantizeLinear": quantizedRules.QuantizeLinear!,
  "com.microsoft.DequantizeLinear": quantizedRules.DequantizeLinear!,
  "com.microsoft.QLinearAdd": binary(add),
  "com.microsoft.QLinearMul": binary(mul),
  "com.microsoft.QLinearSigmoid": unary(sigmoid),
  "com.microsoft.QLinearLeakyRelu": unary((x, site) =>
    leakyRelu(x, { alpha: number(site, "alpha", defaults.LeakyRelu.alpha) }),
  ),
  "com.microsoft.QLinearSoftmax": unary((x, site) => softmax(x, { axis: number(site, "axis", -1) })),
  "com.microsoft.QLinearGlobalAveragePool": unary(globalAveragePool),
  "com.microsoft.QLinearAveragePool": unary((x, site) => {
    const made = windowRules.AveragePool!({ ...site, inputs: [x] });
    return Array.isArray(made) ? (made as readonly Value[])[0]! : (made as Value);
  }),
  "com.microsoft.QLinearConcat"(site) {
    const [yScale, yZero, ...parts] = site.inputs as readonly Value[];
    const reals: Value[] = [];
    for (let i = 0; i < parts.length; i += 3) reals.push(real(parts[i]!, parts[i + 1]!, parts[i + 2]));
    const axis = axisOf(number(site, "axis", 0), reals[0]!.shape.length);
    return whole(concat(reals, axis), yScale!, yZero, parts[0]!);
  },
  "com.microsoft.QGemm"(site) {
    const [a, aScale, aZero, b, bScale, bZero, C, yScale, yZero] = site.inputs as Inputs;
    const [transA, transB] = [number(site, "transA", 0) === 1, number(site, "transB", 0) === 1];
    const alpha = number(site, "alpha", 1);
    const A = real(a!, aScale!, aZero, transA ? 1 : 0);
    const B = real(b!, bScale!, bZero, transB ? 0 : 1);
    // The bias counts in steps of α·both scales, as the product of the integers does.
    const bias = C ? mul(cast(C, A.dtype), mul(mul(perTensor(aScale!), perTensor(bScale!)), alpha)) : null;
    const y = gemm(A, B, bias, { transA, transB, alpha });
    return yScale ? whole(y, yScale, yZero, a!) : y;
  },
};
