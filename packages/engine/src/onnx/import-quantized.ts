// Operators of ONNX files on 8-bit integers. They become arithmetic in float32, which holds every sum of products of
// 8-bit integers exactly up to 2²⁴; gradients pass rounding straight through.
import type { Value } from "../ir/graph.ts";
import { axisOf, tensor } from "../ir/type.ts";
import {
  cast,
  clip,
  conv,
  dequantizeLinear,
  div,
  full,
  matMul,
  max,
  min,
  mul,
  neg,
  quantizeLinear,
  reduceMax,
  reduceMin,
  reshape,
  round,
  sub,
} from "../ops/build.ts";
import { type ImportRule, number } from "./import-site.ts";
import { convOptions } from "./import-window.ts";

/** A vector of one number as a scalar, which is how ONNX writes "per tensor" here. */
export const perTensor = (v: Value): Value => (v.shape.length === 1 && v.shape[0] === 1 ? reshape(v, []) : v);

/** Per tensor the axis means nothing, and its default lies outside a vector. */
const quantization: ImportRule = (site) => {
  const { graph, node, name } = site;
  const inputs = site.inputs.map((input, i) => (input && i > 0 ? perTensor(input) : input));
  const [x, scale] = inputs as [Value, Value];
  const axis = scale.shape.length === 0 ? 0 : axisOf(number(site, "axis", 1), x.shape.length);
  const signed = inputs.length === 2 && node.op === "QuantizeLinear" && number(site, "output_dtype", 0) === 3;
  const zero = signed ? [full(scale, 0, scale.shape, "int8")] : [];
  return graph.add(node.op, [...inputs, ...zero], { axis }, name);
};

/** x − zero as whole numbers in float32, with a gradient; zero is [] or one number per slice of the axis. */
function centred(x: Value, zero: Value | null | undefined, axis: number): Value {
  const one = x.graph.constant(1);
  if (!zero) return dequantizeLinear(x, one, x.graph.constant(tensor(x.dtype, [], [0])), { axis: 0 });
  const z = perTensor(zero);
  return dequantizeLinear(x, full(one, 1, z.shape), z, { axis });
}

const real = (x: Value, scale: Value, zero: Value, axis: number): Value =>
  dequantizeLinear(x, perTensor(scale), perTensor(zero), { axis });

export const quantizedRules: Readonly<Record<string, ImportRule>> = {
  QuantizeLinear: quantization,
  DequantizeLinear: quantization,
  /** The scale that takes the range of x, widened to hold 0, to 0 … 255. */
  DynamicQuantizeLinear({ inputs: [x], graph }) {
    const low = min(reduceMin(x!), 0);
    const scale = div(sub(max(reduceMax(x!), 0), low), 255);
    const zero = cast(clip(round(neg(div(low, scale))), { min: 0, max: 255 }), "uint8");
    return [graph.add("QuantizeLinear", [x!, scale, zero], { axis: 0 })[0]!, scale, zero];
  },
  MatMulInteger({ inputs: [a, b, aZero, bZero] }) {
    return matMul(centred(a!, aZero, a!.shape.length - 2), centred(b!, bZero, b!.shape.length - 1));
  },
  ConvInteger(site) {
    const [x, W, xZero, wZero] = site.inputs;
    return conv(centred(x!, xZero, 1), centred(W!, wZero, 0), null, convOptions(site, W!));
  },
  QLinearMatMul({ inputs }) {
    const [a, aScale, aZero, b, bScale, bZero, yScale, yZero] = inputs as Value[];
    const A = real(a!, aScale!, aZero!, a!.shape.length - 2);
    const B = real(b!, bScale!, bZero!, b!.shape.length - 1);
    return quantizeLinear(matMul(A, B), perTensor(yScale!), perTensor(yZero!));
  },
  QLinearConv(site) {
    const [x, xScale, xZero, W, wScale, wZero, yScale, yZero, B] = site.inputs as Value[];
    const bias = B ? mul(cast(B, "float32"), mul(perTensor(xScale!), perTensor(wScale!))) : null;
    const y = conv(real(x!, xScale!, xZero!, 1), real(W!, wScale!, wZero!, 0), bias, convOptions(site, W!));
    return quantizeLinear(y, perTensor(yScale!), perTensor(yZero!));
  },
};
