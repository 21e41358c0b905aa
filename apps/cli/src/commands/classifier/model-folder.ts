// The folder that training fills: classifier.json says what the network is, beside it stand its checkpoint, log, loss
// curve and ONNX file.
import { join } from "node:path";
import { DataError } from "@reprise/data";
import { readBytes, writeFileAtomic } from "@reprise/data/node";
import { type ChannelStatistics, imageNetwork, type Network, normalized } from "@reprise/nn";

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

/** The network that a description means; it takes images in [0, 1]. */
export function networkOf({ network, classes, inputShape, statistics }: ClassifierDescription): Network {
  return normalized(imageNetwork(network, { classes: classes.length, inputShape }), statistics);
}

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
  const { format, network, classes, inputShape, resized, statistics } = found ?? {};
  const numbers = (list: unknown) => Array.isArray(list) && list.every((n) => typeof n === "number");
  const good =
    format === FORMAT &&
    typeof network === "string" &&
    Array.isArray(classes) &&
    classes.every((name) => typeof name === "string") &&
    numbers(inputShape) &&
    typeof resized === "boolean" &&
    numbers(statistics?.mean) &&
    numbers(statistics?.deviation);
  if (!good)
    throw new DataError(path, `does not describe a classifier ("${FORMAT}"). Give a folder that training wrote.`);
  return found as ClassifierDescription;
}
