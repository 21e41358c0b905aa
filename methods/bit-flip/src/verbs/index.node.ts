// reprise bit-flip: quantise a classifier, find the bits that break it, flip them in its file.
import { verb } from "@reprise/experiment/verb";
import {
  attackOptions,
  checkOptions,
  flipFileOptions,
  protectOptions,
  quantiseOptions,
  randomOptions,
  recoverOptions,
  sweepOptions,
} from "./options.ts";

const model = { name: "model", help: "ONNX file, float or quantised; or --network with --weights", optional: true };

const quantise = verb({
  name: "quantise",
  summary: "write a model with its weights as 1 to 8 bits, by DequantizeLinear",
  arguments: [model],
  options: quantiseOptions,
  run: async (context) => (await import("./quantise.node.ts")).quantiseVerb(context),
});

const attack = verb({
  name: "attack",
  summary: "find the few bits whose flips break a quantised classifier",
  arguments: [model],
  options: attackOptions,
  run: async (context) =>
    context.options.sampleWise === undefined
      ? (await import("./attack.node.ts")).attackVerb(context)
      : (await import("./samplewise.node.ts")).samplewiseVerb(context),
});

const random = verb({
  name: "random",
  summary: "flip random bits, many times: accuracy with its 95 % interval",
  arguments: [model],
  options: randomOptions,
  run: async (context) => (await import("./random.node.ts")).randomVerb(context),
});

const sweep = verb({
  name: "sweep",
  summary: "for every layer and bit position: loss and accuracy after its best single flip",
  arguments: [model],
  options: sweepOptions,
  run: async (context) => (await import("./sweep.node.ts")).sweepVerb(context),
});

const list = { name: "flips", help: "results.json of an attack" };

const apply = verb({
  name: "apply",
  summary: "make the flips of an attack in a quantised file",
  arguments: [{ name: "model", help: "the file that was attacked, such as quantised.onnx" }, list],
  options: flipFileOptions,
  run: async (context) => (await import("./flip-file.node.ts")).flipFileVerb(context, { undo: false }),
});

const undo = verb({
  name: "undo",
  summary: "take the flips of an attack back",
  arguments: [{ name: "model", help: "the file with the flips" }, list],
  options: flipFileOptions,
  run: async (context) => (await import("./flip-file.node.ts")).flipFileVerb(context, { undo: true }),
});

const protect = verb({
  name: "protect",
  summary: "defend a trained model against flips, and say what it costs",
  arguments: [model],
  options: protectOptions,
  run: async (context) => (await import("./protect.node.ts")).protectVerb(context),
});

const checked = [
  { name: "model", help: "the quantised file" },
  { name: "signatures", help: "what protect --by checksums wrote" },
] as const;

const check = verb({
  name: "check",
  summary: "find the groups of weights that have changed since protect --by checksums",
  arguments: checked,
  options: checkOptions,
  run: async (context) => (await import("./check.node.ts")).checkVerb(context),
});

const recover = verb({
  name: "recover",
  summary: "set the groups of weights that have changed to zero",
  arguments: checked,
  options: recoverOptions,
  run: async (context) => (await import("./check.node.ts")).recoverVerb(context),
});

export const verbs = [quantise, attack, random, sweep, apply, undo, protect, check, recover];
