import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { papers } from "@reprise/papers";
import { describe, expect, test } from "vitest";

describe.each(papers.map((paper) => [paper.method, paper] as const))("%s", (method, paper) => {
  test("its entry loads nothing: it imports types only", () => {
    const source = readFileSync(fileURLToPath(import.meta.resolve(`@reprise/${method}/paper`)), "utf8");
    const imports = source.match(/^import .*/gm) ?? [];
    expect(imports.filter((line) => !line.startsWith("import type "))).toEqual([]);
  });

  test("key, method and experiments can be written into addresses and commands", () => {
    expect(paper.key).toMatch(/^[\w./+:-]+$/);
    expect(method).toMatch(/^[a-z][a-z0-9-]*$/);
    for (const name of Object.keys(paper.experiments)) expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
  });

  const content = fileURLToPath(new URL(`../../site/content/${paper.key}/`, import.meta.url));
  const site = fileURLToPath(new URL("../../site/src/", import.meta.url));

  test("its content folder is there; a run panel has its worker", () => {
    expect(existsSync(join(content, "paper.json"))).toBe(true);
    const panels = globSync(`web/panels/${method}.{ts,tsx}`, { cwd: site });
    expect(existsSync(join(site, "run", `${method}.worker.ts`))).toBe(panels.length === 1);
  });

  test.each(paper.assets.map((asset) => [asset.path, asset] as const))(
    "%s is there, and no larger than declared",
    (path, asset) => {
      const folder = asset.package ? fileURLToPath(new URL("..", import.meta.resolve(asset.package))) : content;
      const found = globSync(path, { cwd: folder });
      expect(found.length).toBeGreaterThan(0);
      for (const file of found) expect(statSync(join(folder, file)).size, file).toBeLessThanOrEqual(asset.maxBytes);
    },
  );
});

test("no two papers share a key or a method", () => {
  expect(new Set(papers.map(({ key }) => key)).size).toBe(papers.length);
  expect(new Set(papers.map(({ method }) => method)).size).toBe(papers.length);
});
