// The residual networks for large images of He et al. 2016, §4.1, Table 1, arrays named as in torchvision's state_dict.
import type { Random } from "@reprise/data";
import {
  add,
  flatten,
  globalAveragePool,
  type Layout,
  maxPool,
  relu,
  type Shape,
  type Value,
  type Values,
} from "@reprise/engine";
import { BatchNorms, batchNormBuffers, batchNormParameters, initialStatistics } from "../batch-norm.ts";
import { heNormalFanOut, initialize, joined } from "../init.ts";
import { conv2d, conv2dParameters, linear, linearParameters } from "../layers.ts";
import type { Network } from "../network.ts";
import type { Recipe } from "../recipe.ts";

export interface ResNetOptions {
  readonly depth: 18 | 34 | 50 | 101;
  /** K; 1000 when absent. */
  readonly classes?: number;
  /** [3, 224, 224] when absent; any size from 32 up. */
  readonly inputShape?: Shape;
}

/** Blocks of each stage, and whether they are bottlenecks 1×1, 3×3, 1×1. */
const depths: Readonly<Record<ResNetOptions["depth"], { blocks: readonly number[]; bottleneck: boolean }>> = {
  18: { blocks: [2, 2, 2, 2], bottleneck: false },
  34: { blocks: [3, 4, 6, 3], bottleneck: false },
  50: { blocks: [3, 4, 6, 3], bottleneck: true },
  101: { blocks: [3, 4, 23, 3], bottleneck: true },
};
/** A bottleneck's output has four times the channels of its 3×3 convolution. */
const EXPANSION = 4;

/** §3.4 gives rate, momentum, decay and batch, the rate falling when the error stalls; the epochs are torchvision's. */
const recipe: Recipe = {
  optimizer: "sgd",
  momentum: 0.9,
  weightDecay: 1e-4,
  epochs: 90,
  batchSize: 256,
  learningRate: 0.1,
  schedule: "step",
  milestones: [30, 60],
  source: "He et al. 2016, §3.4; epochs and milestones of torchvision's reference training",
};

interface Convolution {
  readonly conv: string;
  readonly norm: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly size: number;
  readonly stride: number;
}
interface Block {
  readonly name: string;
  readonly body: readonly Convolution[];
  /** The 1×1 convolution on the shortcut where shapes differ. */
  readonly downsample?: Convolution;
}

/**
 * ResNet-18, 34, 50 and 101. The stride of a bottleneck stands in its 3×3 convolution, as in torchvision.
 *
 * Departure: the paper puts it in the first 1×1 convolution; published weights are for this form, which torchvision
 * calls "ResNet V1.5".
 *
 * @throws RangeError when there is no network of this depth
 */
export function resnet({ depth, classes = 1000, inputShape = [3, 224, 224] }: ResNetOptions): Network {
  const trunk = resnetTrunk({ depth, channels: inputShape[0]! });
  const head = linearParameters("fc", trunk.features, classes);
  const parameters = { ...trunk.parameters, ...head };
  const buffers = batchNormBuffers(parameters);
  return {
    name: `resnet${depth}`,
    summary: `residual network of ${depth} layers${depths[depth].bottleneck ? " in bottlenecks" : ""} for 224×224 images`,
    inputShape,
    classes,
    parameters,
    buffers,
    init: (random) => joined(trunk.init(random), initialize(head, random)),
    initBuffers: () => initialStatistics(buffers),
    forward(p: Values, x: Value, context) {
      const norms = new BatchNorms(p, context);
      return norms.result(linear(p, "fc", flatten(globalAveragePool(trunk.forward(p, x, norms)))));
    },
    recipe,
  };
}

/** The convolutions of a residual network without its classifier: images → feature maps. */
export interface ResNetTrunk {
  /** Channels of the feature maps. */
  readonly features: number;
  readonly parameters: Layout;
  init(random: Random): Float32Array;
  /** @param x  [N, C, H, W] @returns [N, features, h, w] */
  forward(parameters: Values, x: Value, norms: Pick<BatchNorms, "apply">): Value;
}

