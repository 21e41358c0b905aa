// Options that say what a model takes; the same on every verb that loads one.
import type { OnnxClassifierOptions } from "@reprise/adversarial";
import { type Command, InvalidArgumentError, Option } from "commander";

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

/** Lowest and highest value of a pixel. */
export function rangeOf({ range = [0, 1] }: ModelFlags): readonly [number, number] {
  const [low, high] = range;
  if (range.length !== 2 || !(low! < high!))
    throw new RangeError(`--range is ${range.join(",")}, expected two numbers, the lower first, as in 0,255.`);
  return [low!, high!];
}

/** A list of numbers, separated by commas. */
export function numbers(text: string): number[] {
  const values = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (!values.every((value) => Number.isFinite(value)))
    throw new InvalidArgumentError("Expected numbers separated by commas.");
  return values;
}
