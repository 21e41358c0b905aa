// reprise <method> <verb> [options]: finds the command, runs it, and is the only place that exits.
import { Command, CommanderError } from "commander";
import manifest from "../package.json" with { type: "json" };
import { commands } from "./commands/table.ts";

// A reader that has seen enough, as `head` does, is no error.
const isClosedPipe = (error: unknown) => (error as NodeJS.ErrnoException).code === "EPIPE";
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (isClosedPipe(error)) process.exit(0);
  throw error;
});

const [name = "", ...rest] = process.argv.slice(2);
const debug = rest.includes("--debug");
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
    command.exitOverride().showHelpAfterError("(add --help for the options)");
    if (command.commands.length === 0) command.option("--debug", "print the stack of an error");
  }
  if (name === "") program.outputHelp();
  else await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (!isClosedPipe(error)) {
    console.error(debug ? error : `reprise: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

function* everyCommand(command: Command): Generator<Command> {
  yield command;
  for (const child of command.commands) yield* everyCommand(child);
}
