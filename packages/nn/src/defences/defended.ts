// Networks trained so that flipped bits of their weights do less harm.
import { add, type Values } from "@reprise/engine";
import { type Network, type Weights, weightsByName } from "../network.ts";
import { binarise, binarised } from "./binarisation.ts";
import { piecewiseClustering } from "./piecewise-clustering.ts";

export const defenceNames = ["piecewise-clustering", "binarisation"] as const;

/** A defence in training, as plain data. */
export interface Defence {
  readonly kind: (typeof defenceNames)[number];
  /** λ of piecewise clustering; 1e-3 if left out, in the middle of what its paper tries. */
  readonly lambda?: number;
}

export interface DefendedNetwork extends Network {
  /** What the undefended network computes the same scores with: what is exported and attacked. */
  deployed(weights: Weights): Weights;
}

/**
 * The network with a defence in its training. Weights of convolutions and matrix products are defended, the first and the
 * last layer's among them; biases and batch normalisation are not.
 *
 * @throws RangeError for a λ that is not above 0, or one that the defence does not have
 */
export function defended(network: Network, { kind, lambda }: Defence): DefendedNetwork {
  const names = Object.entries(network.parameters)
    .filter(([, shape]) => shape.length > 1)
    .map(([name]) => name);
  if (kind === "piecewise-clustering") {
    const strength = lambda ?? 1e-3;
    if (!(strength > 0 && Number.isFinite(strength)))
      throw new RangeError(`piecewise clustering: λ is ${strength}; expected a number above 0`);
    return {
      ...network,
      penalty(p) {
        const clustering = piecewiseClustering(
          names.map((name) => p[name]!),
          strength,
        );
        return network.penalty ? add(network.penalty(p), clustering) : clustering;
      },
      deployed: (weights) => weights,
    };
  }
  if (lambda !== undefined) throw new RangeError(`binarisation: λ is ${lambda}; it has none`);
  return {
    ...network,
    forward(p, x, context) {
      const signs = Object.fromEntries(names.map((name) => [name, binarised(p[name]!)]));
      return network.forward({ ...p, ...signs } as Values, x, context);
    },
    deployed(weights) {
      const { parameters } = weightsByName(network, weights);
      const flat = Object.entries(parameters).map(([name, { data }]) => (names.includes(name) ? binarise(data) : data));
      return { ...weights, parameters: Float32Array.from(flat.flatMap((data) => [...data])) };
    },
  };
}
