// Options that say what a model takes; the same on every verb that loads one, whatever its method.

import { ModelError } from "@reprise/engine";
import { type Options, UsageError } from "@reprise/experiment";
import { ModelOptionError } from "../classifier/model-input.ts";
import { NoGradientError, type OnnxClassifierOptions } from "../classifier/onnx-classifier.ts";

export interface ModelFlags {
  readonly input?: string;
  readonly output?: string;
  readonly scores?: "logits" | "probabilities";
  readonly layout?: "nchw" | "nhwc";
  readonly channels?: "rgb" | "bgr";
  readonly shape?: readonly number[];
  readonly range?: readonly number[];
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  readonly resize?: boolean;
}

/** Options of a verb that loads a classifier. */
export const modelOptionList = {
  input: { kind: "text", placeholder: "name", help: "the model's image input; found by itself where it has one" },
  output: { kind: "text", placeholder: "name", help: "the model's output of scores; found by itself where it has one" },
  scores: { kind: "choice", choices: ["logits", "probabilities"], help: "what the output holds" },
  layout: { kind: "choice", choices: ["nchw", "nhwc"], help: "of the model's input; found by its sizes" },
  channels: { kind: "choice", choices: ["rgb", "bgr"], help: "the model's order of colours" },
  shape: {
    kind: "list",
    of: "number",
    placeholder: "sizes",
    help: "one image as the model takes it, where it leaves that open: 3,224,224",
  },
  range: {
    kind: "list",
    of: "number",
    placeholder: "low,high",
    help: "units of the pixels: images are brought to it, ε is in it (default: 0,1)",
  },
  mean: {
    kind: "list",
    of: "number",
    placeholder: "numbers",
    help: "subtracted from each channel, in those units: 0.485,0.456,0.406",
  },
  std: { kind: "list", of: "number", placeholder: "numbers", help: "each channel is divided by it" },
  resize: { kind: "flag", help: "resample images that have another size, cutting off what is over" },
} as const satisfies Options;

/** The flags as onnxClassifier and onnxScores take them. */
export function modelOptions(name: string, flags: ModelFlags): OnnxClassifierOptions {
  const { input, output, scores, layout, channels, shape, mean, std } = flags;
  const given = { input, output, scores, layout, channelOrder: channels, inputShape: shape, mean, std };
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { name, range: rangeOf(flags), ...present };
}

/** The option that gives what a model lacks. */
const advice = {
  input: "Name it with --input NAME.",
  output: "Name it with --output NAME.",
  scores: "If they are probabilities, give --scores probabilities.",
  inputShape: "Give its size, e.g. --shape 3,224,224.",
} as const;

/** Waits for a verb. @throws what the library throws of a model, with flags in place of its options */
export async function inFlags<T>(running: Promise<T>): Promise<T> {
  try {
    return await running;
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    throw new ModelError(wordsOf(error), { cause: error });
  }
}

function wordsOf(error: ModelError): string {
  if (error instanceof ModelOptionError) return `${error.message} ${advice[error.option]}`;
  if (error instanceof NoGradientError)
    return `${error.problem} --attack square and --attack hopskipjump need its scores only, as \`reprise adversarial test\` does.`;
  return error.message.replace(/: (mean|std|range) (has|holds)/, ": --$1 $2");
}

/** Lowest and highest value of a pixel. */
export function rangeOf({ range = [0, 1] }: ModelFlags): readonly [number, number] {
  const [low, high] = range;
  if (range.length !== 2 || !(low! < high!))
    throw new UsageError(`--range is ${range.join(",")}, expected two numbers, the lower first, as in 0,255.`);
  return [low!, high!];
}
