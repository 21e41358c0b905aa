// The first example of the README runs as it stands there.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("the README's first example", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const [, code] = /^```ts\n(.*?)^```/ms.exec(readme)!;
  const folder = mkdtempSync(join(tmpdir(), "reprise-readme-"));
  const file = join(folder, "model.bin");
  const args = ["--input-type=module-typescript", "-e", code!.replaceAll('"model.bin"', JSON.stringify(file))];
  const done = spawnSync(process.execPath, args, {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    encoding: "utf8",
  });
  expect(done.stderr).toBe("");
  expect(done.stdout).toMatch(/label: '__label__bread'/);
  expect(existsSync(file)).toBe(true);
  rmSync(folder, { recursive: true });
});
