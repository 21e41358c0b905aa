// Files that pages of papers load: pictures of the content folder, and what each paper declares as its assets.
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { assetAt, type Paper } from "@reprise/experiment";
import type { Hono } from "hono";
import type { FileReplies } from "./files.ts";

interface Found {
  readonly file: string;
  /** Media type; by the file's name if left out. */
  readonly type?: string | undefined;
}

/**
 * Sends `/content/KEY/PATH`: pictures of any paper, and what the paper declares; and `/assets/PATH`: what a paper declares
 * of a package. Nothing else, and nothing outside of these folders, is ever sent.
 */
export function mountPaperFiles(
  app: Hono,
  files: FileReplies,
  { contentDir, papers }: { readonly contentDir: string; readonly papers: readonly Paper[] },
): void {
  app.get("/content/*", (c) => {
    const found = inContent(decoded(c.req.path.slice("/content/".length)));
    return found ? files.send(c, found.file, { cacheControl: "no-cache", type: found.type }) : c.notFound();
  });
  for (const [name, folders] of packageFolders(papers)) {
    const root = packageRoot(name);
    for (const folder of folders)
      app.get(`/assets/${folder}/*`, (c) => {
        const path = decoded(c.req.path.slice("/assets/".length));
        const asset = papers.map((paper) => assetAt(paper, path, name)).find((each) => each !== undefined);
        const found = asset && within(root, path, asset.type);
        return found ? files.send(c, found.file, { cacheControl: "no-cache", type: found.type }) : c.notFound();
      });
  }

  function inContent(path: string): Found | undefined {
    if (/\.(png|svg)$/.test(path)) return within(contentDir, path);
    const paper = papers.find(({ key }) => path.startsWith(`${key}/`));
    const asset = paper && assetAt(paper, path.slice(paper.key.length + 1));
    return asset && within(contentDir, path, asset.type);
  }
}

/** The first folder of each file that papers declare of packages, by package. */
function packageFolders(papers: readonly Paper[]): Map<string, Set<string>> {
  const folders = new Map<string, Set<string>>();
  for (const { package: name, path } of papers.flatMap(({ assets }) => assets)) {
    if (name === undefined) continue;
    const known = folders.get(name) ?? new Set();
    folders.set(name, known.add(path.slice(0, path.indexOf("/"))));
  }
  return folders;
}

/** The path that an address means; empty where it does not name a file. */
function decoded(path: string): string {
  try {
    const name = decodeURIComponent(path);
    return /^[\w./:+-]+$/.test(name) ? name : "";
  } catch {
    return "";
  }
}

function within(folder: string, path: string, type?: string): Found | undefined {
  try {
    const root = realpathSync(folder);
    const file = realpathSync(join(root, path));
    return file.startsWith(root + sep) ? { file, type } : undefined;
  } catch {
    return undefined; // not there
  }
}

/** The folder of an installed package. */
function packageRoot(name: string): string {
  const named = (folder: string) => {
    const manifest = join(folder, "package.json");
    return existsSync(manifest) && (JSON.parse(readFileSync(manifest, "utf8")) as { name?: string }).name === name;
  };
  let folder = dirname(fileURLToPath(import.meta.resolve(name)));
  while (!named(folder)) {
    if (folder === dirname(folder)) throw new Error(`package ${name}: its folder has no package.json of this name`);
    folder = dirname(folder);
  }
  return folder;
}
