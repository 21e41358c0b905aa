// A network of the tables, trained by its recipe and written as ONNX.
import type { LabelledImages } from "@reprise/data";
import type { Runtime } from "@reprise/engine";
import type { Json } from "@reprise/experiment";
import {
  autoencoderNetwork,
  exportNetwork,
  isMlp,
  networkByName,
  type Recipe,
  trainAutoencoder,
  trainClassifier,
} from "@reprise/nn";
import type { PlannedNetwork, TrainingPart } from "./networks.ts";

/** All that decides a trained network, beside its images. */
export interface TrainingSettings {
  /** In the tables, e.g. "fc100-100-10-p1". */
  readonly id: string;
  /** In @reprise/nn. */
  readonly network: string;
  readonly part: TrainingPart;
  readonly seed: number;
  readonly recipe: Recipe;
  /** Of "ae400-10", whose encoder is trained first. */
  readonly encoding?: Recipe;
  readonly sparsity?: Json;
  readonly lambda: Json;
}

/** The settings of a network's training. @param changes  replace settings of its recipe, for a quick look */
export function trainingSettings(
  { id, network, part }: PlannedNetwork,
  seed: number,
  changes: Partial<Recipe>,
): TrainingSettings {
  const changed = (recipe: Recipe) => ({ ...recipe, ...changes });
  const shared = { id, network, part, seed };
  if (network !== "ae400-10") {
    const known = networkByName(network);
    return { ...shared, recipe: changed(known.recipe), lambda: isMlp(known) ? known.lambda : null };
  }
  const { encoding, sparsity, lambda, network: whole } = autoencoderNetwork();
  return { ...shared, encoding: changed(encoding), sparsity: { ...sparsity }, recipe: changed(whole.recipe), lambda };
}

export interface TrainPlannedOptions {
  readonly examples: LabelledImages;
  /** Share of the steps done, in [0, 1]. */
  readonly onProgress: (share: number) => void;
  readonly signal: AbortSignal;
}

/** The bytes of the trained network as ONNX. @throws as `trainClassifier` */
export async function trainPlanned(
  runtime: Runtime,
  { network: name, part, seed, recipe, encoding }: TrainingSettings,
  { examples, onProgress, signal }: TrainPlannedOptions,
): Promise<Uint8Array> {
  const metadata = { seed: String(seed), part };
  if (encoding) {
    const model = autoencoderNetwork({ encoding, recipe });
    const weights = await trainAutoencoder(runtime, model, {
      examples,
      seed,
      signal,
      onProgress({ kind, stage, done, total }) {
        // A step of the encoder takes far longer than one of the softmax.
        if (kind === "step") onProgress(stage === "encoder" ? 0.9 * (done / total) : 0.9 + 0.1 * (done / total));
      },
    });
    return exportNetwork(model.network, weights, { metadata });
  }
  const network = networkByName(name);
  const { state } = await trainClassifier(runtime, network, {
    examples,
    seed,
    recipe,
    signal,
    onProgress({ kind, done, total }) {
      if (kind === "step") onProgress(done / total);
    },
  });
  return exportNetwork(network, state, { metadata });
}
