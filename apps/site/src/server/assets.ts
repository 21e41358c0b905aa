// Files of the page: the built scripts, styles and fonts from memory; ONNX Runtime's WASM from its package.
import { createReadStream, existsSync, globSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import type { Context, Hono } from "hono";

const types: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".wasm": "application/wasm",
  ".woff2": "font/woff2",
  ".woff": "font/woff",
  ".ttf": "font/ttf",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".json": "application/json",
  ".onnx": "application/octet-stream",
  ".gz": "application/gzip",
};
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
  readonly mount: (app: Hono) => void;
}

/** Reads a folder made by `buildWeb`. */
export function webAssets(folder: string): WebAssets {
  const manifest = JSON.parse(readFileSync(join(folder, ".vite/manifest.json"), "utf8")) as Record<
    string,
    ManifestEntry
  >;
  const files = new Map(
    globSync("**/*.*", { cwd: folder })
      .filter((name) => !name.startsWith(".vite"))
      .map((name) => {
        const bytes = new Uint8Array(readFileSync(join(folder, name)));
        const packs = /\.(m?js|css|svg|json)$/.test(name);
        return [name, { bytes, gzip: packs ? new Uint8Array(gzipSync(bytes)) : null }] as const;
      }),
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
    mount(app) {
      app.get("/assets/ort/:version/:file", (c) => ortFile(c));
      app.get("/assets/*", (c) => {
        const name = c.req.path.slice("/assets/".length);
        const file = files.get(name);
        if (!file) return c.notFound();
        const headers = { "Content-Type": typeOf(name), "Cache-Control": forever, Vary: "Accept-Encoding" };
        return file.gzip && /\bgzip\b/.test(c.req.header("Accept-Encoding") ?? "")
          ? c.body(file.gzip, 200, { ...headers, "Content-Encoding": "gzip" })
          : c.body(file.bytes, 200, headers);
      });
    },
  };
}

const ortFolder = dirname(createRequire(import.meta.url).resolve("onnxruntime-web/wasm"));
const { version: ortVersion } = JSON.parse(readFileSync(join(ortFolder, "../package.json"), "utf8")) as {
  version: string;
};

/** Where a page finds ONNX Runtime's `.wasm` and `.mjs` files; the version in the path lets browsers keep them. */
export const ortPath = `/assets/ort/${ortVersion}/`;

function ortFile(c: Context): Response | Promise<Response> {
  const { version, file = "" } = c.req.param();
  if (version !== ortVersion || !/^ort-wasm[\w.-]+\.(wasm|mjs)$/.test(file) || !existsSync(join(ortFolder, file)))
    return c.notFound();
  return sendFile(c, join(ortFolder, file), forever);
}

/** Streams a file from disk with its type and length. The caller has checked the path. */
export function sendFile(c: Context, path: string, cacheControl: string): Response {
  const { size, mtimeMs } = statSync(path);
  const etag = `W/"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`;
  if (c.req.header("If-None-Match") === etag) return c.body(null, 304, { ETag: etag, "Cache-Control": cacheControl });
  const headers = {
    "Content-Type": typeOf(path),
    "Content-Length": String(size),
    "Cache-Control": cacheControl,
    ETag: etag,
  };
  if (c.req.method === "HEAD") return c.body(null, 200, headers);
  return c.body(Readable.toWeb(createReadStream(path)) as ReadableStream, 200, headers);
}

function typeOf(name: string): string {
  return types[extname(name)] ?? "application/octet-stream";
}
