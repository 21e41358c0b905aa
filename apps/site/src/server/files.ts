// Files on disk as finished answers: read and packed when first asked for, kept in memory up to a limit.
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { Readable } from "node:stream";
import type { Context } from "hono";
import { type Bodies, packable, packFile } from "./encoding.ts";
import { Reply } from "./reply.ts";

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

/** The media type of a file by its name. */
export function typeOf(name: string): string {
  return types[extname(name)] ?? "application/octet-stream";
}

/** How a file is sent. */
export interface SendOptions {
  readonly cacheControl: string;
  /** A folder where `NAME.br` and `NAME.gz` may lie already. */
  readonly packed?: string;
  /** Media type; by the file's name if left out. */
  readonly type?: string | undefined;
}

const largestKept = 40_000_000; // bytes; a larger file is read from disk each time, and not packed

export class FileReplies {
  readonly #replies = new Map<string, { readonly version: string; readonly reply: Promise<Reply> }>();
  readonly #limit: number;
  #bytes = 0;

  /** @param limit  bytes to keep, packed copies included; the file asked for longest ago goes first */
  constructor(limit = 200_000_000) {
    this.#limit = limit;
  }

  /** Sends the file, whose path the caller has checked. @throws the file system's error when it cannot be read */
  async send(c: Context, path: string, options: SendOptions): Promise<Response> {
    const { size, mtimeMs } = await stat(path);
    if (size > largestKept) return stream(c, path, size, options);
    const version = `${size}-${mtimeMs}`;
    let kept = this.#replies.get(path);
    if (kept?.version === version) {
      this.#replies.delete(path); // to the end: used last
      this.#replies.set(path, kept);
    } else {
      if (kept) this.#drop(path, kept.reply);
      kept = { version, reply: readReply(path, options) };
      this.#keep(path, kept);
    }
    return (await kept.reply).send(c);
  }

  #keep(path: string, kept: { readonly version: string; readonly reply: Promise<Reply> }): void {
    this.#replies.set(path, kept);
    kept.reply.then(
      ({ bytes }) => {
        this.#bytes += bytes;
        for (const [oldest, { reply }] of this.#replies) {
          if (this.#bytes <= this.#limit || oldest === path) break;
          this.#drop(oldest, reply);
        }
      },
      () => this.#replies.delete(path), // the next request tries again
    );
  }

  #drop(path: string, reply: Promise<Reply>): void {
    this.#replies.delete(path);
    reply.then(
      ({ bytes }) => {
        this.#bytes -= bytes;
      },
      () => {}, // it was never counted
    );
  }
}

async function readReply(path: string, { cacheControl, packed, type = typeOf(path) }: SendOptions): Promise<Reply> {
  const identity = new Uint8Array(await readFile(path));
  const bodies: Bodies = packable(path)
    ? ((packed ? await readPacked(identity, join(packed, basename(path))) : null) ?? (await packFile(identity)))
    : { identity };
  return new Reply({ bodies, type, cacheControl });
}

async function readPacked(identity: Uint8Array<ArrayBuffer>, path: string): Promise<Bodies | null> {
  try {
    const [br, gzip] = await Promise.all([readFile(`${path}.br`), readFile(`${path}.gz`)]);
    return { identity, br: new Uint8Array(br), gzip: new Uint8Array(gzip) };
  } catch {
    return null; // not built in: packed now
  }
}

function stream(c: Context, path: string, size: number, { cacheControl, type = typeOf(path) }: SendOptions): Response {
  const headers = { "Content-Type": type, "Content-Length": String(size), "Cache-Control": cacheControl };
  if (c.req.method === "HEAD") return c.body(null, 200, headers);
  return c.body(Readable.toWeb(createReadStream(path)) as ReadableStream, 200, headers);
}
