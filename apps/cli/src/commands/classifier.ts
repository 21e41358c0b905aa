// reprise classifier: networks trained and tested on folders of images.
import { existsSync } from "node:fs";
import { readBytes } from "@reprise/data/node";
import { imageNetworkNames } from "@reprise/nn";
import { Command, InvalidArgumentError } from "commander";
import { ProgressLine, printResult } from "../report.ts";
import { interruption } from "../shell/interruption.ts";
import { UsageError } from "../shell/usage-error.ts";
import { modelFiles } from "./classifier/model-folder.ts";
import { completeSettings, settings, type TrainSettings } from "./classifier/settings.ts";
import { describeTest, testOnImages } from "./classifier/test.ts";
import { type TrainOptions, trainOnImages } from "./classifier/train.ts";

/** `reprise classifier train` and `reprise classifier test`. */
export function command(): Command {
  const classifier = new Command("classifier").description("Image classifiers: train and test");
  const train = classifier.command("train").description("train a network on labelled images");
  for (const { flags, help, parse } of Object.values(settings)) {
    if (flags.includes("<")) train.option(flags, help, parse);
    else train.option(flags, help);
  }
  train
    .option("--no-flip", "no image is turned, whatever --config says")
    .option("--config <file>", "settings as JSON; flags replace them")
    .option("--resume", "go on from the checkpoint in --out")
    .option("--json", "one JSON document on stdout")
    .addHelpText("after", `\nNetworks: ${imageNetworkNames.join(", ")}`)
    .action((flags: TrainFlags) => trainVerb(flags));
  const test = classifier.command("test").description("accuracy and confusion matrix");
  test
    .requiredOption("--data <path>", "test images: a folder of class folders, a CIFAR binary file or a folder of them")
    .option("--model <folder>", "what `train` wrote")
    .option("--network <name>", "with --weights: the network they are of")
    .option("--weights <file>", ".safetensors, or .pth, .th, .pt of torch.save")
    .option("--mean <r,g,b>", "by which the weights' images were normalised (default ImageNet's)", three)
    .option("--std <r,g,b>", "likewise", three)
    .option("--resize <pixels>", `${settings.resize.help} (default: as in training)`, settings.resize.parse)
    .option("--svg <file>", "draw the confusion matrix")
    .option("--threads <count>", settings.threads.help, settings.threads.parse)
    .option("--json", "one JSON document on stdout")
    .action((flags: TestFlags) => testVerb(flags));
  return classifier;
}

type TrainFlags = Partial<TrainSettings> & { config?: string; resume?: boolean; json?: boolean; debug?: boolean };

async function trainVerb({ config, resume = false, json, debug: _, ...flags }: TrainFlags): Promise<void> {
  const file = config ? { path: config, text: new TextDecoder().decode(await readBytes(config)) } : undefined;
  const complete = completeSettings(flags, file);
  const line = new ProgressLine();
  const checkpoint = modelFiles(complete.out).checkpoint;
  const result = await interruptible(
    (signal) =>
      trainOnImages(complete, {
        resume,
        signal,
        command: ["reprise", ...process.argv.slice(2)].join(" "),
        onEvent: teller(line),
      }),
    () =>
      existsSync(checkpoint)
        ? `The checkpoint is in ${complete.out}; the same command with --resume goes on from there.`
        : "It was before the first step; nothing was written.",
  ).finally(() => line.end());
  const tested = result.test
    ? `, ${(100 * result.test.accuracy).toFixed(1)} % of ${result.test.count} test images`
    : "";
  printResult(
    json,
    result,
    () =>
      `${result.network}: ${result.steps} steps on ${result.examples} images of ${result.classes} classes, loss ${result.loss?.toFixed(4) ?? "–"}${tested}\nwritten: ${Object.values(result.files).join(", ")}`,
  );
}

interface TestFlags {
  readonly data: string;
  readonly model?: string;
  readonly network?: string;
  readonly weights?: string;
  readonly mean?: number[];
  readonly std?: number[];
  readonly resize?: number;
  readonly svg?: string;
  readonly threads?: number;
  readonly json?: boolean;
}

async function testVerb({ json, mean, std, ...options }: TestFlags): Promise<void> {
  if ((mean === undefined) !== (std === undefined))
    throw new UsageError("--mean and --std belong together; give both.");
  const result = await interruptible(
    (signal) => testOnImages({ ...options, signal, ...(mean && std ? { statistics: { mean, deviation: std } } : {}) }),
    () => "Nothing was written.",
  );
  printResult(json, result, () => describeTest(result));
}

/** Tells on stderr what a training does. */
function teller(line: ProgressLine): NonNullable<TrainOptions["onEvent"]> {
  let begun = false;
  return (event, { network, images, classes, epochs, steps, batchSize }) => {
    if (!begun)
      line.end(
        `${network} on ${images} images of ${classes} classes: epochs × steps × images = ${epochs} × ${steps / epochs} × ${batchSize}`,
      );
    begun = true;
    if (event.kind === "validation") {
      const { loss, accuracy } = event.metrics;
      line.end(`epoch ${event.epoch + 1}: test loss ${loss!.toFixed(4)}, accuracy ${(100 * accuracy!).toFixed(2)} %`);
    } else if (event.kind === "step") {
      const { done: step, epoch, loss, learningRate, examplesPerSecond } = event;
      const minutes = ((steps - step) * batchSize) / examplesPerSecond / 60;
      line.show(
        `epoch ${epoch + 1}/${epochs}, step ${step}/${steps}, loss ${loss.toPrecision(5)}, rate ${learningRate.toPrecision(3)}, ${examplesPerSecond.toFixed(0)} images/s, ${minutes < 1 ? "under 1" : Math.round(minutes)} min left`,
      );
    }
  };
}

/** Runs with a signal that Ctrl-C or SIGTERM aborts; the message says then what is kept. */
async function interruptible<T>(run: (signal: AbortSignal) => Promise<T>, message: () => string): Promise<T> {
  const { signal, done } = interruption(message);
  try {
    return await run(signal);
  } finally {
    done();
  }
}

function three(text: string): number[] {
  const numbers = text.split(",").map(Number);
  if (numbers.length !== 3 || !numbers.every(Number.isFinite))
    throw new InvalidArgumentError("Expected three numbers, e.g. 0.485,0.456,0.406.");
  return numbers;
}
