// Encoders: frames with their context → embeddings. Layouts and graphs; weights come from outside.
import type { Random } from "@reprise/data";
import {
  add,
  concat,
  conv,
  div,
  groupNorm,
  type Layout,
  maxPool,
  mul,
  reduceMax,
  reduceSumSquare,
  relu,
  reshape,
  slice,
  sqrt,
  sub,
  type Value,
  type Values,
} from "@reprise/engine";
import { conv2d, conv2dParameters, heNormal, initialize, linear, linearParameters, zeros } from "@reprise/nn";

/** An encoder as plain data: what a model file keeps. */
export interface EncoderSpec {
  readonly kind: "mlp" | "small";
  /** Of one frame: [F], or [C, H, W] after scaling. */
  readonly frameShape: readonly number[];
  /** Frames seen at once: this one and those before it. */
  readonly context: number;
  /** Frames between them. */
  readonly contextStride: number;
  /** Of the embedding. */
  readonly dimensions: number;
  /** Of features: subtracted and divided by. */
  readonly mean?: readonly number[];
  readonly scale?: readonly number[];
}

export interface Encoder {
  readonly spec: EncoderSpec;
  readonly parameters: Layout;
  init(random: Random): Float32Array;
  /** x [F, context, …frameShape], the frame itself last → embeddings of length 1 [F, dimensions]. */
  forward(parameters: Values, x: Value): Value;
}

/** Channels of the small encoder: the authors' VGG-M at a quarter of its width. */
const channels = [16, 32, 64, 128] as const;
const groups = 8;
const hidden = 128;

export const encoderOf = (spec: EncoderSpec): Encoder => (spec.kind === "mlp" ? mlp(spec) : small(spec));

/** Two hidden layers on the features of all frames in context, for poses and sensors. */
function mlp(spec: EncoderSpec): Encoder {
  const [F] = spec.frameShape as [number];
  const parameters = {
    ...linearParameters("fc1", F * spec.context, hidden),
    ...linearParameters("fc2", hidden, hidden),
    ...linearParameters("fc3", hidden, spec.dimensions),
  };
  return {
    spec,
    parameters,
    init: (random) => initialize(parameters, random, { weight: heNormal, bias: zeros }),
    forward(p, x) {
      const constants = (numbers: readonly number[]) =>
        x.graph.constant({ dtype: "float32", shape: [F], data: Float32Array.from(numbers) });
      const { mean, scale } = spec;
      const normal = mean && scale ? div(sub(x, constants(mean)), constants(scale)) : x;
      const flat = reshape(normal, [x.shape[0]!, spec.context * F]);
      return unitLength(linear(p, "fc3", relu(linear(p, "fc2", relu(linear(p, "fc1", flat))))));
    },
  };
}

/**
 * The default: four convolutions on each frame, two 3-D ones over the context, the largest of each channel over time and
 * space, three linear layers. Departure: GroupNorm instead of BatchNorm and embeddings of length 1, with which a few
 * videos a step and minutes are enough.
 */
function small(spec: EncoderSpec): Encoder {
  const [C] = spec.frameShape as [number, number, number];
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
  return {
    spec,
    parameters,
    init: (random) => initialize(parameters, random, { weight: heNormal, bias: zeros }),
    forward(p, x) {
      const [F, k] = x.shape as [number, number];
      let y = reshape(x, [F * k, ...spec.frameShape]);
      y = normalised(p, "norm1", conv2d(p, "conv1", y, { strides: [2, 2], pads: [3, 3] }));
      y = maxPool(y, { kernel: [2, 2] });
      y = normalised(p, "norm2", conv2d(p, "conv2", y, { pads: [1, 1] }));
      y = maxPool(y, { kernel: [2, 2] });
      y = normalised(p, "norm3", conv2d(p, "conv3", y, { pads: [1, 1] }));
      y = maxPool(y, { kernel: [2, 2] });
      y = normalised(p, "norm4", conv2d(p, "conv4", y, { pads: [1, 1] })); // [F·k, K, h, w]
      const [, , h, w] = y.shape as [number, number, number, number];
      // In time-major channels a convolution over time and space is one over space.
      const overContext = (name: string, norm: string, z: Value) => {
        const flat = conv3dOverContext(reshape(z, [F, k * K, h, w]), p[`${name}.weight`]!, p[`${name}.bias`]!, k);
        return normalised(p, norm, reshape(flat, [F * k, K, h, w]));
      };
      y = overContext("context2", "norm6", overContext("context1", "norm5", y));
      y = reduceMax(reshape(y, [F, k, K, h * w]), { axes: [1, 3] });
      y = relu(linear(p, "fc2", relu(linear(p, "fc1", y))));
      return unitLength(linear(p, "embedding", y));
    },
  };
}

/**
 * A 3×3×3 convolution that keeps the size, as one over space: x [N, k·C, H, W] with the k frames one after the other,
 * W [K, C, 3, 3, 3] → [N, k·K, H, W]. Frame t of the result sees frame s of the input by the tap s − t + 1.
 */
export function conv3dOverContext(x: Value, W: Value, bias: Value, k: number): Value {
  const [K, C] = W.shape as [number, number];
  const tap = (i: number) => reshape(slice(W, [{ axis: 2, start: i, end: i + 1 }]), [K, C, 3, 3]);
  const nothing = () => mul(tap(0), 0);
  const rows = Array.from({ length: k }, (_, t) =>
    concat(
      Array.from({ length: k }, (_, s) => (Math.abs(s - t) <= 1 ? tap(s - t + 1) : nothing())),
      1,
    ),
  );
  const biases = concat(
    Array.from({ length: k }, () => bias),
    0,
  );
  return conv(x, concat(rows, 0), biases, { pads: [1, 1] });
}

/** x/√(‖x‖² + ε): smooth at 0, where a network may start. */
const unitLength = (x: Value): Value => div(x, sqrt(add(reduceSumSquare(x, { axes: [-1], keepDims: true }), 1e-12)));
