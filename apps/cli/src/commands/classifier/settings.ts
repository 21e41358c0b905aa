// What `reprise classifier train` can be told: each setting is a flag and a key of the --config file, read by one rule.
import { imageNetworkNames } from "@reprise/nn";
import { InvalidArgumentError } from "commander";
import { UsageError } from "../../shell/usage-error.ts";

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
  readonly seed: number;
  readonly checkpointEvery?: number;
  readonly threads?: number;
}

type Key = keyof TrainSettings;

interface Setting {
  /** As commander writes it: `--batch-size <count>`. */
  readonly flags: string;
  readonly help: string;
  /** Throws InvalidArgumentError, whose message says what was expected. */
  readonly parse: (text: string) => unknown;
}

const text = (value: string): string => {
  if (value.trim() === "") throw new InvalidArgumentError("It is empty.");
  return value;
};
const number =
  (accept: (n: number) => boolean, expected: string) =>
  (value: string): number => {
    const n = Number(value);
    if (value.trim() === "" || !Number.isFinite(n) || !accept(n))
      throw new InvalidArgumentError(`Expected ${expected}.`);
    return n;
  };
const count = number((n) => Number.isSafeInteger(n) && n >= 1, "an integer from 1 up");
const whole = number((n) => Number.isSafeInteger(n) && n >= 0, "an integer from 0 up");
const positive = number((n) => n > 0, "a number above 0");
const atLeast0 = number((n) => n >= 0, "a number from 0 up");
const oneOf =
  (...choices: string[]) =>
  (value: string): string => {
    if (!choices.includes(value)) throw new InvalidArgumentError(`Expected one of ${choices.join(", ")}.`);
    return value;
  };
const truth = (value: string): boolean => oneOf("true", "false")(value) === "true";

/** Every setting by its key in the --config file. */
export const settings: Readonly<Record<Key, Setting>> = {
  data: {
    flags: "--data <path>",
    help: "required: training images, as a folder of class folders, a CIFAR binary file or a folder of them",
    parse: text,
  },
  out: { flags: "--out <folder>", help: "required: where checkpoint, log, loss curve and ONNX file go", parse: text },
  test: { flags: "--test <path>", help: "images to evaluate after every epoch", parse: text },
  network: {
    flags: "--network <name>",
    help: "resnet20 (default), resnet18, alexnet, vgg11-bn, …",
    parse: (value) => oneOf(...imageNetworkNames)(value.toLowerCase()),
  },
  weights: {
    flags: "--weights <file>",
    help: "start from these (.safetensors, .pth, .th, .pt, or a checkpoint of ours)",
    parse: text,
  },
  epochs: { flags: "--epochs <count>", help: "passes over the data (default: the network's recipe)", parse: count },
  batchSize: {
    flags: "--batch-size <count>",
    help: "images in a step (default: the recipe's, or all images where they are fewer)",
    parse: count,
  },
  optimizer: { flags: "--optimizer <name>", help: "sgd or adam", parse: oneOf("sgd", "adam") },
  learningRate: { flags: "--learning-rate <rate>", help: "after warm-up", parse: positive },
  momentum: {
    flags: "--momentum <number>",
    help: "of sgd, from 0 to below 1",
    parse: number((n) => n >= 0 && n < 1, "a number from 0 to below 1"),
  },
  weightDecay: { flags: "--weight-decay <number>", help: "λ of λ/2·‖p‖²", parse: atLeast0 },
  schedule: {
    flags: "--schedule <name>",
    help: "constant, cosine (to 0) or step (a tenth at each milestone)",
    parse: oneOf("constant", "cosine", "step"),
  },
  milestones: {
    flags: "--milestones <epochs>",
    help: "of the step schedule, e.g. 100,150",
    parse: (value) => value.split(",").map(positive),
  },
  warmUp: {
    flags: "--warm-up <epochs>",
    help: "epochs in which the learning rate rises; 0.5 is half of one",
    parse: atLeast0,
  },
  resize: {
    flags: "--resize <pixels>",
    help: "bring pictures to a square of this size: scaled to cover it, the rest cut off evenly",
    parse: count,
  },
  crop: {
    flags: "--crop <pixels>",
    help: "move images by up to so many pixels at random, e.g. 4 (default 0)",
    parse: whole,
  },
  flip: { flags: "--flip", help: "turn half of the images left to right at random", parse: truth },
  seed: { flags: "--seed <number>", help: "fixes weights, order and augmentation (default 0)", parse: whole },
  checkpointEvery: { flags: "--checkpoint-every <steps>", help: "default: once an epoch", parse: count },
  threads: { flags: "--threads <count>", help: "default: all cores", parse: count },
};

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
      throw new UsageError(`${settings[key].flags} is missing; give it, or "${key}" in --config.`);
  return all as TrainSettings; // the two that have no default are there
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
        return [key, settings[key as Key].parse(String(value))];
      } catch (error) {
        if (!(error instanceof InvalidArgumentError)) throw error;
        throw new UsageError(`${path}: "${key}" is ${JSON.stringify(value)}. ${error.message}`, { cause: error });
      }
    }),
  );
}
