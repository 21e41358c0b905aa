// reprise adversarial: train the paper's networks, test a classifier, attack one; on @reprise/adversarial.
import { attackNames } from "@reprise/adversarial";
import { Command, InvalidArgumentError, Option } from "commander";
import { attackVerb } from "./adversarial/attack.ts";
import { boundsVerb } from "./adversarial/bounds.ts";
import { maskingVerb } from "./adversarial/masking.ts";
import { inFlags, numbers, withModelFlags } from "./adversarial/model-flags.ts";
import { testVerb } from "./adversarial/test.ts";
import { trainVerb } from "./adversarial/train.ts";
import { transferVerb } from "./adversarial/transfer.ts";

export function command(): Command {
  const adversarial = new Command("adversarial").description("Intriguing properties of neural networks");

  adversarial
    .command("train")
    .description("train a network of the paper on MNIST and write it as ONNX")
    .requiredOption("--network <name>", "fc10-1e-4, fc10-1e-2, fc10-1, fc100-100-10, fc200-200-10, fc123-456-10, lenet")
    .requiredOption("--out <file>", "the ONNX file to write")
    .option("--data <dir>", "folder of MNIST's four files; the small part in this repository if left out")
    .option("--seed <n>", "initial weights and order", wholeNumber, 0)
    .option("--epochs <n>", "instead of the recipe's", positiveNumber)
    .option("--batch <n>", "instead of the recipe's", positiveNumber)
    .option("--rate <x>", "learning rate instead of the recipe's", positive)
    .addOption(
      new Option(
        "--optimizer <name>",
        "instead of the recipe's; lbfgs takes all images at once, --epochs are iterations",
      ).choices(["sgd", "adam", "lbfgs"]),
    )
    .option(
      "--adversarial <layers>",
      "§4.2: also learn from adversarial examples of what these layers give out: all, or 0 (the image), 1, … as in 0,1",
      layers,
    )
    .option("--resume", "go on from OUT.checkpoint, where an interrupted run left off")
    .option("--json", "one JSON document on stdout")
    .action(trainVerb);

  withModelFlags(adversarial.command("test"))
    .description("error of a classifier on labelled images")
    .argument("<model>", "ONNX classifier")
    .option("--data <dir>", "folder of MNIST's files; the small part in this repository if left out")
    .addOption(new Option("--split <name>", "which images of it").choices(["train", "test"]).default("test"))
    .option("--images <path>", "instead of --data: IDX or NPY file, an image, or a folder of images")
    .option("--labels <file>", "of --images: IDX or NPY file")
    .option("--json", "one JSON document on stdout")
    .action((model, flags) => inFlags(testVerb(model, flags)));

  withModelFlags(adversarial.command("attack"))
    .description("perturbations that change what a classifier sees; by box-constrained L-BFGS, the smallest")
    .argument("<model>", "ONNX classifier")
    .option(
      "--images <path>",
      "IDX or NPY file, an image, or a folder of images; MNIST's bundled test images if left out",
    )
    .option("--labels <file>", "IDX or NPY file; what the model sees in the clean images if left out")
    .option("--count <n>", "only the first n images", positiveNumber)
    .option("--target <t>", "a label, random, leastLikely, all or untargeted", target, "random")
    .option("--seed <n>", "of random targets", wholeNumber, 0)
    .addOption(new Option("--norm <name>", "of lbfgs: c·‖r‖² (the default) or c·‖r‖").choices(["squared", "l2"]))
    .addOption(
      new Option("--loss <name>", "of lbfgs: the paper's, or by how much the label misses").choices([
        "cross-entropy",
        "margin",
      ]),
    )
    .option("--sharpness <b>", "of lbfgs: cross-entropy(b·logits) / b; 1 is the paper's (default: 2)", positive)
    .option("--bisections <n>", "of lbfgs: steps of the search over c once it is bracketed (default: 8)", wholeNumber)
    .addOption(new Option("--attack <name>", "another attack").choices(attackNames).default("lbfgs"))
    .option("--epsilons <list>", "of other attacks: radii, in the pixels' units: 0.01,0.03,0.1", numbers)
    .addOption(new Option("--ball <norm>", "of attacks that come in both").choices(["linf", "l2"]))
    .option("--steps <n>", "of other attacks: iterations, queries or draws", positiveNumber)
    .option("--confidence <k>", "logits by which the winner must lead", positive)
    .option("--top-k <k>", "of other attacks: the label must leave (or the target join) the k highest", positiveNumber)
    .addOption(new Option("--quantise <bits>", "results that survive saving: pixels of 8 bits").argParser(bits))
    .option("--starts <path>", "of hopskipjump: images to start from, as --images; drawn for each image if left out")
    .option("--against <model...>", "show the adversarial images to these classifiers too")
    .option("--out <dir>", "folder for the report (JSON, CSV, Markdown), charts (SVG, PNG), images (NPY, PNG)")
    .option("--json", "one JSON document on stdout")
    .action((model, flags) => inFlags(attackVerb(model, flags)));
  withModelFlags(adversarial.command("transfer"))
    .description("images made for each model, shown to all of them, beside noise")
    .argument("<models...>", "ONNX classifiers of the same images")
    .option("--images <path>", "IDX or NPY file, an image, or a folder of images; MNIST's bundled ones if left out")
    .option("--labels <file>", "IDX or NPY file; what the first model sees if left out")
    .option("--count <n>", "only the first n images", positiveNumber, 50)
    .option("--target <t>", "a label, random, leastLikely, all or untargeted", target, "random")
    .option("--seed <n>", "of random targets and noise", wholeNumber, 0)
    .option("--amplify <rms>", "also show the perturbations at this root mean square per pixel", positive)
    .option("--out <dir>", "folder for the table as JSON, CSV and Markdown, and as a heat map (SVG, PNG)")
    .option("--json", "one JSON document on stdout")
    .action((models, flags) => inFlags(transferVerb(models, flags)));

  adversarial
    .command("bounds")
    .description("how much each layer of a model can stretch a perturbation (§4.3, Table 5)")
    .argument("<model>", "ONNX file")
    .option("--shape <sizes>", "one image as the model takes it, where it leaves that open: 3,224,224", numbers)
    .option("--grid <n>", "first frequencies an axis, for each tap of a kernel past the first", positiveNumber, 8)
    .option("--out <dir>", "folder for bounds.json, bounds.csv and bounds.md")
    .option("--json", "one JSON document on stdout")
    .action((model, flags) => inFlags(boundsVerb(model, flags)));

  withModelFlags(adversarial.command("masking"))
    .description("checks whether a model hides its gradients instead of being robust")
    .argument("<model>", "ONNX classifier")
    .option("--images <path>", "IDX or NPY file, an image, or a folder of images; MNIST's bundled ones if left out")
    .option("--labels <file>", "IDX or NPY file; what the model sees if left out")
    .option("--count <n>", "only the first n images", positiveNumber, 20)
    .option("--epsilon <x>", "L∞ budget, in the pixels' units", positive, 0.1)
    .option("--queries <n>", "images shown for each by the attacks without gradients", positiveNumber, 200)
    .option("--seed <n>", "of all draws", wholeNumber, 0)
    .option("--out <dir>", "folder for masking.json, masking.csv and masking.md")
    .option("--json", "one JSON document on stdout")
    .action((model, flags) => inFlags(maskingVerb(model, flags)));
  return adversarial;
}

function bits(text: string): number {
  if (text !== "8") throw new InvalidArgumentError("Expected 8, the bits of a PNG.");
  return 8;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < 0)
    throw new InvalidArgumentError("Expected a whole number from 0 up.");
  return value;
}

function layers(text: string): "all" | readonly number[] {
  return text === "all" ? text : text.split(",").map((layer) => wholeNumber(layer));
}

function positiveNumber(text: string): number {
  const value = wholeNumber(text);
  if (value === 0) throw new InvalidArgumentError("Expected a whole number from 1 up.");
  return value;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Infinity)) throw new InvalidArgumentError("Expected a number above 0.");
  return value;
}

function target(text: string): number | "random" | "leastLikely" | "all" | "untargeted" {
  if (text === "random" || text === "leastLikely" || text === "all" || text === "untargeted") return text;
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected a label (0, 1, …), random, leastLikely, all or untargeted.");
}
