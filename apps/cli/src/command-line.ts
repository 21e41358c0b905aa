// The command line as commander reads it: help, versions, options, and what is wrong with them.
import { Command, CommanderError } from "commander";
import manifest from "../package.json" with { type: "json" };
import { commands } from "./commands/table.ts";
import { printError } from "./shell/errors.ts";

/** Runs the command of this name; what is wrong with the command line is told, and sets the exit code. */
export async function parse(name: string, { json }: { readonly json: boolean }): Promise<void> {
  const program = new Command("reprise")
    .description("Paper methods that run: train, evaluate, attack, serve")
    .version(manifest.version)
    .exitOverride()
    .showHelpAfterError("(add --help for the options)")
    .configureHelp({ showGlobalOptions: true });
  try {
    // One command's modules are loaded, not all: start-up time is the user's.
    const known = commands[name];
    if (known) program.addCommand((await known.load()).command());
    else for (const [other, { summary }] of Object.entries(commands)) program.command(other).description(summary);
    for (const command of everyCommand(program)) {
      command.exitOverride().showHelpAfterError(json ? false : "(add --help for the options)");
      if (json) command.configureOutput({ writeErr: () => {} }); // told as JSON below
      if (command.commands.length === 0) command.option("--debug", "print the stack of an error");
    }
    if (name === "") program.outputHelp();
    else await program.parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : 2;
    if (json && error.exitCode !== 0)
      printError(error.message.replace(/^error: /, ""), `reprise ${name} --help lists the options.`.replace("  ", " "));
  }
}

function* everyCommand(command: Command): Generator<Command> {
  yield command;
  for (const child of command.commands) yield* everyCommand(child);
}
