// What the verbs can be told, as plain data.
import type { Options } from "@reprise/experiment";

const threads = { kind: "integer", min: 1, help: "threads; all cores if left out" } as const;
const whole = (help: string) => ({ kind: "integer", min: 1, help }) as const;

const frameCache = {
  kind: "text",
  placeholder: "dir",
  help: "folder where decoded frames of video files are kept for the next run; none if left out",
} as const;
const frameCacheLimit = { kind: "number", above: 0, default: 2, help: "gigabytes of --frame-cache, at most" } as const;

export const trainOptions = {
  out: { kind: "text", placeholder: "file", required: true, help: "the model to write" },
  encoder: {
    kind: "choice",
    choices: ["small", "mlp", "vggm", "resnet50", "onnx"],
    help: "small for pictures, mlp for features (what fits the data if left out); the paper's; or any ONNX backbone",
  },
  weights: {
    kind: "text",
    placeholder: "file",
    help: "of resnet50 in torchvision's names (.pth, .safetensors, .onnx); the network of onnx (.onnx, .tflite)",
  },
  cut: { kind: "text", placeholder: "value", help: "of onnx: the value whose feature maps are taken" },
  pixels: {
    kind: "choice",
    choices: ["signed", "unit", "imagenet"],
    help: "what a backbone takes: −1 to 1, 0 to 1, or by ImageNet's statistics (resnet50, onnx)",
  },
  trainBase: {
    kind: "choice",
    choices: ["all", "only-bn", "frozen"],
    help: "what of a backbone is trained: all (vggm), batch normalisation alone (resnet50), nothing (onnx)",
  },
  width: { kind: "number", above: 0, help: "factor of vggm's channels" },
  objective: {
    kind: "choice",
    choices: ["tcc", "sal", "tcn", "supervised"],
    help: "cycle-consistency, or a baseline: shuffle and learn, time-contrastive, a classifier of phases",
  },
  labels: {
    kind: "text",
    placeholder: "file",
    help: "of supervised: phases of frames, .json or .csv; labels.json or labels.csv in the folder if left out",
  },
  labelled: { kind: "number", above: 0, max: 1, help: "of supervised: the share of videos that is learnt from" },
  steps: whole("4000 for small, 1200 for mlp if left out"),
  seed: { kind: "integer", min: 0, default: 0, help: "of initial weights, order and held-out videos" },
  heldOut: {
    kind: "text",
    placeholder: "dir",
    help: "folder of the videos whose τ decides; a tenth of ten or more if left out, else all",
  },
  loss: {
    kind: "choice",
    choices: ["regression-mse", "regression-mse-var", "regression-huber", "classification"],
    help: "how a cycle's end is compared with its start; regression-mse if left out",
  },
  temperature: { kind: "number", above: 0, help: "of similarities, which are divided by the dimensions too" },
  cycles: { kind: "choice", choices: ["deterministic", "stochastic"], help: "every frame, or cycles drawn at random" },
  learningRate: { kind: "number", above: 0, help: "of Adam at the start; it falls to 0" },
  videosPerStep: { kind: "integer", min: 2, help: "4 if left out" },
  framesPerVideo: { kind: "integer", min: 4, help: "20 if left out" },
  context: whole("frames seen at once; 2 if left out"),
  contextStride: whole("frames between a frame and the one before it that is seen with it"),
  start: {
    kind: "choice",
    choices: ["ignored", "beside", "subtracted"],
    help: "how the first frame is seen; if left out, small subtracts it where the camera stands still",
  },
  dimensions: whole("of an embedding"),
  mirror: {
    kind: "flag",
    negatable: true,
    help: "half of the videos are mirrored at random, for actions by either hand",
  },
  validateEvery: whole("steps between two looks at τ"),
  patience: { kind: "integer", min: 0, help: "looks without a better τ after which training ends; 0 never does" },
  size: {
    kind: "integer",
    min: 16,
    help: "pixels of a side that pictures are brought to; 48 for small, 112 for others",
  },
  framesPerSecond: { kind: "number", above: 0, default: 15, help: "of video files that have more" },
  frameCache,
  frameCacheLimit,
  threads,
} as const satisfies Options;

export const embedOptions = {
  out: { kind: "text", placeholder: "dir", required: true, help: "folder for NAME.npy [frames, dimensions]" },
  threads,
} as const satisfies Options;

