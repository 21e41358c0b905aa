// Convolution with its two gradients, and pooling. Conv is linear in X and in W, so Conv, ConvInputGrad and
// ConvWeightGrad are closed under differentiation: each one's gradients are the other two.
import { formatShape, formatType, type Shape, ShapeError, sameShape, type Type } from "../ir/type.ts";
import {
  averagePoolGrad,
  conv,
  convInputGrad,
  convWeightGrad,
  div,
  expand,
  maxPoolAt,
  maxPoolGrad,
  reduceSum,
} from "./build.ts";
import { op } from "./op.ts";

/** Attributes of a convolution: one entry per spatial axis; pads are all begins, then all ends. */
export type ConvAttrs = {
  strides: readonly number[];
  pads: readonly number[];
  dilations: readonly number[];
  group: number;
  kernel_shape?: readonly number[];
};
export type ConvInputGradAttrs = ConvAttrs & { input_shape: Shape };
export type ConvWeightGradAttrs = ConvAttrs & { weight_shape: Shape };
const optionsOf = ({ strides, pads, dilations, group }: ConvAttrs) => ({ strides, pads, dilations, group });

/** Spatial sizes of a convolution's result. */
export function convSizes(
  input: Shape,
  kernel: Shape,
  { strides, pads, dilations }: Omit<ConvAttrs, "group">,
): number[] {
  return input.map((size, i) => {
    const reach = (dilations[i] ?? 1) * (kernel[i]! - 1) + 1;
    const out = Math.floor((size + pads[i]! + pads[i + input.length]! - reach) / strides[i]!) + 1;
    if (out < 1) {
      throw new ShapeError(
        `a window of ${reach} does not fit spatial axis ${i} of size ${size} with pads ${pads[i]} and ${pads[i + input.length]}`,
      );
    }
    return out;
  });
}

function checkPair(X: Type, W: Type): void {
  if (X.shape.length !== W.shape.length || X.shape.length < 3 || X.dtype !== W.dtype) {
    throw new ShapeError(
      `input is ${formatType(X)}, weight is ${formatType(W)}; both must be one float dtype with two axes and then the spatial ones`,
    );
  }
}

function checkBias(B: Type | undefined, K: number, W: Shape): void {
  if (B && (B.shape.length !== 1 || B.shape[0] !== K)) {
    throw new ShapeError(`bias is ${formatShape(B.shape)}; weight ${formatShape(W)} needs [${K}]`);
  }
}

function checkConv(X: Shape, W: Shape, { group }: ConvAttrs): void {
  if (X.length !== W.length || X.length < 3) {
    throw new ShapeError(
      `input is ${formatShape(X)}, weight is ${formatShape(W)}; both must be [N or K, C, spatial axes…]`,
    );
  }
  if (X[1] !== W[1]! * group) {
    const hint = X[1]! % W[1]! === 0 && W[0]! % (X[1]! / W[1]!) === 0 ? `set group: ${X[1]! / W[1]!}, or ` : "";
    throw new ShapeError(
      `input has ${X[1]} channels, weight ${formatShape(W)} expects ${W[1]! * group}${group > 1 ? ` in ${group} groups` : ""}; ${hint}check the previous layer's output`,
    );
  }
  if (W[0]! % group !== 0) throw new ShapeError(`${W[0]} output channels cannot be split into ${group} groups`);
}

function checkConvGrad(X: Shape, W: Shape, dY: Shape, attrs: ConvAttrs): void {
  checkConv(X, W, attrs);
  const Y = [X[0]!, W[0]!, ...convSizes(X.slice(2), W.slice(2), attrs)];
  if (!sameShape(dY, Y)) {
    throw new ShapeError(
      `dY is ${formatShape(dY)}; input ${formatShape(X)} and weight ${formatShape(W)} give ${formatShape(Y)}`,
    );
  }
}

const spatialAxes = (shape: Shape): number[] => shape.slice(2).map((_, i) => i + 2);

/**
 * Y = X ⋆ W + B, X [N, C, …], W [K, C/group, k…], B [K], Y [N, K, …].
 * dX = ConvInputGrad(W, dY), dW = ConvWeightGrad(X, dY), dB = Σ dY over N and space.
 */
export const Conv = op<ConvAttrs>({
  inputs: [2, 3],
  since: 11,
  infer([X, W, B], attrs) {
    checkPair(X, W);
    checkConv(X.shape, W.shape, attrs);
    checkBias(B, W.shape[0]!, W.shape);
    return {
      dtype: X.dtype,
      shape: [X.shape[0]!, W.shape[0]!, ...convSizes(X.shape.slice(2), W.shape.slice(2), attrs)],
    };
  },
  grad: ({ x: [X, W], dy: dY, attrs, need }) => [
    need[0] ? convInputGrad(W, dY, X.shape, optionsOf(attrs)) : null,
    need[1] ? convWeightGrad(X, dY, W.shape, optionsOf(attrs)) : null,
    need[2] ? reduceSum(dY, { axes: [0, ...spatialAxes(dY.shape)] }) : null,
  ],
});

