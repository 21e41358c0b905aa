// reprise <method> <verb> [options]: finds the command, runs it, and is the only place that exits.
import { commands } from "./commands/table.ts";

// A reader that has seen enough, as `head` does, is no error.
const isClosedPipe = (error: unknown) => (error as NodeJS.ErrnoException).code === "EPIPE";

const [name = "", ...rest] = process.argv.slice(2);
const debug = rest.includes("--debug");

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
    await parse(name);
  }
} catch (error) {
  if (!isClosedPipe(error)) {
    console.error(debug ? error : `reprise: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
