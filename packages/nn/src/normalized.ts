// Networks that take images in [0, 1] as files give them: the normalisation of each channel is a part of the graph, so
// that training, evaluation and the exported file agree on it.
import { div, formatShape, ShapeError, sub, type Tensor, tensor, type Value } from "@reprise/engine";
import type { Network } from "./network.ts";

/** One number for each channel, of images in [0, 1]. */
export interface ChannelStatistics {
  readonly mean: readonly number[];
  /** All above 0. */
  readonly deviation: readonly number[];
}

/** Of ImageNet's training images, by which torchvision's weights and those of akamaster's CIFAR ResNets are normalised. */
export const imageNetStatistics: ChannelStatistics = {
  mean: [0.485, 0.456, 0.406],
  deviation: [0.229, 0.224, 0.225],
};

/**
 * The network behind (x − mean) / deviation; names and weights stay the same.
 *
 * @throws RangeError when there is not one mean and one deviation above 0 for each channel
 */
export function normalized(network: Network, { mean, deviation }: ChannelStatistics): Network {
  const [C = 0, ...space] = network.inputShape;
  if (mean.length !== C || deviation.length !== C || !mean.every(Number.isFinite) || !deviation.every((d) => d > 0)) {
    throw new RangeError(
      `${network.name}: mean ${mean.join(", ")} and deviation ${deviation.join(", ")} for ${C} channels; expected one number for each, deviations above 0`,
    );
  }
  const column = (x: Value, values: readonly number[]) =>
    x.graph.constant(tensor("float32", [C, ...space.map(() => 1)], values));
  return {
    ...network,
    forward: (p, x, context) => network.forward(p, div(sub(x, column(x, mean)), column(x, deviation)), context),
  };
}

/**
 * Mean and standard deviation of each channel over all images. A channel of one value has deviation 1, which leaves it.
 *
 * @param images  [N, C, H, W], at least one
 */
export function channelStatistics({ shape, data }: Tensor<"float32">): ChannelStatistics {
  const [N, C, H, W] = shape as [number, number, number, number];
  if (shape.length !== 4 || data.length === 0)
    throw new ShapeError(`channel statistics: images are ${formatShape(shape)}; expected [N, C, H, W]`);
  const plane = H * W;
  const [mean, deviation] = [new Array<number>(C).fill(0), new Array<number>(C).fill(0)];
  const each = (add: (c: number, value: number) => void) => {
    for (let i = 0; i < data.length; i++) add(Math.floor(i / plane) % C, data[i]!);
  };
  each((c, value) => {
    mean[c]! += value / (N * plane);
  });
  each((c, value) => {
    deviation[c]! += (value - mean[c]!) ** 2 / (N * plane);
  });
  return { mean, deviation: deviation.map((variance) => Math.sqrt(variance) || 1) };
}