export const alignOptions = {
  model: { kind: "text", placeholder: "file", required: true, help: "what train wrote" },
  out: {
    kind: "text",
    placeholder: "file",
    required: true,
    help: "videos in step: .mp4, .webm or .gif; moments of them: .png; or the table of frames: .csv, .json or .npy",
  },
  reference: { kind: "text", placeholder: "video", help: "the video that the others follow; the first if left out" },
  by: {
    kind: "choice",
    choices: ["path", "nearest"],
    default: "path",
    help: "dynamic time warping, which never goes back, or the nearest frame",
  },
  height: { kind: "integer", min: 16, default: 240, help: "pixels of each video in the result" },
  events: {
    kind: "list",
    of: "integer",
    min: 0,
    placeholder: "frames",
    help: "frames that belong together, one of each video, event after event: the path obeys",
  },
  labels: {
    kind: "text",
    placeholder: "file",
    help: "phases of the reference's frames, .json or .csv, which the other videos take over",
  },
  moments: { kind: "integer", min: 1, max: 100, default: 8, help: "columns of a .png" },
  captions: {
    kind: "flag",
    negatable: true,
    help: "time and phase written into each video; they are unless --no-captions",
  },
  audio: { kind: "flag", help: "with the sound of the reference" },
  threads,
} as const satisfies Options;

export const evaluateOptions = {
  labels: {
    kind: "text",
    placeholder: "file",
    help: "phases of frames, .json or .csv; labels.json or labels.csv in the folder if left out",
  },
  beside: {
    kind: "list",
    of: "text",
    placeholder: "models",
    help: "other models for the same table, such as those of train --objective sal and tcn",
  },
  features: {
    kind: "text",
    placeholder: "file",
    help: "a network trained elsewhere (.onnx, .tflite, what data get mobilenet-v2 fetches) for the same table",
  },
  featuresCut: { kind: "text", placeholder: "value", help: "the value of its graph whose feature maps are taken" },
  featuresPixels: {
    kind: "choice",
    choices: ["signed", "unit", "imagenet"],
    help: "what it takes; signed for TensorFlow Lite, imagenet for ONNX if left out",
  },
  featuresSize: { kind: "integer", min: 32, default: 96, help: "pixels of a side that it sees" },
  stride: { kind: "integer", min: 1, default: 2, help: "every such frame counts for τ" },
  seed: { kind: "integer", min: 0, default: 0, help: "of the drawn weights it is compared with" },
  frameCache,
  frameCacheLimit,
  threads,
} as const satisfies Options;

export const compareOptions = {
  out: { kind: "text", placeholder: "file", required: true, help: "a row for each frame: .csv or .json" },
  labels: {
    kind: "text",
    placeholder: "file",
    help: "phases of its frames, .json or .csv; labels.json or labels.csv in the folder if left out",
  },
  usual: {
    kind: "number",
    above: 0,
    max: 1,
    default: 0.95,
    help: "share of the folder's frames that count as usual",
  },
  threads,
} as const satisfies Options;

export const featuresOptions = {
  out: { kind: "text", placeholder: "dir", required: true, help: "folder for NAME.npy [frames, features]" },
  cut: { kind: "text", placeholder: "value", help: "the value of its graph whose feature maps are taken" },
  pixels: {
    kind: "choice",
    choices: ["signed", "unit", "imagenet"],
    help: "what it takes; signed for TensorFlow Lite, imagenet for ONNX if left out",
  },
  size: { kind: "integer", min: 32, default: 96, help: "pixels of a side that it sees" },
  grid: { kind: "integer", min: 1, max: 16, default: 1, help: "cells of a side that features are averaged over" },
  fromStart: { kind: "flag", help: "minus the first frame's: what has changed since the video began" },
  framesPerSecond: { kind: "number", above: 0, default: 15, help: "of video files that have more" },
  threads,
} as const satisfies Options;

export const drawingsOptions = {
  out: { kind: "text", placeholder: "dir", required: true, help: "folder for WRITER.npy [frames, height, width]" },
  character: {
    kind: "text",
    placeholder: "name",
    required: true,
    help: "a digit, or a character of Omniglot such as Latin/character01",
  },
  writers: { kind: "text", placeholder: "range", default: "1-20", help: "whose drawings, from 1 on" },
  size: { kind: "integer", min: 16, default: 48, help: "pixels of a side" },
  framesPerSecond: { kind: "number", above: 0, default: 15, help: "of the videos" },
} as const satisfies Options;
