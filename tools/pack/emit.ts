// TypeScript to JavaScript with declarations and source maps, for every package at once.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

/** What tsc made of one source file, with its addresses put right. */
export interface Emitted {
  readonly js: string;
  readonly map: string;
  readonly types: string;
}

/**
 * Compiles the sources of all packages.
 *
 * @param cache  a folder inside the repository, so that tsc finds the packages that the sources import
 * @returns what a source file became, by its path from the repository's root; undefined for what is no TypeScript
 * @throws Error with tsc's lines when it finds an error
 */
export function emit(root: string, cache: string): (source: string) => Emitted | undefined {
  const out = join(cache, "out");
  rmSync(out, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  const config = join(cache, "tsconfig.json");
  const from = (path: string) => join(relative(cache, root), path);
  writeFileSync(
    config,
    JSON.stringify({
      extends: from("tsconfig.json"),
      compilerOptions: {
        noEmit: false,
        declaration: true,
        sourceMap: true,
        inlineSources: true,
        rewriteRelativeImportExtensions: true,
        rootDir: from("."),
        outDir: "out",
      },
      include: ["packages", "methods", "apps"].map((folder) => from(`${folder}/*/src`)),
    }),
  );
  try {
    execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", config], { cwd: root, encoding: "utf8", stdio: "pipe" });
  } catch (cause) {
    throw new Error(`the packages do not compile:\n${(cause as { stdout?: string }).stdout}`, { cause });
  }
  return (source) => {
    if (!/\.tsx?$/.test(source)) return undefined;
    const stem = join(out, source.replace(/\.tsx?$/, ""));
    return {
      js: withJsUrls(readFileSync(`${stem}.js`, "utf8")),
      map: withShippedSource(readFileSync(`${stem}.js.map`, "utf8"), source),
      types: withJsImports(readFileSync(`${stem}.d.ts`, "utf8")),
    };
  };
}

/** tsc rewrites what is imported, not where workers are: new URL("./thread.ts", import.meta.url). */
const withJsUrls = (text: string) =>
  text.replace(/(new URL\("\.{1,2}\/[^"]+)\.tsx?(", import\.meta\.url\))/g, "$1.js$2");

/** The same for JavaScript that is copied as it is, and for declarations: imports of .ts become imports of .js. */
export const withJsImports = (text: string) =>
  text.replace(/((?:from |import |import\()"\.{1,2}\/[^"]+)\.tsx?"/g, '$1.js"');

/** A source map names its source by a path of this machine; the text is inside, and the path from the package says more. */
function withShippedSource(text: string, source: string): string {
  const inPackage = source.split("/").slice(2).join("/");
  return JSON.stringify({
    ...JSON.parse(text),
    sources: [`${"../".repeat(inPackage.split("/").length - 1)}${inPackage}`],
  });
}