/**
 * A residual network as far as one of its blocks.
 *
 * @param last  the block that it ends with, e.g. "layer3.2", conv4c of ResNet-50; the last of all if left out
 * @throws RangeError when there is no network of this depth, or no such block
 */
export function resnetTrunk({
  depth,
  channels = 3,
  last,
}: {
  readonly depth: ResNetOptions["depth"];
  readonly channels?: number;
  readonly last?: string;
}): ResNetTrunk {
  const kind = depths[depth];
  if (!kind) throw new RangeError(`resnet${depth}: the depth must be one of ${Object.keys(depths).join(", ")}`);
  const stem: Convolution = { conv: "conv1", norm: "bn1", inputs: channels, outputs: 64, size: 7, stride: 2 };
  const all = blocksOf(kind.blocks, kind.bottleneck);
  const end = last === undefined ? all.length : all.findIndex(({ name }) => name === last) + 1;
  if (end === 0)
    throw new RangeError(`resnet${depth}: there is no block "${last}"; the last one is ${all.at(-1)!.name}`);
  const blocks = all.slice(0, end);
  const convolutions = [
    stem,
    ...blocks.flatMap(({ body, downsample }) => [...body, ...(downsample ? [downsample] : [])]),
  ];
  const parameters: Layout = Object.assign(
    {},
    ...convolutions.map(({ conv, norm, inputs, outputs, size }) => ({
      ...conv2dParameters(conv, inputs, outputs, size, { bias: false }),
      ...batchNormParameters(norm, outputs),
    })),
  );
  return {
    features: blocks.at(-1)!.body.at(-1)!.outputs,
    parameters,
    init: (random) => initialize(parameters, random, { weight: heNormalFanOut }),
    forward(p, x, norms) {
      const convNorm = ({ conv, norm, size, stride }: Convolution, h: Value) => {
        const side = (size - 1) / 2;
        return norms.apply(norm, conv2d(p, conv, h, { pads: [side, side], strides: [stride, stride], bias: false }));
      };
      let h = relu(convNorm(stem, x)); // [N, 64, H/2, W/2]
      h = maxPool(h, { kernel: [3, 3], strides: [2, 2], pads: [1, 1] }); // [N, 64, H/4, W/4]
      for (const { body, downsample } of blocks) {
        let inner = h;
        for (const [i, layer] of body.entries()) inner = i > 0 ? convNorm(layer, relu(inner)) : convNorm(layer, inner);
        h = relu(add(inner, downsample ? convNorm(downsample, h) : h));
      }
      return h;
    },
  };
}

function blocksOf(counts: readonly number[], bottleneck: boolean): Block[] {
  let inputs = 64;
  return counts.flatMap((count, stage) =>
    Array.from({ length: count }, (_, i): Block => {
      const name = `layer${stage + 1}.${i}`;
      const width = 64 * 2 ** stage;
      const outputs = bottleneck ? EXPANSION * width : width;
      const stride = stage > 0 && i === 0 ? 2 : 1;
      const layers = bottleneck
        ? [
            { outputs: width, size: 1, stride: 1 },
            { outputs: width, size: 3, stride },
            { outputs, size: 1, stride: 1 },
          ]
        : [
            { outputs: width, size: 3, stride },
            { outputs, size: 3, stride: 1 },
          ];
      const entered = inputs;
      let last = inputs;
      const body = layers.map((layer, k): Convolution => {
        const from = last;
        last = layer.outputs;
        return { conv: `${name}.conv${k + 1}`, norm: `${name}.bn${k + 1}`, inputs: from, ...layer };
      });
      inputs = outputs;
      if (stride === 1 && entered === outputs) return { name, body };
      const [conv, norm] = [`${name}.downsample.0`, `${name}.downsample.1`];
      return { name, body, downsample: { conv, norm, inputs: entered, outputs, size: 1, stride } };
    }),
  );
}
