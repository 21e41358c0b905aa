// LeNet-5 (LeCun et al. 1998, §II.B) in the form in which it is trained today.
import { flatten, maxPool, relu } from "@reprise/engine";
import { initialize } from "../init.ts";
import { conv2d, conv2dParameters, linear, linearParameters } from "../layers.ts";
import type { Network } from "../network.ts";

/**
 * Two convolutions of 5×5 (6 and 16 channels), each with max pooling by 2, then 120, 84 and 10 units; 61,706 numbers.
 *
 * Departure: ReLU instead of scaled tanh, max pooling instead of trainable subsampling, every channel of `conv1`
 * feeding every one of `conv2`, softmax instead of RBF outputs, and 28×28 images padded by 2 instead of 32×32 ones.
 */
export const lenet: Network = (() => {
  const parameters = {
    ...conv2dParameters("conv1", 1, 6, 5),
    ...conv2dParameters("conv2", 6, 16, 5),
    ...linearParameters("fc1", 400, 120),
    ...linearParameters("fc2", 120, 84),
    ...linearParameters("fc3", 84, 10),
  };
  return {
    name: "lenet",
    summary: "LeNet-5 with ReLU and max pooling",
    inputShape: [1, 28, 28],
    classes: 10,
    parameters,
    init: (random) => initialize(parameters, random),
    forward(p, x) {
      let h = maxPool(relu(conv2d(p, "conv1", x, { pads: [2, 2] })), { kernel: [2, 2] }); // [N, 6, 14, 14]
      h = maxPool(relu(conv2d(p, "conv2", h)), { kernel: [2, 2] }); // [N, 16, 5, 5]
      h = relu(linear(p, "fc1", flatten(h)));
      h = relu(linear(p, "fc2", h));
      return { logits: linear(p, "fc3", h) };
    },
    recipe: {
      optimizer: "adam",
      epochs: 10,
      batchSize: 100,
      learningRate: 2e-3,
      schedule: "cosine",
      source: "ours, not yet run on all of MNIST",
    },
  };
})();