/** X = the dX of a convolution.  dW = ConvWeightGrad(D, dY), ddY = Conv(D, W) for D the gradient of X. */
export const ConvInputGrad = op<ConvInputGradAttrs>({
  inputs: 2,
  since: null,
  infer([W, dY], attrs) {
    checkConvGrad(attrs.input_shape, W.shape, dY.shape, attrs);
    return { dtype: dY.dtype, shape: attrs.input_shape };
  },
  grad: ({ x: [W, dY], dy: D, attrs, need }) => [
    need[0] ? convWeightGrad(D, dY, W.shape, optionsOf(attrs)) : null,
    need[1] ? conv(D, W, null, optionsOf(attrs)) : null,
  ],
});

/** W = the dW of a convolution.  dX = ConvInputGrad(D, dY), ddY = Conv(X, D) for D the gradient of W. */
export const ConvWeightGrad = op<ConvWeightGradAttrs>({
  inputs: 2,
  since: null,
  infer([X, dY], attrs) {
    checkConvGrad(X.shape, attrs.weight_shape, dY.shape, attrs);
    return { dtype: dY.dtype, shape: attrs.weight_shape };
  },
  grad: ({ x: [X, dY], dy: D, attrs, need }) => [
    need[0] ? convInputGrad(D, dY, X.shape, optionsOf(attrs)) : null,
    need[1] ? conv(X, D, null, optionsOf(attrs)) : null,
  ],
});

/**
 * Y = the transpose of a convolution: X [N, C, …], W [C, K/group, k…], B [K], Y [N, K, …]. As the dX of a convolution
 * with weights W, its gradients are dX = Conv(dY, W), dW = ConvWeightGrad(dY, X), dB = Σ dY.
 */
export const ConvTranspose = op<ConvAttrs & { output_padding: Shape }>({
  inputs: [2, 3],
  since: 11,
  infer([X, W, B], { strides, pads, dilations, group, output_padding }) {
    checkPair(X, W);
    if (X.shape[1] !== W.shape[0]) {
      throw new ShapeError(`input has ${X.shape[1]} channels, weight ${formatShape(W.shape)} expects ${W.shape[0]}`);
    }
    if (W.shape[0]! % group !== 0) throw new ShapeError(`${W.shape[0]} channels cannot be split into ${group} groups`);
    checkBias(B, W.shape[1]! * group, W.shape);
    for (const [i, more] of output_padding.entries()) {
      const most = Math.max(strides[i]!, dilations[i]!) - 1;
      if (more > most) {
        throw new ShapeError(
          `output padding ${more} on spatial axis ${i} is more than stride and dilation leave open, ${most}`,
        );
      }
    }
    const sizes = X.shape.slice(2).map((size, i) => {
      const reach = dilations[i]! * (W.shape[i + 2]! - 1) + 1;
      return strides[i]! * (size - 1) + output_padding[i]! + reach - pads[i]! - pads[i + X.shape.length - 2]!;
    });
    return { dtype: X.dtype, shape: [X.shape[0]!, W.shape[1]! * group, ...sizes] };
  },
  grad: ({ x: [X, W], dy: dY, attrs, need }) => [
    need[0] ? conv(dY, W, null, optionsOf(attrs)) : null,
    need[1] ? convWeightGrad(dY, X, W.shape, optionsOf(attrs)) : null,
    need[2] ? reduceSum(dY, { axes: [0, ...spatialAxes(dY.shape)] }) : null,
  ],
});

export type PoolAttrs = Omit<ConvAttrs, "group"> & { kernel_shape: readonly number[]; ceil_mode: number };

function pooled(X: Type, attrs: PoolAttrs): Shape {
  const { kernel_shape: kernel, strides, pads, dilations, ceil_mode } = attrs;
  const input = X.shape.slice(2);
  if (input.length !== kernel.length) {
    throw new ShapeError(
      `input is ${formatShape(X.shape)}; a window ${formatShape(kernel)} needs [N, C] and ${kernel.length} spatial axes`,
    );
  }
  if (!ceil_mode) return [...X.shape.slice(0, 2), ...convSizes(input, kernel, { strides, pads, dilations })];
  return [
    ...X.shape.slice(0, 2),
    ...input.map((size, i) => {
      const reach = (dilations[i] ?? 1) * (kernel[i]! - 1) + 1;
      const all = size + pads[i]! + pads[i + input.length]!;
      const out = Math.ceil((all - reach) / strides[i]!) + 1;
      if (out < 1) throw new ShapeError(`a window of ${reach} does not fit spatial axis ${i}, ${all} with its pads`);
      // A last window must begin inside the input or its left padding, as PyTorch and ONNX have it. One that is longer
      // than the input fits, as long as it begins there.
      return (out - 1) * strides[i]! >= size + pads[i]! ? out - 1 : out;
    }),
  ];
}

