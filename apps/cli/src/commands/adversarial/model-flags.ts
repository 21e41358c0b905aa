// Options that say what a model takes; the same on every verb that loads one.
import type { OnnxClassifierOptions } from "@reprise/adversarial";
import { ModelError } from "@reprise/engine";
import { type Command, InvalidArgumentError, Option } from "commander";
import { UsageError } from "../../shell/usage-error.ts";

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

export function withModelFlags(command: Command): Command {
  return command
    .option("--input <name>", "the model's image input; found by itself where it has one")
    .option("--output <name>", "the model's output of scores; found by itself where it has one")
    .addOption(new Option("--scores <kind>", "what the output holds").choices(["logits", "probabilities"]))
    .addOption(new Option("--layout <order>", "of the model's input; found by its sizes").choices(["nchw", "nhwc"]))
    .addOption(new Option("--channels <order>", "the model's order of colours").choices(["rgb", "bgr"]))
    .option("--shape <sizes>", "one image as the model takes it, where it leaves that open: 3,224,224", numbers)
    .option("--range <low,high>", "units of the pixels: images are brought to it, ε is in it (default: 0,1)", numbers)
    .option("--mean <numbers>", "subtracted from each channel, in those units: 0.485,0.456,0.406", numbers)
    .option("--std <numbers>", "each channel is divided by it", numbers)
    .option("--resize", "resample images that have another size, cutting off what is over");
}

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

/** A list of numbers, separated by commas. */
export function numbers(text: string): number[] {
  const values = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (!values.every((value) => Number.isFinite(value)))
    throw new InvalidArgumentError("Expected numbers separated by commas.");
  return values;
}
