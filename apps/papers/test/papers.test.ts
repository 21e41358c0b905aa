import { readFileSync } from "node:fs";
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
});

test("no two papers share a key or a method", () => {
  expect(new Set(papers.map(({ key }) => key)).size).toBe(papers.length);
  expect(new Set(papers.map(({ method }) => method)).size).toBe(papers.length);
});
