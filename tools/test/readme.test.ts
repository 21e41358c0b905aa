import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");

test("the README's library example is the one that CI runs, in at most 15 lines", () => {
  const [, code] = /```ts\n([\s\S]*?)```/.exec(read("README.md"))!;
  expect(code).toBe(read("examples/attack-any-onnx.ts"));
  expect(code!.trim().split("\n").length).toBeLessThanOrEqual(15);
});

test("the first example of packages/experiment is the one that CI runs", () => {
  const [, code] = /```ts\n([\s\S]*?)```/.exec(read("packages/experiment/README.md"))!;
  expect(code).toBe(read("examples/run-experiment.ts"));
});

const pages = execFileSync("git", ["ls-files", "*.md"], { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter((path) => path !== "" && !path.startsWith("apps/site/content/") && !path.includes("/fixtures/"));

test.each(pages)("every link of %s to a file of the repository leads somewhere", (page) => {
  for (const [, target] of read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
    expect(existsSync(new URL(target!, new URL(page, root))), `${page} links to ${target}`).toBe(true);
  }
});

test("CONTRIBUTING is at most 80 lines", () => {
  expect(read("CONTRIBUTING.md").trim().split("\n").length).toBeLessThanOrEqual(80);
});
