// What the routes of people, papers, summaries and discussions share.
import type { Context, Hono } from "hono";
import type { Kysely } from "kysely";
import type { Role, Tables } from "./database/schema.ts";
import { ownPath } from "./forms.ts";
import type { Limits, RateName } from "./limits.ts";
import { addressOf, type PageCache } from "./page-cache.ts";
import type { Frame } from "./pages/layout.ts";
import { messagePage } from "./pages/message.ts";
import type { Passwords } from "./people/passwords.ts";
import { isAtLeast, type Sessions, type Viewer, viewerOf } from "./people/sessions.ts";

export interface CommunityParts {
  readonly app: Hono;
  readonly db: Kysely<Tables>;
  readonly pages: PageCache;
  readonly passwords: Passwords;
  readonly sessions: Sessions;
  readonly limits: Limits;
  readonly frameOf: (c: Context) => Frame;
  readonly originOf: (c: Context) => string;
  /** Takes from what the request's address may ask. @throws TooMany */
  readonly limit: (c: Context, kind: RateName) => void;
  readonly missing: (c: Context, what: string) => Promise<Response>;
}

const noStore = { "Cache-Control": "private, no-store" } as const;

/** Ends a request with a page that says why; `status` as HTTP has it. */
export class Refusal extends Error {
  readonly status: 400 | 401 | 403 | 404 | 409 | 410 | 413;
  readonly title: string;
  constructor(status: Refusal["status"], title: string, text: string) {
    super(text);
    this.status = status;
    this.title = title;
  }
}

/** Ends a request of somebody who is not signed in: they sign in and come back. */
export class SignInFirst extends Error {
  readonly next: string;
  constructor(next: string) {
    super("not signed in");
    this.next = next;
  }
}

/** The person who asks, who must be somebody. @throws SignInFirst */
export function mustBeSomebody(c: Context): Viewer {
  const viewer = viewerOf(c);
  if (viewer) return viewer;
  const from = c.req.method === "GET" ? addressOf(c) : refererPath(c);
  throw new SignInFirst(ownPath(from));
}

/** Whoever may not know that there is something does not learn it. @throws Refusal, 404 */
export function mustBe(c: Context, least: Role): Viewer {
  const viewer = mustBeSomebody(c);
  if (!isAtLeast(viewer.role, least)) throw new Refusal(404, "Not found", `Nothing is at ${c.req.path} for you.`);
  return viewer;
}

/** Somebody who may change something now. @throws SignInFirst, Refusal, TooMany */
export function mustWrite(
  { limits }: CommunityParts,
  c: Context,
  { least = "author", rate = "posts" }: { readonly least?: Role; readonly rate?: RateName } = {},
): Viewer {
  const viewer = mustBeSomebody(c);
  if (!isAtLeast(viewer.role, least))
    throw new Refusal(403, "Not allowed", `Your account may not do this: it is a ${viewer.role}'s.`);
  if (viewer.role !== "admin" && viewer.siteIsReadOnly)
    throw new Refusal(
      403,
      "Reading only",
      "Nothing can be written at present: an administrator has closed the site for it.",
    );
  if (!isAtLeast(viewer.role, "moderator")) limits.take(rate, `account ${viewer.id}`);
  return viewer;
}

/** Where the form stood, for coming back to it. */
export function refererPath(c: Context): string | undefined {
  const url = URL.parse(c.req.header("Referer") ?? "");
  return url ? url.pathname + url.search : undefined;
}

/** A page that is this person's alone. */
export async function own(
  c: Context,
  body: Promise<string> | string,
  status: 200 | 400 | 409 | 422 = 200,
): Promise<Response> {
  return c.html(await body, status, noStore);
}

/** 503, with what to do: what was sent was not saved. */
export async function unavailable(c: Context, frame: Frame, fault: string): Promise<Response> {
  const wrote = !["GET", "HEAD"].includes(c.req.method);
  const advice = wrote
    ? "What you sent was not saved: go back with your browser, where it still stands, and send it again in a moment."
    : "Try again in a moment.";
  const body = await messagePage(frame, "The site cannot do this now", `${fault} ${advice}`);
  return c.html(body, 503, { ...noStore, "Retry-After": "5" });
}

export async function refusalPage(c: Context, frame: Frame, refusal: Refusal): Promise<Response> {
  return c.html(await messagePage(frame, refusal.title, refusal.message), refusal.status, noStore);
}
