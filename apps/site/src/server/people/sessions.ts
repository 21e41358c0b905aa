// Who is signed in: a random token in a cookie, its hash in the database.
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Kysely } from "kysely";
import { type Role, roles, type Tables } from "../database/schema.ts";
import { hashToken, newToken } from "./tokens.ts";

/** The person behind a request. */
export interface Viewer {
  readonly id: number;
  readonly name: string;
  readonly displayName: string;
  readonly role: Role;
  /** What they write is shown without being looked at first. */
  readonly trusted: boolean;
  readonly sessionId: number;
  /** Nobody but administrators may write at present. */
  readonly siteIsReadOnly: boolean;
}

/** The person who asks; found out once for a request, by a middleware. */
export function viewerOf(c: Context): Viewer | undefined {
  return c.get("viewer") as Viewer | undefined;
}

/** One of a person's own sessions, as their account page lists it. */
export interface SessionView {
  readonly id: number;
  readonly agent: string;
  readonly createdAt: Date;
  readonly seenAt: Date;
}

const days = 30;
const milliseconds = days * 24 * 3600 * 1000;
const cookieName = "reprise-session";

/** In any request that may be somebody's: such are answered for them alone. */
export const carriesSession = (cookies: string | undefined) => cookies?.includes(`${cookieName}=`) ?? false;

export class Sessions {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** A new session with a new token, whatever the browser had before. */
  async open(c: Context, userId: number): Promise<void> {
    const before = tokenOf(c);
    if (before) await this.#db.deleteFrom("sessions").where("token_hash", "=", hashToken(before)).execute();
    const token = newToken();
    await this.#db
      .insertInto("sessions")
      .values({
        token_hash: hashToken(token),
        user_id: userId,
        agent: agentOf(c.req.header("User-Agent")),
        expires_at: new Date(Date.now() + milliseconds),
      })
      .execute();
    setCookie(c, nameFor(c), token, { ...cookieOptions(c), maxAge: days * 24 * 3600 });
  }

  /** Ends the browser's own session. */
  async close(c: Context): Promise<void> {
    const token = tokenOf(c);
    if (token) await this.#db.deleteFrom("sessions").where("token_hash", "=", hashToken(token)).execute();
    deleteCookie(c, nameFor(c), cookieOptions(c));
  }

  async viewer(c: Context): Promise<Viewer | undefined> {
    const token = tokenOf(c);
    if (!token) return undefined;
    const row = await this.#db
      .selectFrom("sessions as s")
      .innerJoin("users as u", "u.id", "s.user_id")
      .where("s.token_hash", "=", hashToken(token))
      .where("s.expires_at", ">", new Date())
      .where("u.banned_at", "is", null)
      .where("u.deleted_at", "is", null)
      .select(["u.id", "u.name", "u.display_name", "u.role", "u.trusted_at", "s.id as sessionId", "s.seen_at"])
      .select(({ exists, selectFrom }) =>
        exists(selectFrom("settings").select("name").where("name", "=", "readOnly").where("value", "=", "yes")).as(
          "siteIsReadOnly",
        ),
      )
      .executeTakeFirst();
    if (!row) return undefined;
    if (Date.now() - row.seen_at.getTime() > 3600_000)
      await this.#db.updateTable("sessions").set({ seen_at: new Date() }).where("id", "=", row.sessionId).execute();
    const { id, name, display_name, role, trusted_at, sessionId } = row;
    const siteIsReadOnly = Boolean(row.siteIsReadOnly);
    const trusted = trusted_at !== null || isAtLeast(role, "moderator");
    return { id, name, displayName: display_name, role, trusted, sessionId, siteIsReadOnly };
  }

  async list(userId: number): Promise<SessionView[]> {
    const rows = await this.#db
      .selectFrom("sessions")
      .where("user_id", "=", userId)
      .where("expires_at", ">", new Date())
      .select(["id", "agent", "created_at as createdAt", "seen_at as seenAt"])
      .orderBy("seen_at", "desc")
      .execute();
    return rows;
  }

  /** Ends one of the person's own sessions; of another's, nothing. */
  async end(userId: number, sessionId: number): Promise<void> {
    await this.#db.deleteFrom("sessions").where("user_id", "=", userId).where("id", "=", sessionId).execute();
  }

  /** Ends all of them but one, or all. */
  async endOthers(userId: number, keep?: number): Promise<void> {
    let query = this.#db.deleteFrom("sessions").where("user_id", "=", userId);
    if (keep !== undefined) query = query.where("id", "<>", keep);
    await query.execute();
  }
}

export function isAtLeast(role: Role, least: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(least);
}

/** Over https the name forbids the browser to take the cookie from anywhere but this very host, over https. */
function nameFor(c: Context): string {
  return isSecure(c) ? `__Host-${cookieName}` : cookieName;
}

function cookieOptions(c: Context) {
  return { path: "/", httpOnly: true, sameSite: "Lax", secure: isSecure(c) } as const;
}

function isSecure(c: Context): boolean {
  return (c.get("origin") as string | undefined)?.startsWith("https:") ?? false;
}

function tokenOf(c: Context): string | undefined {
  return getCookie(c, nameFor(c));
}

/** "Firefox on Linux": enough for its owner to know it by. */
function agentOf(whole = ""): string {
  const header = whole.slice(0, 300);
  const browser = /\b(Firefox|Edg|OPR|Chrome|Safari)\//.exec(header.replace(/Chrome(?=.*\b(?:Edg|OPR)\/)/, ""))?.[1];
  const system = /\b(Windows|Android|iPhone|iPad|Mac OS X|Linux|CrOS)\b/.exec(header)?.[1];
  const names: Record<string, string> = { Edg: "Edge", OPR: "Opera", "Mac OS X": "macOS", CrOS: "ChromeOS" };
  const of = (name: string | undefined, none: string) => (name ? (names[name] ?? name) : none);
  return `${of(browser, "A program")} on ${of(system, "an unknown system")}`;
}