/** Y = largest element of each window; the second output is its flat place in X. dX = dY added there; first at a tie. */
export const MaxPool = op<PoolAttrs>({
  inputs: 1,
  since: 12,
  optionalFrom: 1,
  infer([X], attrs) {
    const shape = pooled(X, attrs);
    return [
      { dtype: X.dtype, shape },
      { dtype: "int64", shape },
    ];
  },
  grad: ({ x: [X], dy: dY, attrs }) => [maxPoolGrad(X, dY, attrs)],
});

function checkPoolGrad(dY: Shape, X: Shape, Y: Shape): void {
  if (!sameShape(dY, Y)) {
    throw new ShapeError(`dY is ${formatShape(dY)}; pooling ${formatShape(X)} gives ${formatShape(Y)}`);
  }
}

/** dX of max pooling, from X and dY.  Linear in dY: its gradient there is the elements of D at the largest places. */
export const MaxPoolGrad = op<PoolAttrs>({
  inputs: 2,
  since: null,
  infer([X, dY], attrs) {
    checkPoolGrad(dY.shape, X.shape, pooled(X, attrs));
    return X;
  },
  grad: ({ x: [X], dy: D, attrs }) => [null, maxPoolAt(X, D, attrs)],
});

/** Elements of D at the place of the largest element of each window of X.  dD = MaxPoolGrad. */
export const MaxPoolAt = op<PoolAttrs>({
  inputs: 2,
  since: null,
  infer([X, D], attrs) {
    if (!sameShape(X.shape, D.shape)) {
      throw new ShapeError(`D is ${formatShape(D.shape)}; it must have the shape of X, ${formatShape(X.shape)}`);
    }
    return { dtype: D.dtype, shape: pooled(X, attrs) };
  },
  grad: ({ x: [X], dy, attrs }) => [null, maxPoolGrad(X, dy, attrs)],
});

/** Average pooling has no dilation before opset 19. */
export type AveragePoolAttrs = Omit<PoolAttrs, "dilations"> & { count_include_pad: number };
export type AveragePoolGradAttrs = AveragePoolAttrs & { input_shape: Shape };
const undilated = (attrs: Omit<PoolAttrs, "dilations">): PoolAttrs => ({
  ...attrs,
  dilations: attrs.kernel_shape.map(() => 1),
});

/** Y = mean of each window.  dX = dY/count spread over the window: AveragePoolGrad. */
export const AveragePool = op<AveragePoolAttrs>({
  inputs: 1,
  since: 11,
  infer: ([X], attrs) => ({ dtype: X.dtype, shape: pooled(X, undilated(attrs)) }),
  grad: ({ x: [X], dy: dY, attrs }) => [averagePoolGrad(dY, X.shape, attrs)],
});

/** dX of average pooling from dY.  Linear: its gradient is AveragePool again. */
export const AveragePoolGrad = op<AveragePoolGradAttrs>({
  inputs: 1,
  since: null,
  infer([dY], { input_shape, ...attrs }) {
    checkPoolGrad(dY.shape, input_shape, pooled({ dtype: dY.dtype, shape: input_shape }, undilated(attrs)));
    return { dtype: dY.dtype, shape: input_shape };
  },
  grad: ({ dy: D, attrs: { input_shape: _, ...attrs } }) => [D.graph.add("AveragePool", [D], attrs)[0]!],
});

/** Y = mean over space, [N, C, 1, …].  dX = dY/size, repeated. */
export const GlobalAveragePool = op({
  inputs: 1,
  since: 1,
  infer([X]) {
    if (X.shape.length < 3) {
      throw new ShapeError(`input is ${formatShape(X.shape)}; it must be [N, C, spatial axes…]`);
    }
    return { dtype: X.dtype, shape: X.shape.map((dim, i) => (i < 2 ? dim : 1)) };
  },
  grad: ({ x: [X], dy: dY }) => [
    expand(
      div(
        dY,
        X.shape.slice(2).reduce((a, b) => a * b, 1),
      ),
      X.shape,
    ),
  ],
});

/** Y = largest element over space, [N, C, 1, …].  dX = dY at it, the first at a tie. */
export const GlobalMaxPool = op({
  inputs: 1,
  since: 1,
  infer([X]) {
    if (X.shape.length < 3) {
      throw new ShapeError(`input is ${formatShape(X.shape)}; it must be [N, C, spatial axes…]`);
    }
    return { dtype: X.dtype, shape: X.shape.map((dim, i) => (i < 2 ? dim : 1)) };
  },
  grad({ x: [X], dy: dY }) {
    const kernel = X.shape.slice(2);
    const ones = kernel.map(() => 1);
    const pads = [...kernel, ...kernel].map(() => 0);
    const attrs = { kernel_shape: kernel, strides: ones, pads, dilations: ones, ceil_mode: 0, storage_order: 0 };
    return [maxPoolGrad(X, dY, attrs)];
  },
});
