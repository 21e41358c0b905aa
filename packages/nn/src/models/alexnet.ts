// AlexNet in the one-tower form of Krizhevsky 2014 ("One weird trick for parallelizing convolutional neural networks"),
// arrays named as in torchvision's state_dict.
import { flatten, maxPool, relu, type Shape, type Value, type Values } from "@reprise/engine";
import { adaptiveAveragePool } from "../adaptive-pool.ts";
import { initialize } from "../init.ts";
import { conv2d, conv2dParameters, dropout, linear, linearParameters } from "../layers.ts";
import type { Network } from "../network.ts";
import type { Recipe } from "../recipe.ts";

export interface AlexNetOptions {
  /** K; 1000 when absent. */
  readonly classes?: number;
  /** [3, 224, 224] when absent; any size from 63 up. */
  readonly inputShape?: Shape;
  /** Of each of the two hidden linear layers; 4096 when absent. Less for small data sets. */
  readonly units?: number;
}

const recipe: Recipe = {
  optimizer: "sgd",
  momentum: 0.9,
  weightDecay: 1e-4,
  epochs: 90,
  batchSize: 256,
  learningRate: 0.01,
  schedule: "step",
  milestones: [30, 60],
  source: "torchvision's reference training of AlexNet",
};

const convolutions = [
  { name: "features.0", outputs: 64, size: 11, stride: 4, pad: 2, pool: true },
  { name: "features.3", outputs: 192, size: 5, stride: 1, pad: 2, pool: true },
  { name: "features.6", outputs: 384, size: 3, stride: 1, pad: 1, pool: false },
  { name: "features.8", outputs: 256, size: 3, stride: 1, pad: 1, pool: false },
  { name: "features.10", outputs: 256, size: 3, stride: 1, pad: 1, pool: true },
];
const FLAT = 256 * 6 * 6;
const DROP = 0.5;

/** Five convolutions and three linear layers; local response normalisation is left out, as in torchvision. */
export function alexnet({ classes = 1000, inputShape = [3, 224, 224], units = 4096 }: AlexNetOptions = {}): Network {
  const inputs = [inputShape[0]!, ...convolutions.map(({ outputs }) => outputs)];
  const parameters = {
    ...Object.assign(
      {},
      ...convolutions.map(({ name, outputs, size }, i) => conv2dParameters(name, inputs[i]!, outputs, size)),
    ),
    ...linearParameters("classifier.1", FLAT, units),
    ...linearParameters("classifier.4", units, units),
    ...linearParameters("classifier.6", units, classes),
  };
  return {
    name: "alexnet",
    summary: "AlexNet in one tower, without response normalisation",
    inputShape,
    classes,
    parameters,
    noise: { "classifier.0": [FLAT], "classifier.3": [units] },
    init: (random) => initialize(parameters, random),
    forward(p: Values, x: Value, { training = false, noise = {} } = {}) {
      const drop = (name: string, h: Value) => (training ? dropout(h, noise[name]!, { rate: DROP }) : h);
      let h = x;
      for (const { name, stride, pad, pool } of convolutions) {
        h = relu(conv2d(p, name, h, { strides: [stride, stride], pads: [pad, pad] }));
        if (pool) h = maxPool(h, { kernel: [3, 3], strides: [2, 2] });
      }
      h = flatten(adaptiveAveragePool(h, [6, 6])); // [N, 256, 6, 6] → [N, 9216]
      h = relu(linear(p, "classifier.1", drop("classifier.0", h)));
      h = relu(linear(p, "classifier.4", drop("classifier.3", h)));
      return { logits: linear(p, "classifier.6", h) };
    },
    recipe,
  };
}
