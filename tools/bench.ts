// npm run bench            lists the benchmarks, with the first line of each
// npm run bench -- NAME…   runs them
import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { runSteps } from "./steps.ts";

const files = globSync("bench/*.ts")
  .sort()
  .filter((file) => !/(harness|profile)\.ts$/.test(file));
const wanted = process.argv.slice(2);
const known = new Map(files.map((file) => [basename(file, ".ts"), file]));
const unknown = wanted.filter((name) => !known.has(name));
if (unknown.length > 0) {
  console.error(`bench: there is no ${unknown.join(", ")}; there are ${[...known.keys()].join(", ")}`);
  process.exit(2);
}
if (wanted.length === 0) {
  for (const [name, file] of known)
    console.log(
      `${name.padEnd(24)} ${readFileSync(file, "utf8")
        .split("\n")[0]
        ?.replace(/^\/\/ ?/, "")}`,
    );
} else {
  runSteps(wanted.map((name) => [name, process.execPath, "--expose-gc", known.get(name)!] as const));
}
