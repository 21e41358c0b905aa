// Builds the page's scripts and styles with Vite when their sources changed since the last build, and packs them.
import { createHash, randomUUID } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ortFolder } from "./assets.ts";
import { packable, packFile } from "./encoding.ts";

const site = fileURLToPath(new URL("../..", import.meta.url));
const repository = fileURLToPath(new URL("../../../..", import.meta.url));

/** The page as the published package holds it; a clone has none. */
const shipped = join(site, "web");

/** Every source that can end in the page. */
const sources = [
  "apps/site/src/{web,run,render}/**/*",
  "apps/site/src/server/{build-web,encoding}.ts",
  "{packages,methods}/*/src/**/*.ts",
  "package-lock.json",
];

/** What every run in a page loads of ONNX Runtime. */
const runtimeFiles = ["ort-wasm-simd-threaded.wasm", "ort-wasm-simd-threaded.mjs"];

/**
 * The folder with the built page for the sources as they are now. A build goes to a folder of its own and is renamed
 * when it is whole, so two servers may start at once and a cut-off build leaves nothing that looks finished.
 *
 * @param elsewhere  where to build when the site's own folder cannot be written: a checkout that is read-only
 */
export async function buildWeb({
  log = () => {},
  elsewhere,
}: {
  log?: (line: string) => void;
  elsewhere?: string;
} = {}): Promise<string> {
  if (existsSync(shipped)) return shipped;
  const name = `web-${fingerprint()}`;
  const own = join(site, "dist");
  if (existsSync(join(own, name))) return join(own, name);
  const dist = writable(own) || !elsewhere ? own : elsewhere;
  const target = join(dist, name);
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
          checks: { pluginTimings: false }, // where a slow machine spends its time is not worth a warning
        },
      },
    });
    await pack(draft);
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

function writable(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Lays a copy in brotli and one in gzip beside every file that gets smaller, and ONNX Runtime's into `ort/`. */
async function pack(folder: string): Promise<void> {
  const ort = join(folder, "ort");
  mkdirSync(ort);
  const built = globSync("*.*", { cwd: folder }).filter(packable);
  for (const [from, to] of [
    ...built.map((name) => [join(folder, name), join(folder, name)] as const),
    ...runtimeFiles.map((name) => [join(ortFolder, name), join(ort, name)] as const),
  ]) {
    const { br, gzip } = await packFile(new Uint8Array(readFileSync(from)));
    if (br) writeFileSync(`${to}.br`, br);
    if (gzip) writeFileSync(`${to}.gz`, gzip);
  }
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
