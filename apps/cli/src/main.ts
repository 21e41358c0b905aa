// reprise <command> <verb> [options]: finds the command, runs it, and is the only place that exits.
import { commands } from "./commands/table.ts";
import { isClosedPipe, tellError } from "./shell/errors.ts";

const [name = "", ...rest] = process.argv.slice(2);
const debug = rest.includes("--debug");
const json = rest.some((arg) => /^--?json$/.test(arg));

try {
  // Commander, and Node's stream for standard output, take longer to load than some verbs to run.
  const run = await commands[name]?.direct?.(rest.filter((arg) => arg !== "--debug"));
  if (run) await run();
  else {
    process.stdout.on("error", (error: NodeJS.ErrnoException) => {
      if (isClosedPipe(error)) process.exit(0);
      throw error;
    });
    const { parse } = await import("./command-line.ts");
    await parse(name, { json });
  }
} catch (error) {
  if (!isClosedPipe(error)) {
    const verb = /^[a-z][a-z-]*$/.test(rest[0] ?? "") ? ` ${rest[0]}` : "";
    process.exitCode = tellError(error, { words: name + verb, json, debug });
  }
}
