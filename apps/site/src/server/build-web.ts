// Builds the page's scripts and styles with Vite when their sources changed since the last build.
import { createHash, randomUUID } from "node:crypto";
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const site = fileURLToPath(new URL("../..", import.meta.url));
const repository = fileURLToPath(new URL("../../../..", import.meta.url));

/** The page as the published package holds it; a clone has none. */
const shipped = join(site, "web");

/** Every source that can end in the page. */
const sources = ["apps/site/src/{web,run,render}/**/*", "{packages,methods}/*/src/**/*.ts", "package-lock.json"];

/**
 * The folder with the built page for the sources as they are now. A build goes to a folder of its own and is renamed
 * when it is whole, so two servers may start at once and a cut-off build leaves nothing that looks finished.
 */
export async function buildWeb({ log = () => {} }: { log?: (line: string) => void } = {}): Promise<string> {
  if (existsSync(shipped)) return shipped;
  const dist = join(site, "dist");
  const target = join(dist, `web-${fingerprint()}`);
  if (existsSync(target)) return target;
  log("building the page (the sources changed) …");
  const draft = join(dist, `draft-${randomUUID()}`);
  mkdirSync(draft, { recursive: true });
  try {
    const { build, defaultClientConditions } = await import("vite");
    const root = join(site, "src/web");
    await build({
      root,
      base: "/assets/",
      configFile: false,
      publicDir: false,
      cacheDir: join(dist, "cache"),
      logLevel: "warn",
      oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
      // ONNX Runtime's WASM is served from its package (assets.ts), not copied into the build.
      resolve: { conditions: ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions] },
      worker: { format: "es" },
      build: {
        outDir: draft,
        emptyOutDir: true,
        assetsDir: "",
        assetsInlineLimit: 0,
        manifest: true,
        modulePreload: { polyfill: false },
        target: "es2022",
        cssTarget: ["chrome123", "firefox120", "safari17.5"], // light-dark() as written
        rolldownOptions: {
          input: { site: join(root, "site.ts"), theme: join(root, "theme.ts") },
          checks: { pluginTimings: false }, // where a slow machine spends its time is nothing to warn of
        },
      },
    });
    renameSync(draft, target);
  } catch (error) {
    if (!existsSync(target)) throw error; // another process finished the same build first
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  for (const name of readdirSync(dist))
    if (name.startsWith("web-") && join(dist, name) !== target) rmSync(join(dist, name), { recursive: true });
  return target;
}

function fingerprint(): string {
  const hash = createHash("sha256");
  for (const file of globSync(sources, { cwd: repository, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort())
    hash
      .update(`${file.slice(repository.length)}\0`)
      .update(readFileSync(file))
      .update("\0");
  return hash.digest("hex").slice(0, 16);
}
