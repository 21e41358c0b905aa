// Runs every example; each must end without an error.
import { globSync } from "node:fs";
import { runSteps } from "./steps.ts";

runSteps(
  globSync("examples/*.ts")
    .sort()
    .map((file) => [file, process.execPath, file] as const),
);
