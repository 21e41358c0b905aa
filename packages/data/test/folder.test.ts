import { existsSync } from "node:fs";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFolder } from "@reprise/data/node";
import { expect, test } from "vitest";

test("folders are made down to the last, also twice at once; a file in the way is told", async () => {
  const root = await mkdtemp(join(tmpdir(), "reprise-folder-"));
  const deep = join(root, "a", "b", "c");
  await Promise.all([createFolder(deep), createFolder(deep)]);
  expect((await stat(deep)).isDirectory()).toBe(true);
  await writeFile(join(root, "file"), "");
  await expect(createFolder(join(root, "file"))).rejects.toThrow(`${join(root, "file")}: cannot be created`);
  await expect(createFolder(join(root, "file", "x"))).rejects.toThrow("cannot be created");
  await rm(root, { recursive: true });
});

test.skipIf(!existsSync("/proc/self"))(
  "a folder that cannot be made is refused at once (skipped without /proc)",
  async () => {
    await expect(createFolder("/proc/reprise/x")).rejects.toThrow("/proc/reprise/x: cannot be created");
  },
);
