// /docs/api: the packages' API reference, as typedoc wrote it. The published site holds it; a clone writes it when it is
// asked for, from the sources as they are.
import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Hono } from "hono";

const site = fileURLToPath(new URL("../..", import.meta.url));
const repository = join(site, "../..");

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Serves the reference under /docs/api/. @param log  told that it is written, which takes some seconds */
export function mountApiReference(app: Hono, log: (line: string) => void): void {
  let folder: Promise<string> | undefined;
  app.get("/docs/api", (c) => c.redirect("/docs/api/", 301));
  app.get("/docs/api/*", async (c) => {
    const path = c.req.path.slice("/docs/api/".length) || "index.html";
    const type = types[extname(path)];
    if (!type || !/^[\w-]+(?:[./][\w-]+)*$/.test(path)) return c.notFound();
    folder ??= apiReference({ log }).catch((error: unknown) => {
      folder = undefined; // the next question tries again
      throw error;
    });
    const bytes = await readFile(join(await folder, path)).catch(() => undefined);
    if (!bytes) return c.notFound();
    const etag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
    const headers = { "Content-Type": type, "Cache-Control": "no-cache", ETag: etag };
    if (c.req.header("If-None-Match") === etag) return c.body(null, 304, headers);
    return c.body(new Uint8Array(bytes), 200, headers);
  });
}

/**
 * The folder with the reference for the sources as they are now, written if it is not there.
 *
 * @throws Error when typedoc fails, with its last line
 */
export async function apiReference({ log = () => {} }: { log?: (line: string) => void } = {}): Promise<string> {
  const shipped = join(site, "api");
  if (existsSync(shipped)) return shipped;
  const dist = join(site, "dist");
  const target = join(dist, `api-${fingerprint()}`);
  if (existsSync(target)) return target;
  log("writing the API reference (the sources changed) …");
  mkdirSync(dist, { recursive: true });
  const draft = join(dist, `draft-${randomUUID()}`);
  try {
    const script = join(repository, "tools/api-reference/make.ts");
    await promisify(execFile)(process.execPath, [script, draft], { cwd: repository, maxBuffer: 2 ** 26 });
    renameSync(draft, target);
  } catch (cause) {
    if (!existsSync(target)) throw new Error(`the API reference could not be written: ${lastLine(cause)}`, { cause });
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  for (const name of globSync("api-*", { cwd: dist }))
    if (join(dist, name) !== target) rmSync(join(dist, name), { recursive: true, force: true });
  return target;
}

function fingerprint(): string {
  const hash = createHash("sha256");
  const sources = ["{packages,methods,apps}/*/{src/**/*.ts,package.json}", "tools/api-reference/make.ts"];
  for (const file of globSync(sources, { cwd: repository }).sort()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(repository, file)))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 16);
}

const lastLine = (error: unknown) =>
  (error as { stderr?: string }).stderr?.trim().split("\n").at(-1) || (error as Error).message;
