// reprise reproduce: a paper's tables from the data, what it claims beside what comes out.
import type { Paper } from "@reprise/experiment";
import { paperOf, papers } from "@reprise/papers";
import { Command } from "commander";
import {
  flagOf,
  flagsOf,
  helpOf,
  type OptionValue,
  optionsOf,
  readOption,
  usageOf,
} from "./reproduce/paper-options.ts";

/** What every paper's reproduction can be told. The options of its experiments are beside these, as text. */
interface Flags {
  readonly out: string;
  readonly only?: readonly string[];
  readonly publish?: string;
  readonly json?: boolean;
  readonly [option: string]: unknown;
}
/** Ends the command with a message and exit code 2. */
type Refuse = (message: string) => never;

export function command(): Command {
  const reproduce = new Command("reproduce")
    .description("run a paper's experiments; claimed beside reproduced")
    .argument("<bibtexKey>", "the paper's key on the site")
    .option("--out <dir>", "where steps and records are kept; a run that finds steps there goes on", "reproduction")
    .option("--only <parts>", "some of the paper's parts below", names)
    .option("--publish <dir>", "a paper's folder on the site: fill in the reproduced values of its results.json")
    .option("--json", "one JSON document on stdout")
    .addHelpText("after", `\nPapers, their parts, and the options of these:\n${papers.map(helpOf).join("\n")}`)
    .action(async (key: string, flags: Flags, self: Command) => {
      const paper = paperOf(key);
      if (!paper)
        throw new Error(
          `reproduce: nothing is known of how to reproduce "${key}"; there are ${papers.map((each) => each.key).join(", ")}`,
        );
      const refuse: Refuse = (message) => self.error(`error: ${message}`, { exitCode: 2 });
      const parts = partsOf(paper, flags.only, refuse);
      const settings = settingsOf(paper, parts, flags, refuse);
      const run = await import("./reproduce/run.ts");
      await run.reproduce(paper, { parts, settings, out: flags.out, publish: flags.publish, json: flags.json });
    });
  for (const flag of flagsOf(papers)) reproduce.addOption(flag);
  return reproduce;
}

/** In the paper's order; where none is named, those that run unasked. */
function partsOf({ key, experiments }: Paper, only: readonly string[] | undefined, refuse: Refuse): readonly string[] {
  const all = Object.keys(experiments);
  const unknown = only?.find((name) => !all.includes(name));
  if (unknown !== undefined) refuse(`--only: there is no "${unknown}" of ${key}; choose of ${all.join(",")}.`);
  return all.filter((name) => (only ? only.includes(name) : !experiments[name]!.onRequest));
}

/** Defaults and what was given. An option that none of the parts has is refused. */
function settingsOf(
  { key, experiments }: Paper,
  parts: readonly string[],
  flags: Flags,
  refuse: Refuse,
): Readonly<Record<string, OptionValue>> {
  const options = optionsOf(parts.map((part) => experiments[part]!));
  const settings: Record<string, OptionValue> = {};
  for (const [name, option] of Object.entries(options)) {
    const given = flags[name] as string | boolean | undefined;
    if (given === undefined) {
      if ("default" in option && option.default !== undefined) settings[name] = option.default;
      continue;
    }
    try {
      settings[name] = readOption(option, given);
    } catch (error) {
      refuse(`option '${usageOf(name, option)}' argument '${given}' is invalid. ${(error as Error).message}`);
    }
  }
  for (const name of Object.keys(optionsOf(papers.flatMap((paper) => Object.values(paper.experiments))))) {
    if (flags[name] === undefined || options[name]) continue;
    const having = Object.keys(experiments).filter((part) => experiments[part]!.options[name]);
    if (having.length === 0) refuse(`${flagOf(name)} is not an option of ${key}.`);
    refuse(`${flagOf(name)} is an option of ${having.join(",")} only: name that with --only, or leave the option out.`);
  }
  return settings;
}

const names = (text: string) => text.split(",").map((name) => name.trim());
