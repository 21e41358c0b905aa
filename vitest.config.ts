import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{packages,methods,apps}/*/test/**/*.test.ts", "tools/test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores: more workers only take turns.
    maxWorkers: 2,
  },
});
