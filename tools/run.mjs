// node tools/run.mjs FILE [ARG…]         sets up what is missing, then runs FILE under the pinned Node
// node tools/run.mjs --bin NAME [ARG…]   the same for a program of node_modules/.bin
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { pinnedNode, root, setupOrExit } from "./setup.mjs";

setupOrExit();
const [first, ...rest] = process.argv.slice(2);
const bin = join(root, "node_modules", ".bin");
const [command, args] =
  first === "--bin" ? [join(bin, rest[0] ?? ""), rest.slice(1)] : [pinnedNode(), [join(root, first ?? ""), ...rest]];
// npm runs scripts in the repository's root; file names that a user gives to the CLI are meant from where they are.
const cwd = first?.startsWith("apps/") ? (process.env.INIT_CWD ?? process.cwd()) : process.cwd();
const child = spawn(command, args, {
  stdio: "inherit",
  cwd,
  env: { ...process.env, PATH: bin + delimiter + process.env.PATH },
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`run: ${command} could not be started: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
