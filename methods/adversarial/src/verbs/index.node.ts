// reprise adversarial: train the paper's networks, test a classifier, attack one.
import { UsageError, verb } from "@reprise/experiment";
import { inFlags, modelOptionList } from "@reprise/nn/verbs";
import { attackNames } from "../index.ts";

const seed = { kind: "integer", min: 0, default: 0 } as const;
const exampleOptions = {
  images: {
    kind: "text",
    placeholder: "path",
    help: "IDX or NPY file, an image, or a folder of images; MNIST's bundled test images if left out",
  },
  labels: {
    kind: "text",
    placeholder: "file",
    help: "IDX or NPY file; what the model sees in the clean images if left out",
  },
  count: { kind: "integer", min: 1, help: "only the first n images" },
} as const;
const targetOption = {
  kind: "text",
  placeholder: "t",
  default: "random",
  help: "a label, random, leastLikely, all or untargeted",
} as const;
const model = { name: "model", help: "ONNX classifier" };

const train = verb({
  name: "train",
  summary: "train a network of the paper on MNIST and write it as ONNX",
  options: {
    network: {
      kind: "text",
      placeholder: "name",
      required: true,
      help: "fc10-1e-4, fc10-1e-2, fc10-1, fc100-100-10, fc200-200-10, fc123-456-10, lenet",
    },
    out: { kind: "text", placeholder: "file", required: true, help: "the ONNX file to write" },
    data: {
      kind: "text",
      placeholder: "dir",
      help: "folder of MNIST's four files; the small part in this repository if left out",
    },
    seed: { ...seed, help: "initial weights and order" },
    epochs: { kind: "integer", min: 1, help: "instead of the recipe's" },
    batch: { kind: "integer", min: 1, help: "instead of the recipe's" },
    rate: { kind: "number", above: 0, help: "learning rate instead of the recipe's" },
    optimizer: {
      kind: "choice",
      choices: ["sgd", "adam", "lbfgs"],
      help: "instead of the recipe's; lbfgs takes all images at once, --epochs are iterations",
    },
    adversarial: {
      kind: "text",
      placeholder: "layers",
      help: "§4.2: also learn from adversarial examples of what these layers give out: all, or 0 (the image), 1, … as in 0,1",
    },
    resume: { kind: "flag", help: "go on from OUT.checkpoint, where an interrupted run left off" },
  },
  async run(context) {
    const { adversarial, ...options } = context.options;
    const layers = adversarial === undefined ? {} : { adversarial: layersOf(adversarial) };
    return (await import("./train.node.ts")).trainVerb({ ...options, ...layers }, context);
  },
});

const test = verb({
  name: "test",
  summary: "error of a classifier on labelled images",
  arguments: [model],
  options: {
    ...modelOptionList,
    data: {
      kind: "text",
      placeholder: "dir",
      help: "folder of MNIST's files; the small part in this repository if left out",
    },
    split: { kind: "choice", choices: ["train", "test"], help: "which images of it (default: test)" },
    images: {
      kind: "text",
      placeholder: "path",
      help: "instead of --data: IDX or NPY file, an image, or a folder of images",
    },
    labels: { kind: "text", placeholder: "file", help: "of --images: IDX or NPY file" },
  },
  run: async (context) =>
    inFlags((await import("./test.node.ts")).testVerb(context.args[0]!, context.options, context)),
});

