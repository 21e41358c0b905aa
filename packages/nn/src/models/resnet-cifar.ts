// The residual networks for small images of He et al. 2016, §4.2, with the shortcuts of its option A: where a stage
// halves the image and doubles the channels, the shortcut takes every second pixel and fills the new channels with
// zeros. Arrays are named as in the state_dict of github.com/akamaster/pytorch_resnet_cifar10, whose zeros stand half
// before and half after the old channels.
import {
  add,
  flatten,
  globalAveragePool,
  type Layout,
  pad,
  relu,
  type Shape,
  slice,
  type Value,
  type Values,
} from "@reprise/engine";
import { BatchNorms, batchNormBuffers, batchNormParameters, initialStatistics } from "../batch-norm.ts";
import { heNormal, initialize } from "../init.ts";
import { conv2d, conv2dParameters, linear, linearParameters } from "../layers.ts";
import type { Network } from "../network.ts";
import type { Recipe } from "../recipe.ts";

export interface ResNetCifarOptions {
  /** 6n + 2: 20, 32, 44, 56, … */
  readonly depth: number;
  /** K; 10 when absent. */
  readonly classes?: number;
  /** [3, 32, 32] when absent; sizes are halved twice, rounded up. */
  readonly inputShape?: Shape;
}

/** §4.2: 64,000 iterations of 128, a tenth at 32,000 and 48,000; in epochs as the reference implementation has them. */
const recipe: Recipe = {
  optimizer: "sgd",
  momentum: 0.9,
  weightDecay: 1e-4,
  epochs: 200,
  batchSize: 128,
  learningRate: 0.1,
  schedule: "step",
  milestones: [100, 150],
  source: "He et al. 2016, §4.2; epochs and milestones of akamaster/pytorch_resnet_cifar10",
};

/**
 * ResNet-20, 32, 44, 56, …: a convolution of 16 channels, three stages of n blocks with 16, 32 and 64, and a linear
 * layer on the mean of each channel. Named `resnet20` and so on.
 *
 * @throws RangeError when the depth is not 6n + 2
 */
export function resnetCifar({ depth, classes = 10, inputShape = [3, 32, 32] }: ResNetCifarOptions): Network {
  const n = (depth - 2) / 6;
  if (!Number.isInteger(n) || n < 1)
    throw new RangeError(`resnet${depth}: the depth must be 6n + 2, e.g. 20, 32, 44 or 56`);
  const stages = [16, 32, 64].flatMap((channels, stage) =>
    Array.from({ length: n }, (_, i) => ({
      name: `layer${stage + 1}.${i}`,
      inputs: i === 0 && stage > 0 ? channels / 2 : channels,
      channels,
    })),
  );
  const plain = { bias: false };
  const parameters: Layout = {
    ...conv2dParameters("conv1", inputShape[0]!, 16, 3, plain),
    ...batchNormParameters("bn1", 16),
    ...Object.assign(
      {},
      ...stages.map(({ name, inputs, channels }) => ({
        ...conv2dParameters(`${name}.conv1`, inputs, channels, 3, plain),
        ...batchNormParameters(`${name}.bn1`, channels),
        ...conv2dParameters(`${name}.conv2`, channels, channels, 3, plain),
        ...batchNormParameters(`${name}.bn2`, channels),
      })),
    ),
    ...linearParameters("linear", 64, classes),
  };
  const buffers = batchNormBuffers(parameters);
  return {
    name: `resnet${depth}`,
    summary: `residual network of ${depth} layers for 32×32 images, shortcuts without parameters`,
    inputShape,
    classes,
    parameters,
    buffers,
    init: (random) => initialize(parameters, random, { weight: heNormal }), // He et al. 2016, §4.2, after He et al. 2015
    initBuffers: () => initialStatistics(buffers),
    forward(p: Values, x: Value, context) {
      const norms = new BatchNorms(p, context);
      const convNorm = (name: string, which: number, h: Value, stride = 1) =>
        norms.apply(
          `${name}bn${which}`,
          conv2d(p, `${name}conv${which}`, h, { pads: [1, 1], strides: [stride, stride], ...plain }),
        );
      let h = relu(convNorm("", 1, x)); // [N, 16, 32, 32]
      for (const { name, inputs, channels } of stages) {
        const stride = inputs === channels ? 1 : 2;
        const inner = relu(convNorm(`${name}.`, 1, h, stride));
        h = relu(add(convNorm(`${name}.`, 2, inner), stride === 1 ? h : shortcut(h, channels)));
      }
      return norms.result(linear(p, "linear", flatten(globalAveragePool(h)))); // [N, 64, 8, 8] → [N, K]
    },
    recipe,
  };
}

/** Option A: every second pixel, zeros for the new channels. */
function shortcut(x: Value, channels: number): Value {
  const halved = slice(x, [
    { axis: 2, step: 2 },
    { axis: 3, step: 2 },
  ]);
  const zeros = (channels - x.shape[1]!) / 2;
  return pad(halved, [0, zeros, 0, 0], [0, zeros, 0, 0]);
}
