// The code that docs/engine-walk.md and the package's README show.
import { expect, test } from "vitest";
import { runPage } from "./pages.ts";

test("the walk's code blocks run and say the truth", async () => {
  const { module, blocks } = await runPage(new URL("../../../docs/engine-walk.md", import.meta.url), {
    before: 'import { deepStrictEqual as equal, throws } from "node:assert";',
    after: "export const done = true;",
  });
  expect(blocks).toBe(5);
  expect(module.done).toBe(true);
});

test("the README's example prints what it says", async () => {
  const { module, blocks } = await runPage(new URL("../README.md", import.meta.url), {
    before: "const printed = []; const console = { log: (...x) => printed.push(...x) };",
    after: "export { printed };",
  });
  expect(blocks).toBe(1);
  expect(module.printed).toEqual([Float32Array.of(0.5), Float32Array.of(1.25, 1.75, 2.25)]);
});
