// The command line as commander reads it: help, versions, options, and what is wrong with them.
import type { AnyVerb } from "@reprise/experiment";
import { Command, CommanderError } from "commander";
import manifest from "../package.json" with { type: "json" };
import { commands } from "./commands/table.ts";
import { commandOf } from "./shell/command.ts";
import { printError } from "./shell/errors.ts";

/** Runs the command of this name; what is wrong with the command line is told, and sets the exit code. */
export async function parse(name: string, verbs: readonly AnyVerb[], { json }: { json: boolean }): Promise<void> {
  const program = new Command("reprise")
    .description("Paper methods that run: train, evaluate, attack, serve")
    .version(manifest.version)
    .configureHelp({ showGlobalOptions: true });
  // One command's verbs are loaded, not all: start-up time is the user's.
  const known = commands[name];
  if (known) program.addCommand(await commandOf(name, known.summary, verbs));
  else for (const [other, { summary }] of Object.entries(commands)) program.command(other).description(summary);
  for (const command of everyCommand(program)) {
    command.exitOverride().showHelpAfterError(json ? false : "(add --help for the options)");
    if (json) command.configureOutput({ writeErr: () => {} }); // told as JSON
  }
  try {
    if (name === "") program.outputHelp();
    else await program.parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : 2;
    if (json && error.exitCode !== 0) printError(error.message.replace(/^error: /, ""), "--help lists the options.");
  }
}

function* everyCommand(command: Command): Generator<Command> {
  yield command;
  for (const child of command.commands) yield* everyCommand(child);
}
