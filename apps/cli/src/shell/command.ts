// Verbs as commander commands: help, and arguments read by what the options say.
import { type AnyVerb, flagOf, isRaw, type Option, parseOption, usageOf } from "@reprise/experiment";
import { Command, Option as CommanderOption, InvalidArgumentError } from "commander";
import { runVerb } from "./run-verb.ts";

/**
 * A command with its verbs; a group without a word of its own is one verb.
 *
 * @param words  what precedes the verb's name, e.g. ["adversarial"]
 */
export async function commandOf(
  name: string,
  summary: string,
  verbs: readonly AnyVerb[],
  run: typeof runVerb = runVerb,
): Promise<Command> {
  const [only] = verbs;
  if (verbs.length === 1 && only!.name === name) return verbCommand(only!, [], run);
  const group = new Command(name).description(summary);
  for (const verb of verbs) group.addCommand(await verbCommand(verb, [name], run));
  return group;
}

async function verbCommand(verb: AnyVerb, words: readonly string[], run: typeof runVerb): Promise<Command> {
  const command = new Command(verb.name).description(verb.summary);
  const name = [...words, verb.name].join(" ");
  if (isRaw(verb)) command.usage(verb.usage).argument("[args...]").allowUnknownOption();
  else {
    for (const { name: argument, help, many, optional } of verb.arguments ?? []) {
      const words = many ? `${argument}...` : argument;
      command.argument(optional ? `[${words}]` : `<${words}>`, help);
    }
    for (const [key, option] of Object.entries(verb.options)) addOption(command, key, option);
    command.option("--json", "one JSON document on stdout");
  }
  command.option("--debug", "print the stack of an error");
  if (verb.notes) command.addHelpText("after", `\n${(await verb.notes()).trim()}`);
  command.action(async (...given: unknown[]) => {
    const words = given
      .slice(0, -2)
      .flat()
      .filter((word) => word !== undefined) as string[];
    const { json = false, debug = false, ...options } = given.at(-2) as Record<string, unknown>;
    const wantsJson = json === true || (isRaw(verb) && words.some((word) => /^--?json$/.test(word)));
    const flags = { json: wantsJson, debug: debug === true };
    process.exitCode = await run(verb, { words: name, args: words, options, ...flags });
  });
  return command;
}

function addOption(command: Command, key: string, option: Option): void {
  const declared = new CommanderOption(usageOf(key, option), option.help);
  if (option.kind === "choice") declared.choices([...option.choices]);
  else if (option.kind !== "words" && option.kind !== "flag")
    declared.argParser((text: string) => {
      try {
        return parseOption(option, text);
      } catch (error) {
        throw new InvalidArgumentError((error as Error).message);
      }
    });
  if (option.kind !== "flag" && option.default !== undefined) declared.default(option.default);
  if (option.required) declared.makeOptionMandatory();
  if (option.hidden) declared.hideHelp();
  command.addOption(declared);
  if (option.kind === "flag" && option.negatable)
    command.option(flagOf(key).replace("--", "--no-"), `not ${flagOf(key)}, whatever a file of settings says`);
}
