// reprise adversarial: train the paper's networks, test a classifier, attack one; on @reprise/adversarial.
import { Command, InvalidArgumentError, Option } from "commander";
import { attackVerb } from "./adversarial/attack.ts";
import { testVerb } from "./adversarial/test.ts";
import { trainVerb } from "./adversarial/train.ts";

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
    .option("--resume", "go on from OUT.checkpoint, where an interrupted run left off")
    .option("--json", "one JSON document on stdout")
    .action(trainVerb);

  adversarial
    .command("test")
    .description("error of a classifier on labelled images")
    .argument("<model>", "ONNX classifier")
    .option("--data <dir>", "folder of MNIST's files; the small part in this repository if left out")
    .addOption(new Option("--split <name>", "which images of it").choices(["train", "test"]).default("test"))
    .option("--images <path>", "instead of --data: IDX or NPY file, an image, or a folder of images")
    .option("--labels <file>", "of --images: IDX or NPY file")
    .option("--json", "one JSON document on stdout")
    .action(testVerb);

  adversarial
    .command("attack")
    .description("smallest perturbations that change what a classifier sees, by box-constrained L-BFGS")
    .argument("<model>", "ONNX classifier")
    .option(
      "--images <path>",
      "IDX or NPY file, an image, or a folder of images; MNIST's bundled test images if left out",
    )
    .option("--labels <file>", "IDX or NPY file; what the model sees in the clean images if left out")
    .option("--count <n>", "only the first n images", positiveNumber)
    .option("--target <t>", "a label, random, leastLikely, all or untargeted", target, "random")
    .option("--seed <n>", "of random targets", wholeNumber, 0)
    .addOption(new Option("--norm <name>", "c·‖r‖² or c·‖r‖").choices(["squared", "l2"]).default("squared"))
    .option("--sharpness <b>", "loss = cross-entropy(b·logits) / b; 1 is the paper's", positive, 2)
    .option("--bisections <n>", "steps of the search over c once it is bracketed", wholeNumber, 8)
    .option("--against <model...>", "show the adversarial images to these classifiers too")
    .option("--out <dir>", "folder for results.json, results.csv, adversarial.npy, figure.svg and images/*.png")
    .option("--json", "one JSON document on stdout")
    .action(attackVerb);
  return adversarial;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < 0)
    throw new InvalidArgumentError("Expected a whole number from 0 up.");
  return value;
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
