import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Runs commands one after the other, all of them even when one fails; exits 1 when any failed. */
export function runSteps(steps: readonly (readonly [name: string, command: string, ...args: string[]])[]): never {
  const failed: string[] = [];
  for (const [name, command, ...args] of steps) {
    console.log(`\n— ${name}`);
    const { status } = spawnSync(command, args, {
      stdio: "inherit",
      cwd: fileURLToPath(new URL("..", import.meta.url)),
    });
    if (status !== 0) failed.push(name);
  }
  console.log(failed.length > 0 ? `\nfailed: ${failed.join(", ")}` : `\nall ${steps.length} steps passed`);
  process.exit(failed.length > 0 ? 1 : 0);
}