const attack = verb({
  name: "attack",
  summary: "perturbations that change what a classifier sees; by box-constrained L-BFGS, the smallest",
  arguments: [model],
  options: {
    ...modelOptionList,
    ...exampleOptions,
    target: targetOption,
    seed: { ...seed, help: "of random targets" },
    norm: { kind: "choice", choices: ["squared", "l2"], help: "of lbfgs: c·‖r‖² (the default) or c·‖r‖" },
    loss: {
      kind: "choice",
      choices: ["cross-entropy", "margin"],
      help: "of lbfgs: the paper's, or by how much the label misses",
    },
    sharpness: {
      kind: "number",
      placeholder: "b",
      above: 0,
      help: "of lbfgs: cross-entropy(b·logits) / b; 1 is the paper's (default: 2)",
    },
    bisections: {
      kind: "integer",
      min: 0,
      help: "of lbfgs: steps of the search over c once it is bracketed (default: 8)",
    },
    attack: { kind: "choice", choices: attackNames, default: "lbfgs", help: "another attack" },
    epsilons: {
      kind: "list",
      of: "number",
      placeholder: "list",
      help: "radii, in the pixels' units: 0.01,0.03,0.1",
    },
    ball: { kind: "choice", choices: ["linf", "l2"], help: "of attacks that come in both" },
    steps: { kind: "integer", min: 1, help: "of other attacks: iterations, queries or draws" },
    confidence: { kind: "number", placeholder: "k", above: 0, help: "logits by which the winner must lead" },
    topK: {
      kind: "integer",
      placeholder: "k",
      min: 1,
      help: "of other attacks: the label must leave (or the target join) the k highest",
    },
    quantise: {
      kind: "integer",
      placeholder: "bits",
      min: 8,
      max: 8,
      help: "results that survive saving: pixels of 8 bits",
    },
    starts: {
      kind: "text",
      placeholder: "path",
      help: "of hopskipjump: images to start from, as --images; drawn for each image if left out",
    },
    against: { kind: "words", placeholder: "model", help: "show the adversarial images to these classifiers too" },
    out: {
      kind: "text",
      placeholder: "dir",
      help: "folder for the report (JSON, CSV, Markdown), charts (SVG, PNG), images (NPY, PNG)",
    },
  },
  async run(context) {
    const { target, ...options } = context.options;
    const flags = { ...options, target: targetOf(target) };
    return inFlags((await import("./attack.node.ts")).attackVerb(context.args[0]!, flags, context));
  },
});

const transfer = verb({
  name: "transfer",
  summary: "images made for each model, shown to all of them, beside noise",
  arguments: [{ name: "models", help: "ONNX classifiers of the same images", many: true }],
  options: {
    ...modelOptionList,
    ...exampleOptions,
    count: { ...exampleOptions.count, default: 50 },
    target: targetOption,
    seed: { ...seed, help: "of random targets and noise" },
    amplify: {
      kind: "number",
      placeholder: "rms",
      above: 0,
      help: "also show the perturbations at this root mean square per pixel",
    },
    out: {
      kind: "text",
      placeholder: "dir",
      help: "folder for the table as JSON, CSV and Markdown, and as a heat map (SVG, PNG)",
    },
  },
  async run(context) {
    const { target, ...options } = context.options;
    const flags = { ...options, target: targetOf(target) };
    return inFlags((await import("./transfer.node.ts")).transferVerb(context.args, flags, context));
  },
});

const bounds = verb({
  name: "bounds",
  summary: "how much each layer of a model can stretch a perturbation (§4.3, Table 5)",
  arguments: [{ name: "model", help: "ONNX file" }],
  options: {
    shape: modelOptionList.shape,
    grid: {
      kind: "integer",
      min: 1,
      default: 8,
      help: "first frequencies an axis, for each tap of a kernel past the first",
    },
    out: { kind: "text", placeholder: "dir", help: "folder for bounds.json, bounds.csv and bounds.md" },
  },
  run: async (context) =>
    inFlags((await import("./bounds.node.ts")).boundsVerb(context.args[0]!, context.options, context)),
});

const masking = verb({
  name: "masking",
  summary: "checks whether a model hides its gradients instead of being robust",
  arguments: [model],
  options: {
    ...modelOptionList,
    ...exampleOptions,
    count: { ...exampleOptions.count, default: 20 },
    epsilon: { kind: "number", above: 0, default: 0.1, help: "L∞ budget, in the pixels' units" },
    queries: {
      kind: "integer",
      min: 1,
      default: 200,
      help: "images shown for each by the attacks without gradients",
    },
    seed: { ...seed, help: "of all draws" },
    out: { kind: "text", placeholder: "dir", help: "folder for masking.json, masking.csv and masking.md" },
  },
  run: async (context) =>
    inFlags((await import("./masking.node.ts")).maskingVerb(context.args[0]!, context.options, context)),
});

export const verbs = [train, test, attack, transfer, bounds, masking];

function layersOf(text: string): "all" | readonly number[] {
  if (text === "all") return text;
  const layers = text.split(",").map((layer) => (layer.trim() === "" ? Number.NaN : Number(layer)));
  if (layers.every((layer) => Number.isInteger(layer) && layer >= 0)) return layers;
  throw new UsageError(`--adversarial is "${text}". Expected all, or layers such as 0,1.`);
}

function targetOf(text: string): number | "random" | "leastLikely" | "all" | "untargeted" {
  if (text === "random" || text === "leastLikely" || text === "all" || text === "untargeted") return text;
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(`--target is "${text}". Expected a label (0, 1, …), random, leastLikely, all or untargeted.`);
}
