// reprise classifier: networks trained and tested on folders of images.
import { existsSync } from "node:fs";
import { readBytes } from "@reprise/data/node";
import { type ProgressLine, UsageError, verb } from "@reprise/experiment";
import { imageNetworkNames } from "@reprise/nn";
import { modelFiles } from "./classifier/model-folder.ts";
import { completeSettings, settings } from "./classifier/settings.ts";
import { describeTest, testOnImages } from "./classifier/test.ts";
import { type TrainOptions, trainOnImages } from "./classifier/train.ts";

const train = verb({
  name: "train",
  summary: "train a network on labelled images",
  options: {
    ...settings,
    config: { kind: "text", placeholder: "file", help: "settings as JSON; flags replace them" },
    resume: { kind: "flag", help: "go on from the checkpoint in --out" },
  },
  notes: () => `Networks: ${imageNetworkNames.join(", ")}`,
  async run({ options: { config, resume = false, ...flags }, signal, onStop, progress, command }) {
    const file = config ? { path: config, text: new TextDecoder().decode(await readBytes(config)) } : undefined;
    const complete = completeSettings(flags, file);
    if (!imageNetworkNames.includes(complete.network))
      throw new UsageError(`--network is "${complete.network}". Expected one of ${imageNetworkNames.join(", ")}.`);
    const { checkpoint } = modelFiles(complete.out);
    onStop(() =>
      existsSync(checkpoint)
        ? `The checkpoint is in ${complete.out}; the same command with --resume goes on from there.`
        : "It was before the first step; nothing was written.",
    );
    const result = await trainOnImages(complete, { resume, signal, command, onEvent: teller(progress) });
    const { network, steps, examples, classes, loss, test, files } = result;
    const tested = test ? `, ${(100 * test.accuracy).toFixed(1)} % of ${test.count} test images` : "";
    return {
      result,
      text: () =>
        `${network}: ${steps} steps on ${examples} images of ${classes} classes, loss ${loss?.toFixed(4) ?? "–"}${tested}\nwritten: ${Object.values(files).join(", ")}`,
    };
  },
});

const test = verb({
  name: "test",
  summary: "accuracy and confusion matrix",
  options: {
    data: {
      kind: "text",
      placeholder: "path",
      required: true,
      help: "test images: a folder of class folders, a CIFAR binary file or a folder of them",
    },
    model: { kind: "text", placeholder: "folder", help: "what `train` wrote" },
    network: { kind: "text", placeholder: "name", help: "with --weights: the network they are of" },
    weights: { kind: "text", placeholder: "file", help: ".safetensors, or .pth, .th, .pt of torch.save" },
    mean: {
      kind: "list",
      of: "number",
      count: 3,
      placeholder: "r,g,b",
      help: "by which the weights' images were normalised (default ImageNet's)",
    },
    std: { kind: "list", of: "number", count: 3, placeholder: "r,g,b", help: "likewise" },
    resize: { ...settings.resize, help: `${settings.resize.help} (default: as in training)` },
    svg: { kind: "text", placeholder: "file", help: "draw the confusion matrix" },
    threads: settings.threads,
  },
  async run({ options: { mean, std, ...options }, signal }) {
    if ((mean === undefined) !== (std === undefined))
      throw new UsageError("--mean and --std belong together; give both.");
    const statistics = mean && std ? { statistics: { mean, deviation: std } } : {};
    const result = await testOnImages({ ...options, signal, ...statistics });
    return { result, text: () => describeTest(result) };
  },
});

/** `reprise classifier train` and `reprise classifier test`. */
export const verbs = [train, test];

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
