// Files of the page: the built scripts, styles and fonts; ONNX Runtime's WASM from its package, packed at the build.
import { existsSync, globSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Hono } from "hono";
import type { Bodies } from "./encoding.ts";
import { type FileReplies, typeOf } from "./files.ts";
import { addressOf } from "./page-cache.ts";
import { type QuickReplies, Reply } from "./reply.ts";

const forever = "public, max-age=31536000, immutable";

interface ManifestEntry {
  readonly file: string;
  readonly css?: readonly string[];
  readonly assets?: readonly string[];
  readonly imports?: readonly string[];
}

/** Addresses of the built files of one entry of `src/web`. */
export interface EntryFiles {
  readonly script: string;
  readonly styles: readonly string[];
  /** The fonts of running text, worth loading before the styles ask for them. */
  readonly fonts: readonly string[];
}

/** The files of a page: `entry("site.ts")` gives addresses, `mount` serves them. */
export interface WebAssets {
  readonly entry: (name: string) => EntryFiles;
  readonly mount: (
    app: Hono,
    parts: { readonly files: FileReplies; readonly quick?: QuickReplies | undefined },
  ) => void;
}

/** Reads a folder made by `buildWeb`. */
export function webAssets(folder: string): WebAssets {
  const manifest = JSON.parse(readFileSync(join(folder, ".vite/manifest.json"), "utf8")) as Record<
    string,
    ManifestEntry
  >;
  const replies = new Map(
    globSync("**/*.*", { cwd: folder })
      // Packed copies are sent in the place of what they are of; a file that is a .gz by itself is sent as it is.
      .filter((name) => !/^(\.vite|ort)\b/.test(name))
      .filter((name) => !/\.(br|gz)$/.test(name) || !existsSync(join(folder, name.replace(/\.\w+$/, ""))))
      .map((name) => [name, builtFile(join(folder, name))] as const),
  );
  return {
    entry(name) {
      const found = manifest[name];
      if (!found) throw new Error(`the built page has no entry ${name}: ${Object.keys(manifest).join(", ")}`);
      const parts = [found, ...(found.imports ?? []).map((key) => manifest[key])];
      const address = (file: string) => `/assets/${file}`;
      return {
        script: address(found.file),
        styles: [...new Set(parts.flatMap((part) => part?.css ?? []))].map(address),
        fonts: (found.assets ?? []).filter((file) => /-latin-\w+-(normal|italic)/.test(file)).map(address),
      };
    },
    mount(app, { files, quick }) {
      app.get("/assets/ort/:version/:file", async (c) => {
        const { version, file } = c.req.param();
        const path = join(ortFolder, file);
        if (version !== ortVersion || !/^ort-wasm[\w.-]+\.(wasm|mjs)$/.test(file) || !existsSync(path))
          return c.notFound();
        return files.send(c, path, { cacheControl: forever, packed: join(folder, "ort") });
      });
      app.get("/assets/*", (c) => {
        const reply = replies.get(c.req.path.slice("/assets/".length));
        if (!reply) return c.notFound();
        quick?.remember(addressOf(c), reply);
        return reply.send(c);
      });
    },
  };
}

/** A file of the build, with the packed copies beside it. */
function builtFile(path: string): Reply {
  const read = (name: string) => (existsSync(name) ? new Uint8Array(readFileSync(name)) : undefined);
  const bodies: Bodies = {
    identity: new Uint8Array(readFileSync(path)),
    br: read(`${path}.br`),
    gzip: read(`${path}.gz`),
  };
  return new Reply({ bodies, type: typeOf(path), cacheControl: forever });
}

/** ONNX Runtime's files for the page lie here. */
export const ortFolder = dirname(createRequire(import.meta.url).resolve("onnxruntime-web/wasm"));
const { version: ortVersion } = JSON.parse(readFileSync(join(ortFolder, "../package.json"), "utf8")) as {
  version: string;
};

/** Where a page finds ONNX Runtime's `.wasm` and `.mjs` files; the version in the path lets browsers keep them. */
export const ortPath = `/assets/ort/${ortVersion}/`;
