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
  readonly type: string;
  readonly cacheControl: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

type Headers = Record<string, string>;

/** Within the application a middleware sets them; without it nobody does. */
const security = Object.fromEntries(securityHeaderList);

export class Reply {
  readonly bytes: number;
  readonly #status: number;
  readonly #bodies: Bodies;
  readonly #etag: string;
  readonly #notModified: Headers;
  readonly #headers: Readonly<Record<Encoding | "identity", Headers>>;

  constructor({ bodies, type, cacheControl, status = 200, headers = {} }: ReplyParts) {
    this.#status = status;
    this.#bodies = bodies;
    this.bytes = bodies.identity.length + (bodies.br?.length ?? 0) + (bodies.gzip?.length ?? 0);
    // Weak: one page, however it is packed.
    this.#etag = `"${createHash("sha256").update(bodies.identity).digest("base64url").slice(0, 22)}"`;
    const packed = bodies.br !== undefined || bodies.gzip !== undefined;
    this.#notModified = {
      ...security,
      ETag: `W/${this.#etag}`,
      "Cache-Control": cacheControl,
      ...(packed ? { Vary: "Accept-Encoding" } : {}),
    };
    const of = (body: Uint8Array | undefined, encoding?: Encoding): Headers => ({
      ...this.#notModified,
      ...headers,
      "Content-Type": type,
      "Content-Length": String(body?.length ?? 0),
      // The page counts bytes as they come out of the unpacking; this is how many there will be.
      "X-Uncompressed-Length": String(bodies.identity.length),
      ...(encoding ? { "Content-Encoding": encoding } : {}),
    });
    this.#headers = { identity: of(bodies.identity), br: of(bodies.br, "br"), gzip: of(bodies.gzip, "gzip") };
  }

  /** The answer to one request. A 304 is only for what would be a 200. */
  #choose(ifNoneMatch: string | undefined, acceptEncoding: string | undefined) {
    if (ifNoneMatch !== undefined && this.#status === 200 && this.#matches(ifNoneMatch))
      return { status: 304, headers: this.#notModified, body: null };
    const encoding = chooseEncoding(acceptEncoding, this.#bodies);
    return {
      status: this.#status,
      headers: this.#headers[encoding ?? "identity"],
      body: (encoding && this.#bodies[encoding]) ?? this.#bodies.identity,
    };
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
  readonly #size: number;
  /** Told of each page that was answered from here. */
  onAnswer: ((address: string, userAgent: string | undefined) => void) | undefined;

  constructor(size = 1000) {
    this.#size = size;
  }

  remember(address: string, reply: Reply): void {
    if (address.length > 300) return;
    this.#replies.set(address, reply);
    if (this.#replies.size > this.#size) this.#replies.delete(this.#replies.keys().next().value ?? "");
  }

  clear(): void {
    this.#replies.clear();
  }

  forget(address: string): void {
    this.#replies.delete(address);
  }

  /** Answers if it can; the status, or undefined. */
  answer(request: IncomingMessage, response: ServerResponse): number | undefined {
    if (request.method !== "GET" && request.method !== "HEAD") return undefined;
    if (carriesSession(request.headers.cookie)) return undefined; // what is kept is for those who are nobody
    const { url = "" } = request;
    const status = this.#replies.get(url)?.write(request, response);
    if (status !== undefined && request.method === "GET") this.onAnswer?.(url, request.headers["user-agent"]);
    return status;
  }
}
