// What the verbs can be told, as plain data.
import type { Options } from "@reprise/experiment";

const threads = { kind: "integer", min: 1, help: "threads; all cores if left out" } as const;
const whole = (help: string) => ({ kind: "integer", min: 1, help }) as const;

export const trainOptions = {
  out: { kind: "text", placeholder: "file", required: true, help: "the model to write" },
  encoder: {
    kind: "choice",
    choices: ["small", "mlp"],
    help: "small for pictures, mlp for features; what fits the data if left out",
  },
  objective: {
    kind: "choice",
    choices: ["tcc", "sal", "tcn"],
    help: "cycle-consistency, or a baseline: shuffle and learn, time-contrastive",
  },
  steps: whole("4000 for small, 1200 for mlp if left out"),
  seed: { kind: "integer", min: 0, default: 0, help: "of initial weights, order and held-out videos" },
  heldOut: {
    kind: "text",
    placeholder: "dir",
    help: "folder of the videos whose τ decides; a tenth of thirty or more if left out, else all",
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
  contextStride: whole("frames between a frame and the one before it that is seen with it"),
  dimensions: whole("of an embedding"),
  validateEvery: whole("steps between two looks at τ"),
  patience: { kind: "integer", min: 0, help: "looks without a better τ after which training ends; 0 never does" },
  size: { kind: "integer", min: 16, default: 48, help: "pixels of a side that pictures are brought to" },
  framesPerSecond: { kind: "number", above: 0, default: 15, help: "of video files that have more" },
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
    help: "videos in step: .mp4 or .webm; or the table of frames: .csv, .json or .npy",
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
  threads,
} as const satisfies Options;

export const evaluateOptions = {
  labels: {
    kind: "text",
    placeholder: "file",
    help: "phases of frames as JSON; labels.json in the folder if left out",
  },
  beside: {
    kind: "list",
    of: "text",
    placeholder: "models",
    help: "other models for the same table, such as those of train --objective sal and tcn",
  },
  stride: { kind: "integer", min: 1, default: 2, help: "every such frame counts for τ" },
  seed: { kind: "integer", min: 0, default: 0, help: "of the drawn weights it is compared with" },
  threads,
} as const satisfies Options;

export const compareOptions = {
  out: { kind: "text", placeholder: "file", required: true, help: "a row for each frame: .csv or .json" },
  labels: {
    kind: "text",
    placeholder: "file",
    help: "phases of the folder's frames as JSON; labels.json in the folder if left out",
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
