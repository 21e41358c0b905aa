// The networks of Simonyan and Zisserman 2015, Table 1, with and without batch normalisation, arrays named as in
// torchvision's state_dict.
import { flatten, type Layout, maxPool, relu, type Shape, type Value, type Values } from "@reprise/engine";
import { adaptiveAveragePool } from "../adaptive-pool.ts";
import { BatchNorms, batchNormBuffers, batchNormParameters, initialStatistics } from "../batch-norm.ts";
import { heNormalFanOut, initialize, joined, normal, zeros } from "../init.ts";
import { conv2d, conv2dParameters, dropout, linear, linearParameters } from "../layers.ts";
import type { Network } from "../network.ts";
import type { Recipe } from "../recipe.ts";

export interface VggOptions {
  readonly depth: 11 | 13 | 16 | 19;
  /** After each convolution; false when absent. */
  readonly batchNorm?: boolean;
  /** K; 1000 when absent. */
  readonly classes?: number;
  /** [3, 224, 224] when absent; any size from 32 up. */
  readonly inputShape?: Shape;
  /** Of each of the two hidden linear layers; 4096 when absent. Less for small data sets. */
  readonly units?: number;
}

/** Convolutions of each of the five stages: columns A, B, D and E of Table 1. */
const depths: Readonly<Record<VggOptions["depth"], readonly number[]>> = {
  11: [1, 1, 2, 2, 2],
  13: [2, 2, 2, 2, 2],
  16: [2, 2, 3, 3, 3],
  19: [2, 2, 4, 4, 4],
};
const widths = [64, 128, 256, 512, 512];
const FLAT = 512 * 7 * 7;
const DROP = 0.5;

const recipe: Recipe = {
  optimizer: "sgd",
  momentum: 0.9,
  weightDecay: 5e-4,
  epochs: 74,
  batchSize: 256,
  learningRate: 0.01,
  schedule: "step",
  milestones: [37, 55, 70], // the paper lowers it three times, when the validation accuracy stalls; the places are ours
  source: "Simonyan and Zisserman 2015, §3.1; milestones ours",
};

type Step = { readonly conv: string; readonly norm: string; readonly outputs: number } | "pool";

/**
 * VGG-11, 13, 16 and 19 (`vgg16`, with batch normalisation `vgg16-bn`): 3×3 convolutions in five stages, each ended by
 * max pooling, then three linear layers.
 *
 * @throws RangeError when there is no network of this depth
 */
export function vgg({
  depth,
  batchNorm = false,
  classes = 1000,
  inputShape = [3, 224, 224],
  units = 4096,
}: VggOptions): Network {
  const counts = depths[depth];
  if (!counts) throw new RangeError(`vgg${depth}: the depth must be one of ${Object.keys(depths).join(", ")}`);
  const steps = stepsOf(counts, batchNorm);
  let inputs = inputShape[0]!;
  const features: Record<string, readonly number[]> = {};
  for (const step of steps) {
    if (step === "pool") continue;
    Object.assign(features, conv2dParameters(step.conv, inputs, step.outputs, 3));
    if (batchNorm) Object.assign(features, batchNormParameters(step.norm, step.outputs));
    inputs = step.outputs;
  }
  const classifier: Layout = {
    ...linearParameters("classifier.0", FLAT, units),
    ...linearParameters("classifier.3", units, units),
    ...linearParameters("classifier.6", units, classes),
  };
  const parameters = { ...features, ...classifier };
  const buffers = batchNormBuffers(features);
  return {
    name: `vgg${depth}${batchNorm ? "-bn" : ""}`,
    summary: `VGG of ${depth} layers${batchNorm ? " with batch normalisation" : ""}`,
    inputShape,
    classes,
    parameters,
    ...(batchNorm ? { buffers, initBuffers: () => initialStatistics(buffers) } : {}),
    noise: { "classifier.2": [units], "classifier.5": [units] },
    init: (random) =>
      joined(
        initialize(features, random, { weight: heNormalFanOut, bias: zeros }),
        initialize(classifier, random, { weight: normal(0.01), bias: zeros }),
      ),
    forward(p: Values, x: Value, context = {}) {
      const { training = false, noise = {} } = context;
      const norms = new BatchNorms(p, context);
      const drop = (name: string, h: Value) => (training ? dropout(h, noise[name]!, { rate: DROP }) : h);
      let h = x;
      for (const step of steps) {
        if (step === "pool") {
          h = maxPool(h, { kernel: [2, 2] });
          continue;
        }
        h = conv2d(p, step.conv, h, { pads: [1, 1] });
        h = relu(batchNorm ? norms.apply(step.norm, h) : h);
      }
      h = flatten(adaptiveAveragePool(h, [7, 7])); // [N, 512, 7, 7] → [N, 25088]
      h = drop("classifier.2", relu(linear(p, "classifier.0", h)));
      h = drop("classifier.5", relu(linear(p, "classifier.3", h)));
      const logits = linear(p, "classifier.6", h);
      return batchNorm ? norms.result(logits) : { logits };
    },
    recipe,
  };
}

/** The layers in order; torchvision numbers every module, also those without parameters. */
function stepsOf(counts: readonly number[], batchNorm: boolean): Step[] {
  let module = 0;
  return counts.flatMap((count, stage) => {
    const convolutions = Array.from({ length: count }, (): Step => {
      const conv = module;
      module += batchNorm ? 3 : 2; // convolution, normalisation, ReLU
      return { conv: `features.${conv}`, norm: `features.${conv + 1}`, outputs: widths[stage]! };
    });
    module++;
    return [...convolutions, "pool" as const];
  });
}
