// reprise reproduce: a paper's tables from the data, what it claims beside what comes out.
import { Command, InvalidArgumentError, Option } from "commander";
import { reproduceVerb } from "./reproduce/run.ts";

const tables = ["table1", "table2", "table3", "table4", "regularisation"];

export function command(): Command {
  return new Command("reproduce")
    .description("run a paper's experiments; claimed beside reproduced")
    .argument("<bibtexKey>", "journals/corr/SzegedyZSBEGF13")
    .option("--data <dir>", "folder of MNIST's four files; the small part in this repository if left out")
    .option("--out <dir>", "where parts and records are kept; a run that finds parts there goes on", "reproduction")
    .option(
      "--images <n>",
      "attacked images per network, of training and of test set; 1000 if there are as many",
      count,
    )
    .option("--seed <n>", "of networks, targets and noise", seed, 0)
    .option("--only <tables>", `some of ${tables.join(",")}; the tables if left out`, only)
    .option("--epochs <n>", "instead of the recipes', for a quick look", count)
    .addOption(new Option("--optimizer <name>", "instead of the recipes'").choices(["sgd", "adam", "lbfgs"]))
    .option("--jobs <n>", "trainings of the regularisation part at once; as many as there are cores, 4 at most", count)
    .option("--publish <dir>", "a paper's folder on the site: fill in the reproduced values of its results.json")
    .option("--json", "one JSON document on stdout")
    .action(reproduceVerb);
}

function seed(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError("Expected a whole number from 0 up.");
  return value;
}

function count(text: string): number {
  const value = seed(text);
  if (value === 0) throw new InvalidArgumentError("Expected a whole number from 1 up.");
  return value;
}

function only(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !tables.includes(name));
  if (unknown !== undefined) throw new InvalidArgumentError(`There is no "${unknown}"; choose of ${tables.join(",")}.`);
  return tables.filter((name) => names.includes(name));
}
