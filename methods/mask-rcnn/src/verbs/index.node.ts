// reprise mask-rcnn: train instance segmentation on a COCO data set, judge it, run it on pictures.
import { verb } from "@reprise/experiment/verb";
import { evaluateOptions, exportOptions, inspectOptions, predictOptions, trainOptions } from "./options.ts";

const data = { name: "data", help: 'a COCO data set (JSON), or "shapes" for generated pictures' };

export const verbs = [
  verb({
    name: "train",
    summary: "learn to find, name and outline the objects of a data set",
    arguments: [data],
    options: trainOptions,
    run: async (context) => (await import("./train.node.ts")).trainVerb(context),
  }),
  verb({
    name: "evaluate",
    summary: "print COCO's numbers of boxes and masks",
    arguments: [data],
    options: evaluateOptions,
    run: async (context) => (await import("./evaluate.node.ts")).evaluateVerb(context),
  }),
  verb({
    name: "predict",
    summary: "outline the objects of pictures and videos",
    arguments: [{ name: "paths", help: "pictures, videos (mp4, mov, webm, mkv, gif), or folders of them", many: true }],
    options: predictOptions,
    run: async (context) => (await import("./predict.node.ts")).predictVerb(context),
  }),
  verb({
    name: "inspect",
    summary: "say what network a file holds",
    arguments: [{ name: "file", help: "what train wrote, or torchvision's state_dict" }],
    options: inspectOptions,
    run: async (context) => (await import("./inspect.node.ts")).inspectVerb(context),
  }),
  verb({
    name: "export",
    summary: "write one ONNX file that ONNX Runtime runs anywhere",
    arguments: [{ name: "file", help: "what train wrote, or torchvision's state_dict" }],
    options: exportOptions,
    run: async (context) => (await import("./export.node.ts")).exportVerb(context),
  }),
];
