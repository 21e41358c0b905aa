// reprise bit-flip: quantise a classifier, find the bits that break it, flip them in its file.
import { verb } from "@reprise/experiment/verb";
import { attackOptions, flipFileOptions, quantiseOptions, randomOptions, sweepOptions } from "./options.ts";

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
  run: async (context) => (await import("./attack.node.ts")).attackVerb(context),
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

export const verbs = [quantise, attack, random, sweep, apply, undo];
