// What publint and are-the-types-wrong say of the packages:  npm run prepublish-checks
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packStaged, stage } from "../pack.ts";

const bin = (name: string) => fileURLToPath(new URL(`../../node_modules/.bin/${name}`, import.meta.url));

/** Problems of a tarball, in the tools' own words. The packages are ESM: require() and Node 10 are not looked at. */
export function problemsOf(tarball: string): string[] {
  const runs = [
    [bin("publint"), "run", tarball, "--strict"],
    [bin("attw"), tarball, "--profile", "esm-only", "--no-color", "--no-emoji"],
  ] as const;
  return runs.flatMap(([command, ...args]) => {
    const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
    if (error) return [`${command} could not be started: ${error.message}`];
    return status === 0 ? [] : [`${stdout}${stderr}`.trim()];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = mkdtempSync(join(tmpdir(), "reprise-pack-"));
  try {
    for (const [name, tarball] of packStaged(await stage(), folder)) {
      const problems = problemsOf(tarball);
      console.log(problems.length === 0 ? `${name}: nothing found` : `${name}:\n${problems.join("\n")}`);
      if (problems.length > 0) process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
