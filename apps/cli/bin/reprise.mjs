#!/usr/bin/env node
// The command's door. Plain JavaScript, so that an old Node can hand over to the clone's own or say that it is too old, and
// that Node's compile cache is on before the first TypeScript module is met: stripped and compiled modules are kept between
// runs, which saves a third of a second of each.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import * as nodeModule from "node:module";
import { fileURLToPath } from "node:url";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major > 22 || (major === 22 && minor >= 18)) {
  nodeModule.enableCompileCache();
  await import("../src/main.ts");
} else {
  const pinned = await clonesNode();
  if (pinned) handOver(pinned);
  else {
    console.error(`reprise: Node ${process.versions.node} is too old, 22.18 or later is needed.`);
    process.exitCode = 2;
  }
}

/** The Node that the setup of a clone has installed; undefined where this is no clone, or it has none. */
async function clonesNode() {
  const setup = new URL("../../../tools/setup.mjs", import.meta.url);
  if (!existsSync(fileURLToPath(setup))) return undefined;
  const { pinnedNode } = await import(setup.href);
  const pinned = pinnedNode();
  return pinned === process.execPath ? undefined : pinned;
}

/** Runs this file with another Node, which hears the signals that this one gets. */
function handOver(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`reprise: ${node} could not be started: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
}
