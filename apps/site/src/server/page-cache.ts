// Finished pages in memory, least recently used out first; each with its ETag, so a reload costs no bytes.
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { Context } from "hono";

interface Entry {
  readonly body: string;
  readonly gzip: Uint8Array<ArrayBuffer>;
  readonly etag: string;
  readonly type: string;
  readonly status: 200 | 404;
}

export interface Page {
  readonly body: string;
  readonly type?: string;
  readonly status?: 200 | 404;
}

/** A cache of at most `size` pages. Clear it after any write that a page shows. */
export class PageCache {
  readonly #entries = new Map<string, Entry>();
  readonly #size: number;

  constructor(size = 500) {
    this.#size = size;
  }

  clear(): void {
    this.#entries.clear();
  }

  /** Answers with the page of this name, made now if it is not there; 304 when the reader has it already. */
  async answer(c: Context, name: string, make: () => Promise<Page>): Promise<Response> {
    let entry = this.#entries.get(name);
    this.#entries.delete(name);
    entry ??= finish(await make());
    if (entry.status === 200) this.#entries.set(name, entry); // unknown names must not push out known pages
    if (this.#entries.size > this.#size) this.#entries.delete(this.#entries.keys().next().value ?? "");
    return send(c, entry);
  }
}

function finish({ body, type = "text/html; charset=utf-8", status = 200 }: Page): Entry {
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  return { body, gzip: new Uint8Array(gzipSync(body)), etag, type, status };
}

function send(c: Context, { body, gzip, etag, type, status }: Entry): Response {
  const asked = c.req.header("If-None-Match");
  const headers = { ETag: `W/${etag}`, "Cache-Control": "no-cache", Vary: "Accept-Encoding" };
  if (status === 200 && asked?.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag))
    return c.body(null, 304, headers);
  if (/\bgzip\b/.test(c.req.header("Accept-Encoding") ?? ""))
    return c.body(gzip, status, { ...headers, "Content-Type": type, "Content-Encoding": "gzip" });
  return c.body(body, status, { ...headers, "Content-Type": type });
}
