// reprise <command> <verb> [options]: finds the verb and runs it.
import { isRaw } from "@reprise/experiment/verb";
import { commands } from "./commands/table.ts";
import { isClosedPipe, tellError } from "./shell/errors.ts";
import { runVerb } from "./shell/run-verb.ts";

const [name = "", verbName = "", ...rest] = process.argv.slice(2);
const debug = process.argv.includes("--debug");
const json = process.argv.some((arg) => /^--?json$/.test(arg));

/** What commander answers, or understands in its own way. */
const commanders = new Set(["-h", "--help", "-V", "--version", "--"]);

try {
  const verbs = await commands[name]?.verbs();
  const found = verbs?.find((verb) => verb.name === verbName);
  // Commander, and Node's stream for standard output, take longer to load than some verbs to run.
  if (found && isRaw(found) && !rest.some((arg) => commanders.has(arg))) {
    const args = rest.filter((arg) => arg !== "--debug");
    process.exitCode = await runVerb(found, { words: `${name} ${verbName}`, args, options: {}, json, debug });
  } else {
    process.stdout.on("error", (error: NodeJS.ErrnoException) => {
      if (isClosedPipe(error)) process.exit(0);
      throw error;
    });
    const { parse } = await import("./command-line.ts");
    await parse(name, verbs ?? [], { json });
  }
} catch (error) {
  process.exitCode = tellError(error, { words: name, json, debug });
}
