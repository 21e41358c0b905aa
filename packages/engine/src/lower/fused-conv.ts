// Sums in one pass: ONNX Runtime's FusedConv adds an array Z to what it computes, in Z's own buffer where nothing else
// needs it.
import type { Node, Value } from "../ir/graph.ts";
import { sameShape } from "../ir/type.ts";
import { add, div, full, mul, reshape, sqrt, sub } from "../ops/build.ts";
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
 * z + y where y is made for this sum alone: by a convolution; by a normalisation with given statistics, which is a
 * pointwise convolution of single channels, and whose own kernel has one thread; or as a multiple of a long vector, as
 * weight decay is. A result that leaves the graph has a buffer of its own, to which z would be copied first.
 */
export const sumInConv: LoweringRule = ([a, b], _, { inputs: [first, second], outputs: [sum] }) => {
  if (a!.dtype !== "float32" || !sameShape(a!.shape, b!.shape) || leaves(sum!)) return null;
  const sides = [
    { y: b!, z: a!, before: second! },
    { y: a!, z: b!, before: first! },
  ];
  for (const { y, z, before } of sides) {
    // What this pass has made may still be replaced by something better in the next.
    if (!y.node || y.node.op !== before.node?.op || !isUsedOnce(before)) continue;
    const made = plusConvolution(y.node, z) ?? plusNormalized(y.node, z) ?? plusMultiple(y.node, z);
    if (made) return made;
  }
  return null;
};

function plusConvolution({ op, inputs: [X, W, B], attrs }: Node, z: Value): Value | null {
  return op === "Conv" ? z.graph.add(key, [X!, W!, B ?? null, z], attrs)[0]! : null;
}

function plusNormalized({ op, inputs, attrs }: Node, z: Value): Value | null {
  if (op !== "BatchNormalization" || attrs.training_mode || z.shape.length < 3) return null;
  const [X, scale, bias, mean, variance] = inputs as [Value, Value, Value, Value, Value];
  const a = div(scale, sqrt(add(variance, attrs.epsilon as number)));
  return plusScaled(X, a, sub(bias, mul(a, mean)), z);
}

/** Numbers of a vector that one thread takes at a time: 16 KB of each array. */
const STRETCH = 4096;

function plusMultiple({ op, inputs: [x, factor] }: Node, z: Value): Value | null {
  const [length] = z.shape as [number];
  const long = z.shape.length === 1 && length % STRETCH === 0 && length >= 16 * STRETCH;
  if (op !== "Mul" || !long || factor?.constant?.data.length !== 1) return null;
  const stretches = [1, length / STRETCH, STRETCH];
  const a = full(z, Number(factor.constant.data[0]), [length / STRETCH]);
  return reshape(plusScaled(reshape(x!, stretches), a, null, reshape(z, stretches)), z.shape);
}

/** aₖ·x + bₖ + z, a and b a number for each channel k of x [N, K, …]. */
function plusScaled(x: Value, a: Value, b: Value | null, z: Value): Value {
  const ones = x.shape.slice(2).map(() => 1);
  const attrs = { kernel_shape: ones, strides: ones, dilations: ones, pads: [...ones, ...ones].map(() => 0) };
  const kernels = reshape(a, [a.shape[0]!, 1, ...ones]);
  return x.graph.add(key, [x, kernels, b, z], { ...attrs, group: a.shape[0]! })[0]!;
}

const leaves = ({ graph, node }: Value): boolean => [...graph.outputs.values()].some((output) => output.node === node);

/** Whether one operator takes a value, once, and it does not leave the graph. */
function isUsedOnce(value: Value): boolean {
  let uses = Number(leaves(value));
  for (const { inputs } of value.graph.nodes) for (const input of inputs) if (input === value) uses++;
  return uses === 1;
}
