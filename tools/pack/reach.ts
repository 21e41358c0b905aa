// Which files a package needs: what its entries import, the workers they start, and the files they read beside themselves.
import { dirname, join, normalize } from "node:path";

/** Files and folders that a module names by their place relative to its own. */
interface Named {
  /** Modules, as imported. */
  readonly imports: readonly string[];
  /** Workers, data files and folders: new URL("…", import.meta.url). */
  readonly urls: readonly string[];
}

/** @throws Error for an import whose relative path is computed: what it needs cannot be told */
function named(source: string, path: string): Named {
  const text = source.replace(/^\s*(\/?\*|\/\/).*$/gm, ""); // examples in comments name files of others
  const computed = /import\(`\.[^`]*`\)/.exec(text);
  if (computed) throw new Error(`${path}: ${computed[0]} names no file; import by a literal path`);
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name!);
  return {
    imports: all(/(?:\bfrom |\bimport |\bimport\()"(\.{1,2}\/[^"]+)"/g),
    urls: all(/new URL\("(\.{1,2}(?:\/[^"]*)?)", import\.meta\.url\)/g),
  };
}

/**
 * The modules and other files that the entries of a package lead to.
 *
 * @param entries  sources from the package's root, e.g. "src/index.ts"
 * @param read  the source text of a module, undefined where the path is a folder or not text
 * @returns paths from the package's root; the root itself and what is above it are not followed
 */
export function reach(entries: readonly string[], read: (path: string) => string | undefined): Set<string> {
  const reached = new Set<string>();
  const visit = (path: string) => {
    if (path.startsWith("..") || path === "." || path === "./" || reached.has(path)) return;
    reached.add(path);
    const text = read(path);
    if (text === undefined) return;
    const { imports, urls } = named(text, path);
    for (const name of [...imports, ...urls]) visit(normalize(join(dirname(path), name)));
  };
  for (const entry of entries) visit(normalize(entry));
  return reached;
}
