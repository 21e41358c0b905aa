// The folder that training fills: classifier.json says what the network is, beside it stand its checkpoint, log, loss
// curve and ONNX file.
import { join } from "node:path";
import { DataError } from "@reprise/data";
import { readBytes, writeFileAtomic } from "@reprise/data/node";
import {
  type ChannelStatistics,
  type Defence,
  defenceNames,
  defended,
  imageNetwork,
  type Network,
  normalized,
  type Weights,
} from "@reprise/nn";

export interface ClassifierDescription {
  /** As in `imageNetwork`. */
  readonly network: string;
  /** Names in the order of the labels. */
  readonly classes: readonly string[];
  /** [C, H, W]. */
  readonly inputShape: readonly number[];
  /** Whether pictures were brought to this size; a test does it too. */
  readonly resized: boolean;
  /** By which images in [0, 1] are normalised. */
  readonly statistics: ChannelStatistics;
  /** In training, against flipped bits. */
  readonly defence?: Defence;
  /** What made it, for the reader. */
  readonly madeBy: Readonly<Record<string, unknown>>;
}

const FORMAT = "reprise classifier 1";

export const modelFiles = (folder: string) => ({
  description: join(folder, "classifier.json"),
  checkpoint: join(folder, "checkpoint.safetensors"),
  log: join(folder, "log.jsonl"),
  lossCurve: join(folder, "loss.svg"),
  onnx: join(folder, "model.onnx"),
});

type Described = Omit<ClassifierDescription, "madeBy">;

/** The network that a description means; it takes images in [0, 1]. */
export function networkOf(description: Described): Network {
  const { defence, statistics } = description;
  const plain = plainOf(description);
  return normalized(defence ? defended(plain, defence) : plain, statistics);
}

/** The network and weights to export: without what only training does. */
export function deployed(description: Described, weights: Weights): { network: Network; weights: Weights } {
  const { defence, statistics } = description;
  const plain = plainOf(description);
  return {
    network: normalized(plain, statistics),
    weights: defence ? defended(plain, defence).deployed(weights) : weights,
  };
}

const plainOf = ({ network, classes, inputShape }: Described): Network =>
  imageNetwork(network, { classes: classes.length, inputShape });

export async function writeDescription(folder: string, description: ClassifierDescription): Promise<void> {
  const text = JSON.stringify({ format: FORMAT, ...description }, null, 2);
  await writeFileAtomic(modelFiles(folder).description, `${text}\n`);
}

/** @throws DataError when the folder has no description, or it is not one */
export async function readDescription(folder: string): Promise<ClassifierDescription> {
  const path = modelFiles(folder).description;
  const bytes = await readBytes(path);
  let found: Partial<ClassifierDescription> & { readonly format?: unknown };
  try {
    found = JSON.parse(new TextDecoder().decode(bytes)) as typeof found;
  } catch (cause) {
    throw new DataError(path, `is not JSON (${(cause as Error).message}). Give a folder that training wrote.`, {
      cause,
    });
  }
  const { format, network, classes, inputShape, resized, statistics, defence } = found ?? {};
  const numbers = (list: unknown) => Array.isArray(list) && list.every((n) => typeof n === "number");
  const good =
    format === FORMAT &&
    typeof network === "string" &&
    Array.isArray(classes) &&
    classes.every((name) => typeof name === "string") &&
    numbers(inputShape) &&
    typeof resized === "boolean" &&
    numbers(statistics?.mean) &&
    numbers(statistics?.deviation) &&
    (defence === undefined || defenceNames.includes(defence.kind));
  if (!good)
    throw new DataError(path, `does not describe a classifier ("${FORMAT}"). Give a folder that training wrote.`);
  return found as ClassifierDescription;
}
