// A finished answer: its bytes in every encoding and its headers, made once. A request that asks for it again is
// answered from here, without the application (`QuickReplies`).
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Context } from "hono";
import { type Bodies, chooseEncoding, type Encoding } from "./encoding.ts";
import { securityHeaderList } from "./headers.ts";
import { carriesSession } from "./people/sessions.ts";

/** What an answer is made of. */
export interface ReplyParts {
  readonly bodies: Bodies;
  /** Makes the packed bodies that are not there when a reader takes them; undefined where one saves nothing. */
  readonly packer?: (identity: Bodies["identity"], encoding: Encoding) => Promise<Bodies[Encoding]>;
  readonly type: string;
  readonly cacheControl: string;
  readonly status?: number | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

type Headers = Record<string, string>;

/** Within the application a middleware sets them; without it nobody does. */
const security = Object.fromEntries(securityHeaderList);

export class Reply {
  readonly bytes: number;
  readonly #status: number;
  #bodies: Bodies;
  readonly #tried = new Set<Encoding>();
  #packing: Promise<void> | undefined;
  readonly #packer: ReplyParts["packer"];
  readonly #etag: string;
  readonly #notModified: Headers;
  readonly #headers: Headers;

  constructor({ bodies, packer, type, cacheControl, status = 200, headers = {} }: ReplyParts) {
    this.#status = status;
    this.#bodies = bodies;
    this.#packer = bodies.identity.length > 0 ? packer : undefined;
    this.bytes = bodies.identity.length + (bodies.br?.length ?? 0) + (bodies.gzip?.length ?? 0);
    // Weak: one page, however it is packed.
    this.#etag = `"${createHash("sha256").update(bodies.identity).digest("base64url").slice(0, 22)}"`;
    const packed = this.#packer || bodies.br || bodies.gzip;
    this.#notModified = {
      ...security,
      ETag: `W/${this.#etag}`,
      "Cache-Control": cacheControl,
      ...(packed ? { Vary: "Accept-Encoding" } : {}),
    };
    this.#headers = {
      ...this.#notModified,
      ...headers,
      "Content-Type": type,
      // The page counts bytes as they come out of the unpacking; this is how many there will be.
      "X-Uncompressed-Length": String(bodies.identity.length),
    };
  }

  /** The encoding that a reader likes best of those there are or may be. */
  #wanted(acceptEncoding: string | undefined): Encoding | null {
    const { identity, br, gzip } = this.#bodies;
    const maybe = (encoding: Encoding) => (this.#packer && !this.#tried.has(encoding) ? identity : undefined);
    return chooseEncoding(acceptEncoding, { identity, br: br ?? maybe("br"), gzip: gzip ?? maybe("gzip") });
  }

  /** Whether the body that this reader should get is there; else it is sent as it is, unless `pack` makes it first. */
  isPacked(acceptEncoding: string | undefined): boolean {
    if (!this.#packer) return true;
    const wanted = this.#wanted(acceptEncoding);
    return wanted === null || this.#bodies[wanted] !== undefined;
  }

  /** Makes the body that this reader should get, in another thread; many who ask at once share it. */
  async pack(acceptEncoding: string | undefined): Promise<void> {
    const packer = this.#packer;
    if (!packer) return;
    for (;;) {
      while (this.#packing) await this.#packing;
      const wanted = this.#wanted(acceptEncoding);
      if (wanted === null || this.#bodies[wanted]) return;
      this.#packing = packer(this.#bodies.identity, wanted)
        .then((body) => {
          this.#tried.add(wanted);
          this.#bodies = { ...this.#bodies, [wanted]: body };
        })
        .finally(() => {
          this.#packing = undefined;
        });
    }
  }

  /** The answer to one request. A 304 is only for what would be a 200. */
  #choose(ifNoneMatch: string | undefined, acceptEncoding: string | undefined) {
    if (ifNoneMatch !== undefined && this.#status === 200 && this.#matches(ifNoneMatch))
      return { status: 304, headers: this.#notModified, body: null };
    const encoding = chooseEncoding(acceptEncoding, this.#bodies);
    const body = (encoding && this.#bodies[encoding]) ?? this.#bodies.identity;
    const headers = { ...this.#headers, "Content-Length": String(body.length) };
    return { status: this.#status, headers: encoding ? { ...headers, "Content-Encoding": encoding } : headers, body };
  }

  #matches(asked: string): boolean {
    return asked.trim() === "*" || asked.split(",").some((tag) => tag.trim().replace(/^W\//, "") === this.#etag);
  }

  /** Answers within the application. */
  send(c: Context): Response {
    const { status, headers, body } = this.#choose(c.req.header("If-None-Match"), c.req.header("Accept-Encoding"));
    return new Response(c.req.method === "HEAD" ? null : body, { status, headers });
  }

  /** Answers without it. */
  write(request: IncomingMessage, response: ServerResponse): number {
    const { status, headers, body } = this.#choose(
      request.headers["if-none-match"],
      request.headers["accept-encoding"] as string | undefined,
    );
    response.writeHead(status, headers);
    if (body === null || request.method === "HEAD") response.end();
    else response.end(body);
    return status;
  }
}

/** Answers by the address that they were asked under, the oldest out first. */
export class QuickReplies {
  readonly #replies = new Map<string, Reply>();
  readonly #addresses = new WeakMap<Reply, Set<string>>();
  readonly #size: number;
  /** Told of each page that was answered from here. */
  onAnswer: ((address: string, userAgent: string | undefined) => void) | undefined;

  constructor(size = 1000) {
    this.#size = size;
  }

  remember(address: string, reply: Reply): void {
    if (address.length > 300) return;
    this.#replies.set(address, reply);
    const addresses = this.#addresses.get(reply) ?? new Set();
    this.#addresses.set(reply, addresses.add(address));
    if (this.#replies.size > this.#size) this.#replies.delete(this.#replies.keys().next().value ?? "");
  }

  clear(): void {
    this.#replies.clear();
  }

  forget(replies: readonly Reply[]): void {
    for (const reply of replies)
      for (const address of this.#addresses.get(reply) ?? [])
        if (this.#replies.get(address) === reply) this.#replies.delete(address);
  }

  /** Answers if it can; the status, or undefined. */
  answer(request: IncomingMessage, response: ServerResponse): number | undefined {
    if (request.method !== "GET" && request.method !== "HEAD") return undefined;
    if (carriesSession(request.headers.cookie)) return undefined; // what is kept is for those who are nobody
    const { url = "" } = request;
    const reply = this.#replies.get(url);
    if (!reply?.isPacked(request.headers["accept-encoding"] as string | undefined)) return undefined;
    const status = reply.write(request, response);
    if (request.method === "GET") this.onAnswer?.(url, request.headers["user-agent"]);
    return status;
  }
}
