// A database that PGlite has just made, copied: making one takes 6 s, and few tests are about that.
import { randomUUID } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PGlite } from "@electric-sql/pglite";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const pglite = dirname(createRequire(import.meta.url).resolve("@electric-sql/pglite"));
const { version } = JSON.parse(readFileSync(join(pglite, "../package.json"), "utf8")) as { version: string };
const template = join(dist, `pglite-${version}`);

/** Puts an empty database, without any migration, into a data folder that does not exist yet; gives the folder back. */
export async function withEmptyDatabase(dataDir: string): Promise<string> {
  if (!existsSync(template)) await make();
  cpSync(template, join(dataDir, "pglite"), { recursive: true });
  return dataDir;
}

/** Made aside and renamed when it is whole, so that two tests may start at once. */
async function make(): Promise<void> {
  const draft = join(dist, `draft-${randomUUID()}`);
  mkdirSync(draft, { recursive: true });
  try {
    await (await PGlite.create(draft)).close();
    renameSync(draft, template);
  } catch (error) {
    if (!existsSync(template)) throw error; // another process was first
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
