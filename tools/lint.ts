// Format and lint, the import arrows, unused files, exports and dependencies.
import { runSteps } from "./steps.ts";

runSteps([
  ["biome: format, lint, import cycles, undeclared dependencies", "biome", "check", "--error-on-warnings", "."],
  [
    "dependency-cruiser: the import arrows",
    "depcruise",
    "packages",
    "methods",
    "apps",
    "--config",
    ".dependency-cruiser.cjs",
  ],
  ["knip: unused files, exports, dependencies", "knip"],
]);
