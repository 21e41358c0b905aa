// A network of the tables, trained by its recipe and written as ONNX.
import type { LabelledImages } from "@reprise/data";
import type { Runtime } from "@reprise/engine";
import {
  autoencoderNetwork,
  exportNetwork,
  isMlp,
  networkByName,
  type Recipe,
  trainAutoencoder,
  trainClassifier,
} from "@reprise/nn";
import type { PlannedNetwork } from "./plan.ts";

export interface TrainPlannedOptions {
  readonly examples: LabelledImages;
  readonly seed: number;
  /** Replaces settings of the network's recipe. */
  readonly recipe?: Partial<Recipe> | undefined;
  /** Share of the steps done, in [0, 1]. */
  readonly onProgress: (share: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** The settings that a network is trained with, as plain data. */
export function recipeOf(
  { network }: PlannedNetwork,
  changes: Partial<Recipe> = {},
): Readonly<Record<string, unknown>> {
  const changed = (recipe: Recipe) => ({ ...recipe, ...changes });
  if (network !== "ae400-10") {
    const known = networkByName(network);
    return { recipe: changed(known.recipe), lambda: isMlp(known) ? known.lambda : null };
  }
  const { encoding, sparsity, lambda, network: whole } = autoencoderNetwork();
  return { encoding: changed(encoding), sparsity, recipe: changed(whole.recipe), lambda };
}

/** The bytes of the trained network as ONNX. @throws as `trainClassifier` */
export async function trainPlanned(
  runtime: Runtime,
  planned: PlannedNetwork,
  { examples, seed, recipe: changes = {}, onProgress, signal }: TrainPlannedOptions,
): Promise<Uint8Array> {
  const metadata = { seed: String(seed), part: planned.part };
  const stop = signal ? { signal } : {};
  if (planned.network === "ae400-10") {
    const model = autoencoderNetwork({ encoding: changes, recipe: changes });
    const weights = await trainAutoencoder(runtime, model, {
      examples,
      seed,
      ...stop,
      onProgress({ kind, stage, done, total }) {
        // A step of the encoder takes far longer than one of the softmax.
        if (kind === "step") onProgress(stage === "encoder" ? 0.9 * (done / total) : 0.9 + 0.1 * (done / total));
      },
    });
    return exportNetwork(model.network, weights, { metadata });
  }
  const network = networkByName(planned.network);
  const { state } = await trainClassifier(runtime, network, {
    examples,
    seed,
    recipe: changes,
    ...stop,
    onProgress({ kind, done, total }) {
      if (kind === "step") onProgress(done / total);
    },
  });
  return exportNetwork(network, state, { metadata });
}
