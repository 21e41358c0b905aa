// The committed WebAssembly, and where the fields of its records stand, are what the AssemblyScript sources build to.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("src/kernel/wasm-binary.ts and layouts.ts are up to date", { timeout: 120_000 }, () => {
  const script = fileURLToPath(new URL("../../../tools/fasttext-kernel.ts", import.meta.url));
  const done = spawnSync(process.execPath, [script, "--check"], { encoding: "utf8" });
  expect(done.stderr).toBe("");
  expect(done.status).toBe(0);
});
