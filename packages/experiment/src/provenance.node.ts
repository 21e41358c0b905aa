// What computed a result: the code's version and the machine.
import { execFileSync } from "node:child_process";
import { availableParallelism, cpus } from "node:os";

/**
 * A package's version, with the commit where the code lies in a repository; "-modified" if files differ from it.
 *
 * @param folder  where the code lies
 */
export function codeVersion(version: string, folder: string): string {
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    const commit = git("rev-parse", "--short=12", "HEAD");
    const modified = git("status", "--porcelain", "--untracked-files=no") !== "";
    return `${version}, commit ${commit}${modified ? "-modified" : ""}`;
  } catch {
    return version; // no git, or no repository
  }
}

/** Processor, cores, Node. */
export function machine(): string {
  const model = cpus()[0]?.model.trim() ?? process.arch;
  return `${model}, ${availableParallelism()} cores, Node ${process.versions.node}`;
}
