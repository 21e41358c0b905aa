// What the verbs can be told, as plain data.
import type { Options } from "@reprise/experiment";
import { maskHeads, maskLosses, networkFeatures, roiPoolings } from "../settings.ts";

const threads = { kind: "integer", min: 1, help: "threads; all cores if left out" } as const;
const images = {
  kind: "text",
  placeholder: "dir",
  help: "the data set's images; the folder of its file if left out",
} as const;
const model = {
  kind: "text",
  placeholder: "file",
  required: true,
  help: "what train wrote, or the state_dict of torchvision's maskrcnn_resnet50_fpn or _v2, .pth or .safetensors",
} as const;
const count = { kind: "integer", min: 1, help: "so many pictures; all, or 100 generated ones, if left out" } as const;
const whole = (help: string) => ({ kind: "integer", min: 1, help: `${help}; the preset's if left out` }) as const;

export const trainOptions = {
  out: { kind: "text", placeholder: "file", required: true, help: "the network to write, safetensors" },
  images,
  preset: {
    kind: "choice",
    choices: ["tiny", "few-images", "torchvision", "paper"],
    default: "tiny",
    help: "settings to start from",
  },
  weights: {
    kind: "text",
    placeholder: "file",
    help: "a network to start from: what train wrote, or torchvision's state_dict; outputs are new where classes differ",
  },
  backbone: {
    kind: "text",
    placeholder: "file",
    help: "in place of --weights: torchvision's resnet18 to resnet101 to start from; its first stage is frozen unless --freeze says otherwise",
  },
  validation: { kind: "text", placeholder: "gt.json", help: "a COCO data set that is evaluated while training" },
  validationImages: { ...images, help: "its images; the folder of its file if left out" },
  validationCount: { ...count, default: 50, help: "so many pictures of it" },
  steps: whole("steps"),
  batchSize: whole("pictures a step"),
  learningRate: { kind: "number", above: 0, help: "the highest learning rate; the preset's if left out" },
  warmUp: { kind: "integer", min: 0, help: "steps in which the rate rises; the preset's if left out" },
  minSize: whole("pixels of a picture's shorter side"),
  maxSize: whole("pixels of its longer side at most"),
  minSizes: {
    kind: "list",
    of: "integer",
    placeholder: "numbers",
    min: 1,
    help: "shorter sides, of which each step draws one (multi-scale training); always --min-size if left out",
  },
  anchorSizes: {
    kind: "list",
    of: "integer",
    placeholder: "numbers",
    count: 5,
    min: 1,
    help: "pixels of the anchors of each level; the preset's if left out",
  },
  canonicalSize: whole("pixels of the regions that are taken from the pyramid's level 4"),
  freeze: {
    kind: "list",
    of: "text",
    placeholder: "names",
    help: "parts that keep their weights: backbone.body.conv1,backbone.body.layer1",
  },
  features: {
    kind: "choice",
    choices: networkFeatures,
    help: "of a new network: a feature pyramid (if left out), the fourth stage's with the fifth in the heads, or the fifth's of stride 32",
  },
  pooling: { kind: "choice", choices: roiPoolings, help: "how features of regions are taken; align if left out" },
  maskLoss: {
    kind: "choice",
    choices: maskLosses,
    help: "each class's mask by itself (if left out), or classes that compete for each pixel",
  },
  maskHead: {
    kind: "choice",
    choices: maskHeads,
    help: "of a new network: convolutions (if left out) or fully connected layers",
  },
  classAgnosticMask: { kind: "flag", help: "of a new network: one mask for all classes" },
  validateEvery: whole("steps between two evaluations and checkpoints"),
  seed: { kind: "integer", min: 0, default: 0, help: "of weights, order, mirroring and samples" },
  threads,
} as const satisfies Options;

export const evaluateOptions = {
  model,
  images,
  count,
  seed: { kind: "integer", min: 0, default: 1000, help: "of generated pictures" },
  out: { kind: "text", placeholder: "dt.json", help: "the detections, in COCO's results format" },
  threads,
} as const satisfies Options;

export const predictOptions = {
  model: { ...model, help: `${model.help}; or an ONNX file of export` },
  out: { kind: "text", placeholder: "dir", required: true, help: "for the overlays, PNG or video, and results.json" },
  score: { kind: "number", min: 0, max: 1, default: 0.5, help: "the least score of what is drawn and written" },
  framesPerSecond: { kind: "number", above: 0, help: "frames a second of videos that have more; all if left out" },
  minSize: { kind: "integer", min: 1, help: "pixels of a picture's shorter side; as in training if left out" },
  maxSize: { kind: "integer", min: 1, help: "pixels of its longer side at most; as in training if left out" },
  threads,
} as const satisfies Options;

export const inspectOptions = {} as const satisfies Options;

export const exportOptions = {
  out: { kind: "text", placeholder: "file.onnx", required: true, help: "the ONNX file to write" },
  height: { kind: "integer", min: 1, required: true, help: "pixels of the pictures that it takes" },
  width: { kind: "integer", min: 1, required: true, help: "pixels of the pictures that it takes" },
  score: { kind: "number", min: 0, max: 1, default: 0.05, help: "the least score of a detection" },
  detections: { kind: "integer", min: 1, default: 100, help: "rows of the results" },
  proposals: { kind: "integer", min: 1, default: 1000, help: "regions that are looked at" },
} as const satisfies Options;
