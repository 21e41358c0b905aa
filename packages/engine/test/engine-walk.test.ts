// The code of docs/engine-walk.md, run as one program.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";

test("the walk's code blocks run and say the truth", async () => {
  const text = readFileSync(new URL("../../../docs/engine-walk.md", import.meta.url), "utf8");
  const blocks = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);
  expect(blocks.length).toBe(5);
  const source = `// @ts-nocheck
import { deepStrictEqual as equal, throws } from "node:assert";
${blocks.join("\n")}
export const done = true;
`;
  const file = new URL(`engine-walk.${process.pid}.tmp.ts`, import.meta.url);
  writeFileSync(file, source);
  try {
    expect((await import(file.href)).done).toBe(true);
  } finally {
    rmSync(file);
  }
});
