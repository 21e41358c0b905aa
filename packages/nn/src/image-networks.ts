// Classifiers of colour images by name, for any number of classes and any size of image that they take.
import type { Shape } from "@reprise/engine";
import { alexnet } from "./models/alexnet.ts";
import { resnet } from "./models/resnet.ts";
import { resnetCifar } from "./models/resnet-cifar.ts";
import { vgg } from "./models/vgg.ts";
import type { Network } from "./network.ts";

export interface ImageNetworkOptions {
  /** K; that of the published network when absent. */
  readonly classes?: number;
  /** [C, H, W]; that of the published network when absent. */
  readonly inputShape?: Shape;
}

const builders: Readonly<Record<string, (options: ImageNetworkOptions) => Network>> = {
  ...byDepth("resnet", [20, 32, 44, 56], (depth) => (options) => resnetCifar({ depth, ...options })),
  ...byDepth("resnet", [18, 34, 50, 101] as const, (depth) => (options) => resnet({ depth, ...options })),
  alexnet,
  ...byDepth("vgg", [11, 13, 16, 19] as const, (depth) => (options) => vgg({ depth, ...options })),
  ...byDepth(
    "vgg",
    [11, 13, 16, 19] as const,
    (depth) => (options) => vgg({ depth, batchNorm: true, ...options }),
    "-bn",
  ),
};

/** resnet20 … resnet101, alexnet, vgg11 … vgg19-bn. */
export const imageNetworkNames: readonly string[] = Object.keys(builders);

/**
 * An image classifier by name.
 *
 * @throws Error listing the names, when the name is not known
 */
export function imageNetwork(name: string, options: ImageNetworkOptions = {}): Network {
  const key = name.toLowerCase();
  if (Object.hasOwn(builders, key)) return builders[key]!(options);
  throw new Error(`network "${name}" is not known; choose one of ${imageNetworkNames.join(", ")}`);
}

function byDepth<D extends number>(
  family: string,
  depths: readonly D[],
  build: (depth: D) => (options: ImageNetworkOptions) => Network,
  suffix = "",
): Record<string, (options: ImageNetworkOptions) => Network> {
  return Object.fromEntries(depths.map((depth) => [`${family}${depth}${suffix}`, build(depth)]));
}
