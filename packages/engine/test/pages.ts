// The TypeScript of a Markdown page, run as one program.
import { readFileSync, rmSync, writeFileSync } from "node:fs";

/**
 * Runs all ```ts blocks of a page in order, as a module beside the tests.
 *
 * @param before  statements in front of the first block
 * @param after   statements behind the last, e.g. an export of what is to be checked
 * @returns the module, and how many blocks it was made of
 */
export async function runPage(
  page: URL,
  { before = "", after = "" }: { readonly before?: string; readonly after?: string },
): Promise<{ readonly module: Readonly<Record<string, unknown>>; readonly blocks: number }> {
  const blocks = [...readFileSync(page, "utf8").matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);
  const file = new URL(`${page.pathname.split("/").at(-1)}.${process.pid}.tmp.ts`, import.meta.url);
  writeFileSync(file, `// @ts-nocheck\n${before}\n${blocks.join("\n")}\n${after}\n`);
  try {
    return { module: await import(file.href), blocks: blocks.length };
  } finally {
    rmSync(file);
  }
}
