// reprise tcc: learn from videos of one action, embed them, align them, judge it.
import { verb } from "@reprise/experiment/verb";
import {
  alignOptions,
  compareOptions,
  drawingsOptions,
  embedOptions,
  evaluateOptions,
  featuresOptions,
  trainOptions,
} from "./options.ts";

const folder = { name: "folder", help: "video files, .npy sequences, or folders of pictures, one for each video" };
const model = { name: "model", help: "what train wrote" };

export const verbs = [
  verb({
    name: "train",
    summary: "learn to embed the frames of videos of one action, without labels",
    arguments: [folder],
    options: trainOptions,
    run: async (context) => (await import("./train.node.ts")).trainVerb(context),
  }),
  verb({
    name: "embed",
    summary: "embed every frame of every video of a folder",
    arguments: [model, folder],
    options: embedOptions,
    run: async (context) => (await import("./embed.node.ts")).embedVerb(context),
  }),
  verb({
    name: "features",
    summary: "features of every frame by a network trained elsewhere: sequences for --encoder mlp",
    arguments: [{ name: "network", help: "an .onnx or .tflite file, or what data get mobilenet-v2 fetches" }, folder],
    options: featuresOptions,
    run: async (context) => (await import("./features.node.ts")).featuresVerb(context),
  }),
  verb({
    name: "drawings",
    summary: "handwriting as videos of ink, with the stroke of each frame as its phase",
    arguments: [{ name: "source", help: "digits (shipped), or Omniglot's strokes: their .zip or folder" }],
    options: drawingsOptions,
    run: async (context) => (await import("./drawings.node.ts")).drawingsVerb(context),
  }),
  verb({
    name: "align",
    summary: "tell when each frame of one video happens in others",
    arguments: [{ name: "videos", help: "a video file, an .npy file or a folder of pictures each", many: true }],
    options: alignOptions,
    run: async (context) => (await import("./align.node.ts")).alignVerb(context),
  }),
  verb({
    name: "compare",
    summary: "tell of each frame of a video its nearest in a folder, phase, anomaly and distance to the goal",
    arguments: [model, folder, { name: "video", help: "a video file, an .npy file or a folder of pictures" }],
    options: compareOptions,
    run: async (context) => (await import("./compare.node.ts")).compareVerb(context),
  }),
  verb({
    name: "evaluate",
    summary: "print every metric of the paper beside its baselines",
    arguments: [model, folder],
    options: evaluateOptions,
    run: async (context) => (await import("./evaluate.node.ts")).evaluateVerb(context),
  }),
];
