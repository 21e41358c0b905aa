// Verbs as commander commands: help, and arguments read by what the options say.
import { type AnyVerb, isRaw, type Option, parseOption } from "@reprise/experiment";
import { Command, Option as CommanderOption, InvalidArgumentError } from "commander";
import { runVerb } from "./run-verb.ts";

/**
 * A command with its verbs; a group without a word of its own is one verb.
 *
 * @param words  what precedes the verb's name, e.g. ["adversarial"]
 */
export async function commandOf(name: string, summary: string, verbs: readonly AnyVerb[]): Promise<Command> {
  const [only] = verbs;
  if (verbs.length === 1 && only!.name === name) return verbCommand(only!, []);
  const group = new Command(name).description(summary);
  for (const verb of verbs) group.addCommand(await verbCommand(verb, [name]));
  return group;
}

async function verbCommand(verb: AnyVerb, words: readonly string[]): Promise<Command> {
  const command = new Command(verb.name).description(verb.summary);
  const name = [...words, verb.name].join(" ");
  if (isRaw(verb)) command.usage(verb.usage).argument("[args...]").allowUnknownOption();
  else {
    for (const { name: argument, help, many } of verb.arguments ?? [])
      command.argument(many ? `<${argument}...>` : `<${argument}>`, help);
    for (const [key, option] of Object.entries(verb.options)) addOption(command, key, option);
    command.option("--json", "one JSON document on stdout");
  }
  command.option("--debug", "print the stack of an error");
  if (verb.notes) command.addHelpText("after", `\n${(await verb.notes()).trim()}`);
  command.action(async (...given: unknown[]) => {
    const words = given.slice(0, -2).flat() as string[];
    const { json = false, debug = false, ...options } = given.at(-2) as Record<string, unknown>;
    const wantsJson = json === true || (isRaw(verb) && words.some((word) => /^--?json$/.test(word)));
    const flags = { json: wantsJson, debug: debug === true };
    process.exitCode = await runVerb(verb, { name, args: words, options, ...flags });
  });
  return command;
}

function addOption(command: Command, key: string, option: Option): void {
  const flag = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  if (option.kind === "flag") {
    command.option(flag, option.help);
    if (option.negatable) command.option(flag.replace("--", "--no-"), `not --${flag.slice(2)}, whatever a file says`);
    return;
  }
  const placeholder =
    option.kind === "integer"
      ? (option.placeholder ?? "n")
      : option.kind === "number"
        ? (option.placeholder ?? "x")
        : option.kind === "choice"
          ? "name"
          : option.placeholder;
  const many = option.kind === "words" ? "..." : "";
  const declared = new CommanderOption(`${flag} <${placeholder}${many}>`, option.help);
  if (option.kind === "choice") declared.choices([...option.choices]);
  else if (option.kind !== "words")
    declared.argParser((text: string) => {
      try {
        return parseOption(option, text);
      } catch (error) {
        throw new InvalidArgumentError((error as Error).message);
      }
    });
  if (option.default !== undefined) declared.default(option.default);
  if (option.required) declared.makeOptionMandatory();
  command.addOption(declared);
}
