// Convolutions in ONNX Runtime's blocked channel layout, for graphs whose weights change.
//
// Its fastest convolution kernels work on [N, C/b, H, W, b], b floats being a vector register; ONNX Runtime goes over to
// them by itself only where weights are constant. Training graphs name the operators of that layout themselves (domain
// com.microsoft.nchwc), with the weights put in order at each step: 1.2 to 1.8 times as fast for up to 128 channels.
import { type Attrs, Graph, type Value } from "../ir/graph.ts";
import { reshape, slice, transpose } from "../ops/build.ts";
import { Conv, type ConvAttrs, type ConvInputGradAttrs } from "../ops/conv.ts";
import { op } from "../ops/op.ts";
import { convInputGradRule } from "./cpu.ts";
import { fusedConv, sumInConv } from "./fused-conv.ts";
import type { LoweringRule, Target } from "./lower.ts";
import { sumOfProducts } from "./sum-of-products.ts";

const domain = "com.microsoft.nchwc";

/** Shapes are told as if the layout were [N, C, H, W], as ONNX Runtime does. */
const operators = {
  [`${domain}.ReorderInput`]: op({ inputs: 1, since: 1, domain, infer: ([x]) => x, grad: "none" }),
  [`${domain}.ReorderOutput`]: op({ inputs: 1, since: 1, domain, infer: ([x]) => x, grad: "none" }),
  [`${domain}.Conv`]: op({
    inputs: [2, 3],
    since: 1,
    domain,
    infer: (x, attrs) => Conv.infer(x, attrs as ConvAttrs),
    grad: "none",
  }),
};

/** A graph that reorders x [1, 64, 1, 2] into y, by which a machine's block is found out. */
export function reorderingGraph(): Graph {
  const graph = new Graph(operators);
  graph.output("y", graph.add(`${domain}.ReorderInput`, [graph.input("x", "float32", [1, 64, 1, 2])])[0]!);
  return graph;
}

/** x [N, C, H, W] as [N, C/b, H, W, b], by a kernel that runs on all threads. */
const blocksOf = (x: Value): Value => x.graph.add(`${domain}.ReorderInput`, [x])[0]!;

/** The CPU target on a machine whose layout has blocks of b channels; as it is where b is 1. */
export function inBlocks(target: Target, b: number): Target {
  if (b === 1) return target;

  /**
   * Whether a convolution from C to K channels over `places` places of all images runs faster so: large kernels where
   * that is worth ordering the weights, pointwise ones where ONNX Runtime's product of few places is slow.
   */
  const pays = (C: number, K: number, kernel: readonly number[], places: number): boolean =>
    kernel.length === 2 &&
    K % b === 0 &&
    (C % b === 0 || C < b) &&
    (kernel.some((k) => k > 1) ? places >= 150 : C >= 512 && places <= 1024);

  const convRule: LoweringRule<ConvAttrs> = ([X, W, B], attrs, node) => {
    const [K, C, ...kernel] = W!.shape as [number, number, ...number[]];
    const [N, , ...output] = node.outputs[0]!.shape as [number, number, ...number[]];
    if (attrs.group !== 1 || !pays(C, K, kernel, N * output.reduce((n, size) => n * size, 1))) return null;
    return convInBlocks(X!, filter(W!), B ?? null, attrs);
  };
  const inputGradRule: LoweringRule<ConvInputGradAttrs> = ([W, dY], attrs, node) => {
    const { strides, pads, dilations, group, input_shape } = attrs;
    const [N, C, ...input] = input_shape as [number, number, ...number[]];
    const [K, , ...kernel] = W!.shape as [number, number, ...number[]];
    const turned = pads.map((p, i) => dilations[i % kernel.length]! * (kernel[i % kernel.length]! - 1) - p);
    const plain = group === 1 && strides.every((s) => s === 1) && turned.every((p) => p >= 0);
    if (!plain || K < b || !pays(K, C, kernel, N * input.reduce((n, size) => n * size, 1)))
      return convInputGradRule([W!, dY!], attrs, node);
    return convInBlocks(dY!, turnedFilter(W!), null, { strides, pads: turned, dilations, group, kernel_shape: kernel });
  };

  function convInBlocks(X: Value, F: Value, B: Value | null, attrs: Attrs): Value {
    const { graph } = X;
    const C = X.shape[1]!;
    // Fewer channels than a block are read from the usual layout.
    const x = C < b ? X : blocksOf(X);
    const y = graph.add(`${domain}.Conv`, [x, F, B], attrs)[0]!;
    return graph.add(`${domain}.ReorderOutput`, [y], { channels: y.shape[1]! })[0]!;
  }

  /**
   * Kernels [K, C, kₕ, k_w] as [K/b, C/b, kₕ, k_w, b of C, b of K], or as [K/b, C, kₕ, k_w, b of K] for fewer channels
   * than a block, in the shape that the operator is told. The kernel that puts images in blocks does it for each axis:
   * several times as fast as a transpose.
   */
  function filter(W: Value): Value {
    const [K, C, kh, kw] = W.shape as [number, number, number, number];
    const inner = C < b || kh * kw === 1 ? W : blocksOf(W); // [K, C/b, kₕ, k_w, b of C]
    return reshape(blocksOf(reshape(inner, [1, K, C, kh * kw])), W.shape);
  }

  /** The kernels of the convolution that is dX: turned by 180°, input and output channels exchanged. */
  function turnedFilter(W: Value): Value {
    const [K, C, kh, kw] = W.shape as [number, number, number, number];
    const taps = kh * kw;
    const outer = blocksOf(reshape(W, [1, K, C, taps])); // [K/b, C, taps, b of K]
    const inner = blocksOf(reshape(outer, [K / b, C, taps, b])); // [K/b, C/b, taps, b of K, b of C]
    const blocks = reshape(inner, [K / b, C / b, taps, b * b]);
    const turned = taps === 1 ? blocks : slice(blocks, [{ axis: 2, step: -1 }]);
    return reshape(transpose(turned, [1, 0, 2, 3]), [C, K, kh, kw]);
  }

  return {
    ...target,
    operators: { ...target.operators, ...operators, ...fusedConv },
    rules: { ...target.rules, Add: sumInConv, Conv: convRule, ConvInputGrad: inputGradRule, ReduceSum: sumOfProducts },
  };
}
