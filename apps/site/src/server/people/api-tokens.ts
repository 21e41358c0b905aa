// Tokens by which programs act for a person, each with scopes: shown once, kept as hashes, listed and revoked.
import type { Context } from "hono";
import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/schema.ts";
import { isAtLeast, type Viewer } from "./sessions.ts";
import { hashToken, newToken } from "./tokens.ts";

/** What a token may be allowed; none of them ever administers, moderates or changes the account itself. */
export const scopes = ["read", "write", "vote"] as const;
export type Scope = (typeof scopes)[number];

/** Who asks by a token, and what it may do. */
export interface TokenHolder extends Omit<Viewer, "sessionId"> {
  readonly scopes: readonly Scope[];
}

export interface ApiTokenView {
  readonly id: number;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly usedOn: string | null;
  readonly expiresAt: Date;
}

/** Such a token is known from others, so that programs that look for leaked ones find it. */
const prefix = "reprise_";
const days = 365;

/** @returns the token itself, which is nowhere else */
export async function makeApiToken(
  db: Kysely<Tables>,
  userId: number,
  { name, scopes: allowed }: { readonly name: string; readonly scopes: readonly Scope[] },
): Promise<string> {
  const token = prefix + newToken();
  await db
    .insertInto("api_tokens")
    .values({
      ...{ token_hash: hashToken(token), user_id: userId, name, scopes: [...allowed] },
      expires_at: new Date(Date.now() + days * 24 * 3600_000),
    })
    .execute();
  return token;
}

export async function apiTokensOf(db: Kysely<Tables>, userId: number): Promise<ApiTokenView[]> {
  return db
    .selectFrom("api_tokens")
    .where("user_id", "=", userId)
    .select(["id", "name", "scopes", "expires_at as expiresAt", sql<string | null>`used_on::text`.as("usedOn")])
    .orderBy("id")
    .execute();
}

/** Revokes one of the person's own; of another's, nothing. */
export async function revokeApiToken(db: Kysely<Tables>, userId: number, id: number): Promise<void> {
  await db.deleteFrom("api_tokens").where("user_id", "=", userId).where("id", "=", id).execute();
}

/**
 * The person whose token the request carries as `Authorization: Bearer`. A cookie never counts here, so that a route
 * that asks by this alone needs no other guard against other sites' forms.
 */
export async function tokenOf(db: Kysely<Tables>, c: Context): Promise<TokenHolder | undefined> {
  const token = /^Bearer (reprise_[\w-]{43})$/.exec(c.req.header("Authorization") ?? "")?.[1];
  if (!token) return undefined;
  const row = await db
    .selectFrom("api_tokens as t")
    .innerJoin("users as u", "u.id", "t.user_id")
    .where("t.token_hash", "=", hashToken(token))
    .where("t.expires_at", ">", new Date())
    .where("u.banned_at", "is", null)
    .where("u.deleted_at", "is", null)
    .select(["u.id", "u.name", "u.display_name", "u.role", "u.trusted_at", "t.id as tokenId", "t.scopes"])
    .select(sql<boolean>`t.used_on is distinct from current_date`.as("isFirstToday"))
    .select(sql<boolean>`exists (select from settings where name = 'readOnly' and value = 'yes')`.as("siteIsReadOnly"))
    .executeTakeFirst();
  if (!row) return undefined;
  if (row.isFirstToday)
    await db.updateTable("api_tokens").set({ used_on: sql`current_date` }).where("id", "=", row.tokenId).execute();
  const { id, name, display_name, role, trusted_at, siteIsReadOnly } = row;
  return {
    siteIsReadOnly,
    ...{ id, name, displayName: display_name, role, trusted: trusted_at !== null || isAtLeast(role, "moderator") },
    scopes: scopes.filter((scope) => row.scopes.includes(scope)),
  };
}
