// reprise reproduce: a paper's tables from the data, what it claims beside what comes out.
import { Command, InvalidArgumentError, Option } from "commander";
import type { ReproduceFlags } from "./reproduce/flags.ts";

/** What can be reproduced of each paper: `--only` takes some of the parts. */
const papers: Readonly<
  Record<
    string,
    { readonly parts: readonly string[]; readonly load: () => Promise<(flags: ReproduceFlags) => Promise<void>> }
  >
> = {
  "journals/corr/SzegedyZSBEGF13": {
    parts: ["table1", "table2", "table3", "table4", "regularisation"],
    load: async () => (await import("./reproduce/adversarial.ts")).reproduceAdversarial,
  },
  "journals/corr/JoulinGBM16": {
    parts: ["table1", "elsewhere"],
    load: async () => (await import("./reproduce/fasttext.ts")).reproduceFasttext,
  },
};

export function command(): Command {
  const parts = Object.entries(papers).map(([key, paper]) => `  ${key}  ${paper.parts.join(",")}`);
  return new Command("reproduce")
    .description("run a paper's experiments; claimed beside reproduced")
    .argument("<bibtexKey>", "the paper's key on the site")
    .option(
      "--data <dir>",
      "folder of the paper's data (MNIST's four files; ag_news_csv, …, aclImdb); what this repository holds if left out",
    )
    .option("--out <dir>", "where parts and records are kept; a run that finds parts there goes on", "reproduction")
    .option(
      "--images <n>",
      "attacked images per network, of training and of test set; 1000 if there are as many",
      count,
    )
    .option("--seed <n>", "of networks, targets and noise", seed, 0)
    .option("--only <parts>", "some of the paper's parts below; the tables if left out", names)
    .option("--epochs <n>", "instead of the recipes', for a quick look", count)
    .addOption(new Option("--optimizer <name>", "instead of the recipes'").choices(["sgd", "adam", "lbfgs"]))
    .option("--jobs <n>", "trainings of the regularisation part at once; as many as there are cores, 4 at most", count)
    .option("--publish <dir>", "a paper's folder on the site: fill in the reproduced values of its results.json")
    .option("--json", "one JSON document on stdout")
    .addHelpText("after", `\nPapers and their parts:\n${parts.join("\n")}`)
    .action(async (key: string, flags: ReproduceFlags, self: Command) => {
      const paper = papers[key];
      if (!paper)
        throw new Error(
          `reproduce: nothing is known of how to reproduce "${key}"; there are ${Object.keys(papers).join(", ")}`,
        );
      const unknown = flags.only?.find((name) => !paper.parts.includes(name));
      if (unknown !== undefined)
        self.error(`error: --only: there is no "${unknown}" of ${key}; choose of ${paper.parts.join(",")}.`, {
          exitCode: 2,
        });
      const only = flags.only && { only: paper.parts.filter((name) => flags.only?.includes(name)) };
      await (await paper.load())({ ...flags, ...only });
    });
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

const names = (text: string) => text.split(",").map((name) => name.trim());
