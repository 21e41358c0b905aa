// Sums with a convolution or an affine map in one pass: ONNX Runtime's FusedConv adds an array Z to what it computes, and
// writes into Z's buffer where nothing else needs it.
import type { Attrs, Value } from "../ir/graph.ts";
import { sameShape } from "../ir/type.ts";
import { add, div, mul, reshape, sqrt, sub } from "../ops/build.ts";
import { Conv, type ConvAttrs } from "../ops/conv.ts";
import { op } from "../ops/op.ts";
import type { LoweringRule } from "./lower.ts";

const key = "com.microsoft.FusedConv";

/** The entry, for a target's operators: X ⋆ W + B + Z. */
export const fusedConv = {
  [key]: op({
    inputs: [2, 4],
    since: 1,
    domain: "com.microsoft",
    infer: ([X, W, B], attrs) => Conv.infer([X, W, B], attrs as ConvAttrs),
    grad: "none",
  }),
};

/**
 * z + y where y is made for this sum alone, by a convolution or by a normalisation with given statistics, which is a
 * pointwise convolution of single channels: the normalisation's own kernel has one thread, the convolution's has all.
 */
export const sumInConv: LoweringRule = ([a, b], _, { inputs: [first, second] }) => {
  if (a!.dtype !== "float32" || a!.shape.length < 3 || !sameShape(a!.shape, b!.shape)) return null;
  const sides = [
    { y: b!, z: a!, before: second! },
    { y: a!, z: b!, before: first! },
  ];
  for (const { y, z, before } of sides) {
    // What this pass has made may still be replaced by something better in the next.
    if (y.node?.op !== before.node?.op || uses(before) !== 1) continue;
    const convolution = asConvolution(y);
    if (convolution) return y.graph.add(key, [...convolution.inputs, z], convolution.attrs);
  }
  return null;
};

/** The inputs X, W and B and the attributes of the convolution that makes a value. */
function asConvolution({ node, shape }: Value): { inputs: readonly (Value | null)[]; attrs: Attrs } | null {
  if (node?.op === "Conv")
    return { inputs: [node.inputs[0]!, node.inputs[1]!, node.inputs[2] ?? null], attrs: node.attrs };
  if (node?.op !== "BatchNormalization" || node.attrs.training_mode) return null;
  const [X, scale, bias, mean, variance] = node.inputs as [Value, Value, Value, Value, Value];
  const C = shape[1]!;
  const ones = shape.slice(2).map(() => 1);
  const a = div(scale, sqrt(add(variance, node.attrs.epsilon as number)));
  return {
    inputs: [X, reshape(a, [C, 1, ...ones]), sub(bias, mul(a, mean))],
    attrs: {
      kernel_shape: ones,
      strides: ones,
      dilations: ones,
      pads: [...ones, ...ones].map(() => 0),
      group: C,
    },
  };
}

/** How often a graph needs a value. */
const uses = (value: Value): number =>
  [...value.graph.nodes.flatMap(({ inputs }) => inputs), ...value.graph.outputs.values()].filter((x) => x === value)
    .length;
