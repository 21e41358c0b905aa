// Finished pages in memory, least recently used out first; each with its ETag, so a reload costs no bytes.
import type { Context } from "hono";
import { packPage } from "./encoding.ts";
import { viewerOf } from "./people/sessions.ts";
import { type QuickReplies, Reply } from "./reply.ts";

export interface Page {
  readonly body: string;
  readonly type?: string;
  readonly status?: number;
  /** How long a client may keep it; unless told otherwise it asks each time. */
  readonly cacheControl?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What it shows that changes often: when one of them does, the page is made again. */
  readonly shows?: readonly Shown[];
}

/** Something that changes while the rest of the site stays as it is: the votes, or the visits, or one paper's page. */
export type Shown = "votes" | "visits" | `paper ${string}`;

interface Kept {
  readonly reply: Reply;
  readonly shows: readonly Shown[];
}

interface Making {
  readonly page: Promise<Kept | undefined>;
  /** What has changed since it was begun. */
  readonly changed: Set<Shown>;
}

/** A cache of at most `size` pages. After a write, tell `changed` what pages show differently, or clear it. */
export class PageCache {
  readonly #kept = new Map<string, Kept>();
  readonly #making = new Map<string, Making>();
  readonly #size: number;
  readonly #quick: QuickReplies | undefined;

  /** @param quick  told of each answer that holds for its address, whoever asks */
  constructor(size = 500, quick?: QuickReplies) {
    this.#size = size;
    this.#quick = quick;
  }

  clear(): void {
    this.#kept.clear();
    this.#making.clear();
    this.#quick?.clear();
  }

  /** Forgets the pages that show one of these; one that is being made may show it as it was, and is not kept. */
  changed(...what: readonly Shown[]): void {
    const gone: Reply[] = [];
    for (const [name, { reply, shows }] of this.#kept) {
      if (!shows.some((shown) => what.includes(shown))) continue;
      this.#kept.delete(name);
      gone.push(reply);
    }
    for (const { changed } of this.#making.values()) for (const each of what) changed.add(each);
    this.#quick?.forget(gone);
  }

  /** Answers with the page of this name, made now if it is not there; 304 when the reader has it already. */
  answer(c: Context, name: string, make: () => Promise<Page>): Promise<Response>;
  /** As above; what cannot be made is not kept, and the caller answers. */
  answer(c: Context, name: string, make: () => Promise<Page | undefined>): Promise<Response | undefined>;
  async answer(c: Context, name: string, make: () => Promise<Page | undefined>): Promise<Response | undefined> {
    if (viewerOf(c)) return ownAnswer(c, await make());
    const { reply } = this.#kept.get(name) ?? (await this.#made(name, make)) ?? {};
    if (!reply) return undefined;
    const encodings = c.req.header("Accept-Encoding");
    if (!reply.isPacked(encodings)) await reply.pack(encodings);
    const kept = this.#kept.get(name);
    if (kept?.reply === reply) {
      this.#kept.delete(name); // to the end: used last
      this.#kept.set(name, kept);
      this.#quick?.remember(addressOf(c), reply);
    }
    return reply.send(c);
  }

  /** Many who ask at once for what is not there share one making. */
  #made(name: string, make: () => Promise<Page | undefined>): Promise<Kept | undefined> {
    const underWay = this.#making.get(name);
    // Whoever asks after a change gets what is made after it.
    if (underWay && underWay.changed.size === 0) return underWay.page;
    const changed = new Set<Shown>();
    const page = make()
      .then((made) => made && { reply: replyOf(made), shows: made.shows ?? [] })
      .finally(() => {
        isNewest = this.#making.get(name) === making;
        if (isNewest) this.#making.delete(name);
      })
      .then((made) => {
        if (made && isNewest && !made.shows.some((shown) => changed.has(shown))) this.#keep(name, made);
        return made;
      });
    const making: Making = { page, changed };
    let isNewest = false; // not after clear(), nor when it has been begun again
    this.#making.set(name, making);
    return page;
  }

  #keep(name: string, page: Kept): void {
    this.#kept.set(name, page);
    if (this.#kept.size <= this.#size) return;
    const [oldest, { reply }] = this.#kept.entries().next().value!;
    this.#kept.delete(oldest);
    this.#quick?.forget([reply]); // nobody would know what it shows
  }
}

/** What one person sees is neither kept nor taken from what was kept for others. */
function ownAnswer(c: Context, page: Page | undefined): Response | undefined {
  if (!page) return undefined;
  const { body, type = "text/html; charset=utf-8", status = 200, headers = {} } = page;
  return c.body(body, status as 200, { ...headers, "Content-Type": type, "Cache-Control": "private, no-store" });
}

function replyOf({ body, type = "text/html; charset=utf-8", cacheControl = "no-cache", status, headers }: Page): Reply {
  const bodies = { identity: new Uint8Array(Buffer.from(body)) };
  return new Reply({ bodies, packer: packPage, type, cacheControl, ...{ status, headers } });
}

/** Path and query as they stand in the request's first line. */
export function addressOf(c: Context): string {
  return c.req.url.slice(c.req.url.indexOf("/", "https://".length));
}
