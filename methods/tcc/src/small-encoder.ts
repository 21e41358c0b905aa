// The default encoder: small enough to learn in minutes on two cores.
import { groupNorm, type Layout, maxPool, reduceMax, relu, reshape, type Value, type Values } from "@reprise/engine";
import { conv2d, conv2dParameters, heNormal, initialize, linear, linearParameters, zeros } from "@reprise/nn";
import { conv3dOverContext } from "./context-convolution.ts";
import { type EncoderSpec, inputShapeOf, type PlainEncoder } from "./encoder-spec.ts";
import { unitLength } from "./unit-length.ts";

/** Channels of the small encoder: the authors' VGG-M at a quarter of its width. */
const channels = [16, 32, 64, 128] as const;
const groups = 8;
const hidden = 128;

/**
 * The default: four convolutions on each frame, two 3-D ones over the context, the largest of each channel over time and
 * space, three linear layers. Departure: GroupNorm instead of BatchNorm and embeddings of length 1, with which a few
 * videos a step and minutes are enough.
 */
export function small(spec: EncoderSpec): PlainEncoder {
  const [C] = inputShapeOf(spec) as [number, number, number];
  const K = channels[3];
  const norm = (name: string, of: number): Layout => ({ [`${name}.weight`]: [of], [`${name}.bias`]: [of] });
  const parameters: Layout = {
    ...conv2dParameters("conv1", C, channels[0], 7),
    ...norm("norm1", channels[0]),
    ...conv2dParameters("conv2", channels[0], channels[1], 3),
    ...norm("norm2", channels[1]),
    ...conv2dParameters("conv3", channels[1], channels[2], 3),
    ...norm("norm3", channels[2]),
    ...conv2dParameters("conv4", channels[2], K, 3),
    ...norm("norm4", K),
    "context1.weight": [K, K, 3, 3, 3],
    "context1.bias": [K],
    ...norm("norm5", K),
    "context2.weight": [K, K, 3, 3, 3],
    "context2.bias": [K],
    ...norm("norm6", K),
    ...linearParameters("fc1", K, hidden),
    ...linearParameters("fc2", hidden, hidden),
    ...linearParameters("embedding", hidden, spec.dimensions),
  };
  const normalised = (p: Values, name: string, x: Value) =>
    relu(groupNorm(x, { scale: p[`${name}.weight`]!, bias: p[`${name}.bias`]! }, { groups }));
  const frames = (p: Values, x: Value): Value => {
    let y = normalised(p, "norm1", conv2d(p, "conv1", x, { strides: [2, 2], pads: [3, 3] }));
    y = maxPool(y, { kernel: [2, 2] });
    y = normalised(p, "norm2", conv2d(p, "conv2", y, { pads: [1, 1] }));
    y = maxPool(y, { kernel: [2, 2] });
    y = normalised(p, "norm3", conv2d(p, "conv3", y, { pads: [1, 1] }));
    y = maxPool(y, { kernel: [2, 2] });
    return normalised(p, "norm4", conv2d(p, "conv4", y, { pads: [1, 1] })); // [M, K, h, w]
  };
  const join = (p: Values, features: Value): Value => {
    const [F, k, , h, w] = features.shape as [number, number, number, number, number];
    // In time-major channels a convolution over time and space is one over space.
    const overContext = (name: string, norm: string, z: Value) => {
      const flat = conv3dOverContext(reshape(z, [F, k * K, h, w]), p[`${name}.weight`]!, p[`${name}.bias`]!, k);
      return normalised(p, norm, reshape(flat, [F * k, K, h, w]));
    };
    let y = overContext("context2", "norm6", overContext("context1", "norm5", features));
    y = reduceMax(reshape(y, [F, k, K, h * w]), { axes: [1, 3] });
    y = relu(linear(p, "fc2", relu(linear(p, "fc1", y))));
    return unitLength(linear(p, "embedding", y));
  };
  return {
    spec,
    parameters,
    init: (random) => initialize(parameters, random, { weight: heNormal, bias: zeros }),
    parts: { frames, join },
    forward(p, x) {
      const [F, k] = x.shape as [number, number];
      const each = frames(p, reshape(x, [F * k, ...x.shape.slice(2)]));
      return join(p, reshape(each, [F, k, ...each.shape.slice(1)]));
    },
  };
}
