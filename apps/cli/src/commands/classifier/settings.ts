// What `reprise classifier train` can be told: each setting is a flag and a key of the --config file, read by one rule.
import { type Flag, type Option, parseOption, UsageError, usageOf, type Words } from "@reprise/experiment";
import { type Defence, defenceNames } from "@reprise/nn";

export interface TrainSettings {
  readonly data: string;
  readonly out: string;
  readonly test?: string;
  readonly network: string;
  readonly weights?: string;
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly optimizer?: "sgd" | "adam";
  readonly learningRate?: number;
  readonly momentum?: number;
  readonly weightDecay?: number;
  readonly schedule?: "constant" | "cosine" | "step";
  readonly milestones?: readonly number[];
  readonly warmUp?: number;
  readonly resize?: number;
  readonly crop: number;
  readonly flip: boolean;
  readonly defence?: Defence["kind"];
  readonly clustering?: number;
  readonly seed: number;
  readonly checkpointEvery?: number;
  readonly threads?: number;
}

type Key = keyof TrainSettings;

/** Every setting by its key in the --config file. */
export const settings = {
  data: {
    kind: "text",
    placeholder: "path",
    help: "required: training images, as a folder of class folders, a CIFAR binary file or a folder of them",
  },
  out: {
    kind: "text",
    placeholder: "folder",
    help: "required: where checkpoint, log, loss curve and ONNX file go",
  },
  test: { kind: "text", placeholder: "path", help: "images to evaluate after every epoch" },
  network: { kind: "text", placeholder: "name", help: "resnet20 (default), resnet18, alexnet, vgg11-bn, …" },
  weights: {
    kind: "text",
    placeholder: "file",
    help: "start from these (.safetensors, .pth, .th, .pt, or a checkpoint of ours)",
  },
  epochs: {
    kind: "integer",
    placeholder: "count",
    min: 1,
    help: "passes over the data (default: the network's recipe)",
  },
  batchSize: {
    kind: "integer",
    placeholder: "count",
    min: 1,
    help: "images in a step (default: the recipe's, or all images where they are fewer)",
  },
  optimizer: { kind: "choice", choices: ["sgd", "adam"], help: "sgd or adam" },
  learningRate: { kind: "number", placeholder: "rate", above: 0, help: "after warm-up" },
  momentum: { kind: "number", placeholder: "number", min: 0, below: 1, help: "of sgd, from 0 to below 1" },
  weightDecay: { kind: "number", placeholder: "number", min: 0, help: "λ of λ/2·‖p‖²" },
  schedule: {
    kind: "choice",
    choices: ["constant", "cosine", "step"],
    help: "constant, cosine (to 0) or step (a tenth at each milestone)",
  },
  milestones: {
    kind: "list",
    of: "number",
    placeholder: "epochs",
    above: 0,
    help: "of the step schedule, e.g. 100,150",
  },
  warmUp: {
    kind: "number",
    placeholder: "epochs",
    min: 0,
    help: "epochs in which the learning rate rises; 0.5 is half of one",
  },
  resize: {
    kind: "integer",
    placeholder: "pixels",
    min: 1,
    help: "bring pictures to a square of this size: scaled to cover it, the rest cut off evenly",
  },
  crop: {
    kind: "integer",
    placeholder: "pixels",
    min: 0,
    help: "move images by up to so many pixels at random, e.g. 4 (default 0)",
  },
  flip: { kind: "flag", negatable: true, help: "turn half of the images left to right at random" },
  defence: {
    kind: "choice",
    choices: defenceNames,
    help: "train so that flipped bits of the weights do less harm",
  },
  clustering: {
    kind: "number",
    placeholder: "λ",
    above: 0,
    help: "of --defence piecewise-clustering (default 0.001; its paper tries 0.0005 to 0.005)",
  },
  seed: {
    kind: "integer",
    placeholder: "number",
    min: 0,
    help: "fixes weights, order and augmentation (default 0)",
  },
  checkpointEvery: { kind: "integer", placeholder: "steps", min: 1, help: "default: once an epoch" },
  threads: { kind: "integer", placeholder: "count", min: 1, help: "default: all cores" },
} as const satisfies Readonly<Record<Key, Option>>;

/**
 * The settings: defaults, then the file's, then the flags'.
 *
 * @param config  the --config file's name and text
 * @throws UsageError naming the file and the key, or the flag that is missing
 */
export function completeSettings(
  flags: Partial<TrainSettings>,
  config?: { readonly path: string; readonly text: string },
): TrainSettings {
  const all = { network: "resnet20", crop: 0, flip: false, seed: 0, ...(config ? fromFile(config) : {}), ...flags };
  for (const key of ["data", "out"] as const)
    if (all[key] === undefined)
      throw new UsageError(`${usageOf(key, settings[key])} is missing; give it, or "${key}" in --config.`);
  if (all.clustering !== undefined && all.defence !== "piecewise-clustering")
    throw new UsageError("--clustering is of --defence piecewise-clustering; give both.");
  return { ...all, network: all.network.toLowerCase() } as TrainSettings; // the two that have no default are there
}

function fromFile({ path, text }: { readonly path: string; readonly text: string }): Partial<TrainSettings> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`${path}: is not JSON (${(cause as Error).message}).`, { cause });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw new UsageError(`${path}: expected an object, e.g. { "epochs": 10 }.`);
  return Object.fromEntries(
    Object.entries(parsed).map(([key, value]) => {
      if (!Object.hasOwn(settings, key))
        throw new UsageError(`${path}: "${key}" is not a setting; there are ${Object.keys(settings).join(", ")}.`);
      try {
        const option: Option = settings[key as Key];
        if (option.kind !== "flag") return [key, parseOption(option as Exclude<Option, Flag | Words>, String(value))];
        if (typeof value !== "boolean") throw new RangeError("Expected true or false.");
        return [key, value];
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        throw new UsageError(`${path}: "${key}" is ${JSON.stringify(value)}. ${error.message}`, { cause: error });
      }
    }),
  );
}

/** The defence that the settings ask for. */
export function defenceOf({ defence, clustering }: TrainSettings): Defence | undefined {
  return defence && { kind: defence, ...(clustering === undefined ? {} : { lambda: clustering }) };
}
