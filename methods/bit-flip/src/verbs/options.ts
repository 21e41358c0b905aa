// What the verbs take, as plain data.
import type { Options } from "@reprise/experiment";
import { bitsOfWeight, seed } from "../paper.ts";

const threads = { kind: "integer", min: 1, help: "threads; all cores if left out" } as const;

const modelOptions = {
  network: {
    kind: "text",
    placeholder: "name",
    help: "network of this house in place of a file, e.g. resnet20; needs --weights",
  },
  weights: { kind: "text", placeholder: "file", help: "its weights: a state_dict of torch.save, or safetensors" },
  classes: { kind: "integer", min: 2, help: "how many classes the network has, where not as published" },
  bits: {
    kind: "integer",
    min: 1,
    max: 32,
    help: `${bitsOfWeight}, 1 to 8; 1 for binarised networks; 32 or 16 leaves them floats; a quantised file has its own`,
  },
  targets: {
    kind: "list",
    of: "text",
    placeholder: "kinds",
    help: "what is flipped: weights, biases, scales of quantised arrays (default: weights)",
  },
  perChannel: { kind: "flag", help: "a step for each output channel in place of one for each layer" },
  output: { kind: "text", placeholder: "name", help: "output with the scores, where the model has several" },
  shape: {
    kind: "list",
    of: "integer",
    placeholder: "numbers",
    help: "one image as the model takes it, where the file leaves it open: 3,224,224",
  },
} as const satisfies Options;

const testOptions = {
  test: {
    kind: "text",
    placeholder: "path",
    help: "test images: a binary of CIFAR with its labels, or a file or folder of images with --labels",
  },
  labels: { kind: "text", placeholder: "file", help: "labels of the test images, NPY or IDX" },
  mean: {
    kind: "list",
    of: "number",
    placeholder: "numbers",
    help: "subtracted from each channel of images in [0, 1]",
  },
  std: { kind: "list", of: "number", placeholder: "numbers", help: "that each channel is divided by afterwards" },
} as const satisfies Options;

const imageOptions = {
  sample: {
    kind: "text",
    placeholder: "file.npy",
    help: "the network's inputs that the attack sees, as they are, [N, …]",
  },
  sampleLabels: {
    kind: "text",
    placeholder: "file",
    help: "labels of the sample; the clean network's own answers if left out, as in the paper",
  },
  images: {
    kind: "text",
    placeholder: "path",
    help: "in place of --sample: images that it is drawn from by --seed, such as the training set",
  },
  sampleSize: { kind: "integer", min: 1, default: 128, help: "images drawn for the sample" },
  seed: { ...seed, help: "of what is drawn" },
  ...testOptions,
} as const satisfies Options;

export const attackOptions = {
  ...modelOptions,
  ...imageOptions,
  stopAccuracy: {
    kind: "number",
    min: 0,
    max: 1,
    help: "accuracy on the test images to stop at; that of a guess if left out, 0.11 for 10 classes",
  },
  flips: { kind: "integer", min: 1, default: 1000, help: "most bits to flip" },
  seconds: { kind: "number", min: 0, help: "longest search" },
  topK: { kind: "integer", min: 1, help: "look only at so many weights of a layer, those with the largest gradients" },
  atOnce: {
    kind: "integer",
    min: 1,
    default: 10,
    help: "most bits of a layer to flip at once where one does not help",
  },
  target: { kind: "integer", min: 0, help: "class that images are to get: a targeted attack" },
  source: { kind: "integer", min: 0, help: "class whose images are to get it; all if left out" },
  stealthy: { kind: "flag", help: "with --source: all other images keep their answers" },
  stealthAsConstant: {
    kind: "flag",
    help: "with --stealthy: rank bits without the term that keeps answers, as the authors' program",
  },
  stopSuccess: {
    kind: "number",
    min: 0,
    max: 1,
    help: "with --target: share of the test images with it to stop at; 0.99 if left out",
  },
  sampleWise: {
    kind: "integer",
    min: 1,
    placeholder: "images",
    help: "send so many images of the sample one by one to --target, or to a class drawn for each, by few flips",
  },
  randomTrials: { kind: "integer", min: 0, default: 3, help: "runs of as many random flips to compare with" },
  threads,
  out: {
    kind: "text",
    placeholder: "folder",
    help: "for the report, the quantised and the flipped file, and what a stopped search goes on from",
  },
} as const satisfies Options;

export const quantiseOptions = {
  ...modelOptions,
  out: { kind: "text", placeholder: "file.onnx", required: true, help: "for the quantised model" },
} as const satisfies Options;

export const randomOptions = {
  ...modelOptions,
  seed: imageOptions.seed,
  ...testOptions,
  test: { ...testOptions.test, required: true },
  flips: {
    kind: "list",
    of: "integer",
    placeholder: "numbers",
    default: [1, 10, 100],
    help: "after how many flips the accuracy is measured, rising",
  },
  trials: { kind: "integer", min: 1, default: 10, help: "how often" },
  threads,
} as const satisfies Options;

export const sweepOptions = {
  ...modelOptions,
  ...imageOptions,
  threads,
  out: { kind: "text", placeholder: "folder", help: "for the map as JSON, CSV and picture" },
} as const satisfies Options;

export const flipFileOptions = {
  out: { kind: "text", placeholder: "file.onnx", required: true, help: "for the changed model" },
} as const satisfies Options;

export const protectOptions = {
  ...modelOptions,
  by: {
    kind: "choice",
    choices: ["clipping", "reconstruction", "checksums"],
    required: true,
    help: "the range of each output channel; means of groups; or signatures that find flips",
  },
  group: { kind: "integer", min: 1, help: "weights of a group: 8 for reconstruction, 16 for checksums if left out" },
  limit: {
    kind: "number",
    above: 0,
    help: "of reconstruction: standard deviations that a weight may be from its group's mean; 3 if left out",
  },
  key: { kind: "integer", min: 0, help: "of checksums: secret; drawn if left out" },
  ...testOptions,
  test: { ...testOptions.test, help: "test images, to measure the cost in accuracy" },
  threads,
  out: {
    kind: "text",
    placeholder: "file",
    required: true,
    help: "for the protected model (.onnx), or the signatures (.json)",
  },
} as const satisfies Options;

export const checkOptions = {} as const satisfies Options;

export const recoverOptions = {
  out: {
    kind: "text",
    placeholder: "file.onnx",
    required: true,
    help: "for the model with changed groups set to zero",
  },
} as const satisfies Options;
