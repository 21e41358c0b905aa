import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig } from "vitest/config";
import { LongestFirst } from "./tools/test-order.ts";

/** Files that compute and touch nothing else. They share two processes: one of their own would cost more than most take. */
const pure = ["packages/{engine,data,nn}/test/**/*.test.ts", "methods/adversarial/test/**/*.test.ts"];
/** Of those, the files that measure, fill or set up their process, and those that need subnormal numbers. */
const special = [
  "packages/engine/test/{memory,runtime*}.test.ts",
  "packages/nn/test/{image-networks,torch-file}.test.ts",
  "methods/adversarial/test/perturb.test.ts",
];
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
        test: { name: "alone", include: ["{methods/fasttext,apps/*,tools}/test/**/*.test.ts", ...special], exclude },
      },
      {
        extends: true,
        test: {
          name: "together",
          include: pure,
          exclude: [...exclude, ...special],
          isolate: false,
          setupFiles: "tools/shared-process.ts",
        },
      },
    ],
  },
});
