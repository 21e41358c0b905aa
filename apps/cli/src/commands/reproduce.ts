// reprise reproduce: a paper's tables from the data, what it claims beside what comes out.
import {
  flagOf,
  type Option,
  type Options,
  type Paper,
  parseOption,
  UsageError,
  usageOf,
  type Verb,
} from "@reprise/experiment";
import { paperOf, papers } from "@reprise/papers";
import { helpOf, type OptionValue, optionsOf } from "./reproduce/paper-options.ts";

/** Options of every paper by name, unread: the paper that was asked for says what they may be. */
const allOptions: Options = Object.fromEntries(
  Object.entries(optionsOf(papers.flatMap(({ experiments }) => Object.values(experiments)))).map(([name, option]) => [
    name,
    option.kind === "flag"
      ? { ...option, hidden: true }
      : { kind: "text", placeholder: placeholderOf(option), help: option.help, hidden: true },
  ]),
);

export const reproduce: Verb = {
  name: "reproduce",
  summary: "run a paper's experiments; claimed beside reproduced",
  arguments: [{ name: "bibtexKey", help: "the paper's key on the site" }],
  options: {
    out: {
      kind: "text",
      placeholder: "dir",
      default: "reproduction",
      help: "where steps and records are kept; a run that finds steps there goes on",
    },
    only: { kind: "list", of: "text", placeholder: "parts", help: "some of the paper's parts below" },
    publish: {
      kind: "text",
      placeholder: "dir",
      help: "a paper's folder on the site: fill in the reproduced values of its results.json",
    },
    ...allOptions,
  },
  notes: () => `Papers, their parts, and the options of these:\n${papers.map(helpOf).join("\n")}`,
  async run(context) {
    const [key] = context.args as readonly [string];
    const { out, only, publish, ...flags } = context.options as unknown as Flags;
    const paper = paperOf(key);
    if (!paper)
      throw new Error(
        `reproduce: nothing is known of how to reproduce "${key}"; there are ${papers.map((each) => each.key).join(", ")}`,
      );
    const parts = partsOf(paper, only);
    const settings = settingsOf(paper, parts, flags);
    const run = await import("./reproduce/run.ts");
    return run.reproduce(paper, { parts, settings, out, publish }, context);
  },
};

interface Flags {
  readonly out: string;
  readonly only?: readonly string[];
  readonly publish?: string;
  readonly [option: string]: unknown;
}

function placeholderOf(option: Exclude<Option, { kind: "flag" }>): string {
  return option.kind === "choice" ? "name" : (option.placeholder ?? "n");
}

function refuse(message: string): never {
  throw new UsageError(message);
}

/** In the paper's order; where none is named, those that run unasked. */
function partsOf({ key, experiments }: Paper, only: readonly string[] | undefined): readonly string[] {
  const all = Object.keys(experiments);
  const unknown = only?.find((name) => !all.includes(name));
  if (unknown !== undefined) refuse(`--only: there is no "${unknown}" of ${key}; choose of ${all.join(",")}.`);
  return all.filter((name) => (only ? only.includes(name) : !experiments[name]!.onRequest));
}

/** Defaults and what was given. An option that none of the parts has is refused. */
function settingsOf(
  { key, experiments }: Paper,
  parts: readonly string[],
  flags: Readonly<Record<string, unknown>>,
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
      settings[name] =
        option.kind === "flag"
          ? given === true
          : option.kind === "words"
            ? [String(given)]
            : parseOption(option, String(given));
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
