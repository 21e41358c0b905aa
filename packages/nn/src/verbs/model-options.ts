// Options that say what a model takes; the same on every verb that loads one, whatever its method.

import { ModelError } from "@reprise/engine";
import { type Options, UsageError } from "@reprise/experiment";
import type { OnnxClassifierOptions } from "../classifier/onnx-classifier.ts";

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

/** What the library says of its options, as flags. */
const wordings: readonly (readonly [RegExp, string])[] = [
  [/give inputShape, e\.g\. \[([\d, ]+)\]/i, "give its size, e.g. --shape 3,224,224"],
  [/say scores: "probabilities" to/i, "give --scores probabilities to"],
  [/say which holds the logits by the option "output"/, "say which holds the scores by --output NAME"],
  [
    /What needs its scores only can still run it \(onnxScores\), as the attacks Square and HopSkipJump do\./,
    "--attack square and --attack hopskipjump need its scores only, as `reprise adversarial test` does.",
  ],
  [/: (mean|std|range) (has|holds)/, ": --$1 $2"],
];

/** Waits for a verb. @throws what the library throws of a model, with flags in place of its options */
export async function inFlags<T>(running: Promise<T>): Promise<T> {
  try {
    return await running;
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    const message = wordings.reduce((text, [pattern, flags]) => text.replace(pattern, flags), error.message);
    throw message === error.message ? error : new ModelError(message, { cause: error });
  }
}

/** Lowest and highest value of a pixel. */
export function rangeOf({ range = [0, 1] }: ModelFlags): readonly [number, number] {
  const [low, high] = range;
  if (range.length !== 2 || !(low! < high!))
    throw new UsageError(`--range is ${range.join(",")}, expected two numbers, the lower first, as in 0,255.`);
  return [low!, high!];
}
