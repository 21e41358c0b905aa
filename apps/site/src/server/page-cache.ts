// Finished pages in memory, least recently used out first; each with its ETag, so a reload costs no bytes.
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { Context } from "hono";

interface Entry {
  readonly body: string;
  readonly gzip: Uint8Array<ArrayBuffer>;
  readonly etag: string;
  readonly type: string;
}

interface Page {
  readonly body: string;
  readonly type?: string;
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
  answer(c: Context, name: string, make: () => Promise<Page>): Promise<Response>;
  /** As above; what cannot be made is not kept, and the caller answers. */
  answer(c: Context, name: string, make: () => Promise<Page | undefined>): Promise<Response | undefined>;
  async answer(c: Context, name: string, make: () => Promise<Page | undefined>): Promise<Response | undefined> {
    let entry = this.#entries.get(name);
    if (!entry) {
      const made = await make();
      if (!made) return undefined;
      entry = finish(made);
    }
    this.#entries.delete(name); // to the end: used last
    this.#entries.set(name, entry);
    if (this.#entries.size > this.#size) this.#entries.delete(this.#entries.keys().next().value ?? "");
    return send(c, entry);
  }
}

function finish({ body, type = "text/html; charset=utf-8" }: Page): Entry {
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  return { body, gzip: new Uint8Array(gzipSync(body)), etag, type };
}

function send(c: Context, { body, gzip, etag, type }: Entry): Response {
  const asked = c.req.header("If-None-Match");
  const headers = { ETag: `W/${etag}`, "Cache-Control": "no-cache", Vary: "Accept-Encoding" };
  if (asked?.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag)) return c.body(null, 304, headers);
  if (/\bgzip\b/.test(c.req.header("Accept-Encoding") ?? ""))
    return c.body(gzip, 200, { ...headers, "Content-Type": type, "Content-Encoding": "gzip" });
  return c.body(body, 200, { ...headers, "Content-Type": type });
}
