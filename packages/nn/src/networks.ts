// The networks by the names that the command line and the site use.
import { lenet } from "./models/lenet.ts";
import { mlp } from "./models/mlp.ts";
import { softmaxRegression } from "./models/softmax.ts";
import type { Network } from "./network.ts";

const lambda = [1e-5, 1e-5, 1e-6]; // Szegedy et al. 2013, Table 1

/** Every network with a name of its own. */
export const networks: readonly Network[] = [
  softmaxRegression(1e-4, { name: "fc10-1e-4" }), // Szegedy et al. 2013, Table 1
  softmaxRegression(1e-2, { name: "fc10-1e-2" }), // Table 1
  softmaxRegression(1, { name: "fc10-1" }), // Table 1
  mlp({ units: [100, 100, 10], lambda }), // Table 1
  mlp({ units: [200, 200, 10], lambda }), // Table 1
  mlp({ units: [123, 456, 10], lambda }), // Table 3; its λ is not in the paper, we take that of FC100-100-10
  lenet,
];

/**
 * A network by name.
 *
 * @throws Error listing the names, when there is none of this name
 */
export function networkByName(name: string): Network {
  const found = networks.find((network) => network.name === name.toLowerCase());
  if (found) return found;
  throw new Error(
    `network "${name}" is not known; choose one of ${networks.map((network) => network.name).join(", ")}`,
  );
}
