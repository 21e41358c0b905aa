// The networks that come with the paper's page, opened by name.
import { type OnnxClassifier, type OnnxClassifierOptions, onnxClassifier } from "@reprise/adversarial";
import type { Runtime } from "@reprise/engine";

/** An entry of models.json. */
export interface ShippedModel {
  readonly file: string;
  readonly network: string;
  readonly command: string;
  readonly seed: number;
  /** Share of MNIST's test set that it gets wrong, in [0, 1]. */
  readonly testError: number;
}

/** Where the shipped networks come from and run. */
export interface Shelf {
  readonly runtime: Runtime;
  readonly models: readonly ShippedModel[];
  /** The bytes of one of them. */
  readonly loadModel: (file: string) => Promise<Uint8Array>;
}

/** @throws Error when there is none of that name */
export function shippedModel({ models }: Pick<Shelf, "models">, name: string): ShippedModel {
  const found = models.find((model) => model.network === name);
  if (found) return found;
  throw new Error(
    `the network ${name} is not among the shipped ones: ${models.map((model) => model.network).join(", ")}`,
  );
}

/** Opens a shipped network. Release it. */
export async function openShipped(
  shelf: Shelf,
  name: string,
  options: Pick<OnnxClassifierOptions, "batchSizes" | "sharpness">,
): Promise<OnnxClassifier> {
  const { file } = shippedModel(shelf, name);
  return onnxClassifier(shelf.runtime, await shelf.loadModel(file), { name: file, ...options });
}
