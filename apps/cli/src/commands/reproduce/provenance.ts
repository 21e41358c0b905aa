// What computed a value: the code's version and the machine.
import { execFileSync } from "node:child_process";
import { availableParallelism, cpus } from "node:os";
import manifest from "../../../package.json" with { type: "json" };

/** The package's version, with the commit where the code lies in a repository; "-modified" if files differ from it. */
export function version(): string {
  const git = (...args: string[]) =>
    execFileSync("git", args, {
      cwd: import.meta.dirname,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  try {
    const commit = git("rev-parse", "--short=12", "HEAD");
    const modified = git("status", "--porcelain", "--untracked-files=no") !== "";
    return `${manifest.version}, commit ${commit}${modified ? "-modified" : ""}`;
  } catch {
    return manifest.version; // no git, or no repository
  }
}

/** Processor, cores, Node. */
export function machine(): string {
  const model = cpus()[0]?.model.trim() ?? process.arch;
  return `${model}, ${availableParallelism()} cores, Node ${process.versions.node}`;
}
