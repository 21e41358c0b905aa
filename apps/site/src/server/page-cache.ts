// Finished pages in memory, least recently used out first; each packed, with its ETag, so a reload costs no bytes.
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
}

/** A cache of at most `size` pages. Clear it after any write that a page shows. */
export class PageCache {
  readonly #replies = new Map<string, Reply>();
  readonly #making = new Map<string, Promise<Reply | undefined>>();
  readonly #size: number;
  readonly #quick: QuickReplies | undefined;

  /** @param quick  told of each answer that holds for its address, whoever asks */
  constructor(size = 500, quick?: QuickReplies) {
    this.#size = size;
    this.#quick = quick;
  }

  clear(): void {
    this.#replies.clear();
    this.#making.clear();
    this.#quick?.clear();
  }

  /** Forgets the pages whose names begin so, and the answer at this address. */
  forget(begin: string, address: string): void {
    for (const name of this.#replies.keys()) if (name.startsWith(begin)) this.#replies.delete(name);
    for (const name of this.#making.keys()) if (name.startsWith(begin)) this.#making.delete(name);
    this.#quick?.forget(address);
  }

  /** Answers with the page of this name, made now if it is not there; 304 when the reader has it already. */
  answer(c: Context, name: string, make: () => Promise<Page>): Promise<Response>;
  /** As above; what cannot be made is not kept, and the caller answers. */
  answer(c: Context, name: string, make: () => Promise<Page | undefined>): Promise<Response | undefined>;
  async answer(c: Context, name: string, make: () => Promise<Page | undefined>): Promise<Response | undefined> {
    if (viewerOf(c)) return ownAnswer(c, await make());
    const reply = this.#replies.get(name) ?? (await this.#made(name, make));
    if (!reply) return undefined;
    this.#replies.delete(name); // to the end: used last
    this.#replies.set(name, reply);
    if (this.#replies.size > this.#size) this.#replies.delete(this.#replies.keys().next().value ?? "");
    this.#quick?.remember(addressOf(c), reply);
    return reply.send(c);
  }

  /** Many who ask at once for what is not there share one making. */
  #made(name: string, make: () => Promise<Page | undefined>): Promise<Reply | undefined> {
    const underWay = this.#making.get(name);
    if (underWay) return underWay;
    const making = make().then((page) => page && replyOf(page));
    this.#making.set(name, making);
    const done = () => {
      if (this.#making.get(name) === making) this.#making.delete(name);
    };
    making.then(done, done);
    return making;
  }
}

/** What one person sees is neither kept nor taken from what was kept for others. */
function ownAnswer(c: Context, page: Page | undefined): Response | undefined {
  if (!page) return undefined;
  const { body, type = "text/html; charset=utf-8", status = 200, headers = {} } = page;
  return c.body(body, status as 200, { ...headers, "Content-Type": type, "Cache-Control": "private, no-store" });
}

function replyOf({ body, type = "text/html; charset=utf-8", cacheControl = "no-cache", ...rest }: Page): Reply {
  return new Reply({ bodies: packPage(body), type, cacheControl, ...rest });
}

/** Path and query as they stand in the request's first line. */
export function addressOf(c: Context): string {
  return c.req.url.slice(c.req.url.indexOf("/", "https://".length));
}
