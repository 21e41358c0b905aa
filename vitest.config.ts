import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig } from "vitest/config";
import { LongestFirst } from "./tools/test-order.ts";

const all = ["{packages,methods,apps}/*/test/**/*.test.ts", "tools/test/**/*.test.ts"];
/** Files that measure, fill or set up their process, and those that need subnormal numbers. */
const special = [
  "packages/engine/test/{memory,runtime*}.test.ts",
  "packages/data/test/download-npm.test.ts",
  "packages/nn/test/{image-networks,torch-file}.test.ts",
];
/** Files that compute and touch nothing else. They share two processes: one of their own would cost more than most take. */
const pure = globSync(["packages/{engine,data,nn}/test/**/*.test.ts", "methods/adversarial/test/**/*.test.ts"], {
  cwd: import.meta.dirname,
  exclude: special,
});
const exclude = [...configDefaults.exclude, "**/dist/**"];

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores: more workers only take turns.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // For the programs that tests start, above all the CLI: half of its start is reading TypeScript.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL("node_modules/.cache/node", import.meta.url)) },
    projects: [
      {
        extends: true,
        test: { name: "alone", include: all, exclude: [...exclude, ...pure] },
      },
      {
        extends: true,
        test: {
          name: "together",
          include: pure,
          exclude,
          isolate: false,
          setupFiles: "tools/shared-process.ts",
        },
      },
    ],
  },
});
