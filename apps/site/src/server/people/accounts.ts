// Accounts: made, confirmed, given another password, deleted.
import { type Kysely, sql, type Transaction } from "kysely";
import type { LinkPurpose, Tables } from "../database/schema.ts";
import type { Passwords } from "./passwords.ts";
import { hashToken, newToken } from "./tokens.ts";

type Db = Kysely<Tables> | Transaction<Tables>;

/** Who may sign up. */
export const signUpModes = ["open", "invited", "closed"] as const;
export type SignUpMode = (typeof signUpModes)[number];

/** What an administrator has set. */
export interface Settings {
  readonly signUp: SignUpMode;
  /** Nothing can be written but by administrators. */
  readonly readOnly: boolean;
  /** What new accounts write first, and what has links in it, waits for a moderator. */
  readonly holdFirst: boolean;
}

export async function readSettings(db: Db): Promise<Settings> {
  const rows = await db.selectFrom("settings").selectAll().execute();
  const of = (name: string) => rows.find((row) => row.name === name)?.value;
  const signUp = signUpModes.find((mode) => mode === of("signUp")) ?? "open";
  return { signUp, readOnly: of("readOnly") === "yes", holdFirst: of("holdFirst") !== "no" };
}

export async function writeSettings(db: Db, settings: Settings): Promise<void> {
  const yes = (value: boolean) => (value ? "yes" : "no");
  const values = [
    { name: "signUp", value: settings.signUp },
    { name: "readOnly", value: yes(settings.readOnly) },
    { name: "holdFirst", value: yes(settings.holdFirst) },
  ];
  await db
    .insertInto("settings")
    .values(values)
    .onConflict((oc) => oc.column("name").doUpdateSet({ value: (eb) => eb.ref("excluded.value") }))
    .execute();
}

const hour = 3600_000;
const lifetimes: Readonly<Record<LinkPurpose, number>> = {
  claim: 24 * hour,
  confirm: 72 * hour,
  reset: hour,
  invite: 14 * 24 * hour,
};

/** The token of a link that works once. */
export async function makeLink(
  db: Db,
  purpose: LinkPurpose,
  { userId = null, email = null }: { readonly userId?: number | null; readonly email?: string | null } = {},
): Promise<string> {
  const token = newToken();
  const expires_at = new Date(Date.now() + lifetimes[purpose]);
  await db.deleteFrom("links").where("expires_at", "<", new Date()).execute();
  await db
    .insertInto("links")
    .values({ token_hash: hashToken(token), purpose, user_id: userId, email, expires_at })
    .execute();
  return token;
}

/** Whether a link would still work; it is not used up by this. */
export async function linkWorks(db: Db, purpose: LinkPurpose, token: string): Promise<boolean> {
  const row = await db
    .selectFrom("links")
    .select("purpose")
    .where("token_hash", "=", hashToken(token))
    .where("purpose", "=", purpose)
    .where("expires_at", ">", new Date())
    .executeTakeFirst();
  return row !== undefined;
}

/** Uses a link up; of two who come at once, one gets it. */
export async function useLink(
  db: Db,
  purpose: LinkPurpose,
  token: string,
): Promise<{ userId: number | null; email: string | null } | undefined> {
  return db
    .deleteFrom("links")
    .where("token_hash", "=", hashToken(token))
    .where("purpose", "=", purpose)
    .where("expires_at", ">", new Date())
    .returning(["user_id as userId", "email"])
    .executeTakeFirst();
}

export async function hasAdmin(db: Db): Promise<boolean> {
  const row = await db
    .selectFrom("users")
    .select("id")
    .where("role", "=", "admin")
    .where("banned_at", "is", null)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
  return row !== undefined;
}

export interface NewAccount {
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

/** @returns the account's id; undefined where the name is taken, also by one who came at the same time */
export async function createAccount(
  db: Db,
  passwords: Passwords,
  { name, email, password }: NewAccount,
): Promise<number | undefined> {
  const password_hash = await passwords.hash(password);
  const row = await db
    .insertInto("users")
    .values({ name, display_name: name, email, password_hash })
    .onConflict((oc) => oc.doNothing())
    .returning("id")
    .executeTakeFirst();
  return row?.id;
}

/**
 * The account of a name, or of a confirmed address, and this password.
 *
 * It takes as long where there is no such account.
 */
export async function findAccount(
  db: Kysely<Tables>,
  passwords: Passwords,
  login: string,
  password: string,
): Promise<{ id: number; banned: boolean } | undefined> {
  const row = await db
    .selectFrom("users")
    .where((eb) =>
      eb.or([
        eb(sql`lower(name)`, "=", login.toLowerCase()),
        eb.and([eb(sql`lower(email)`, "=", login.toLowerCase()), eb("email_verified_at", "is not", null)]),
      ]),
    )
    .where("deleted_at", "is", null)
    .select(["id", "password_hash", "banned_at"])
    .executeTakeFirst();
  if (!(await passwords.verify(password, row?.password_hash)) || !row?.password_hash) return undefined;
  if (passwords.isOutdated(row.password_hash)) await setPassword(db, passwords, row.id, password);
  return { id: row.id, banned: row.banned_at !== null };
}

export async function setPassword(db: Db, passwords: Passwords, id: number, password: string): Promise<void> {
  const password_hash = await passwords.hash(password);
  await db.updateTable("users").set({ password_hash }).where("id", "=", id).execute();
}

/** @returns false where the address is another account's by now */
export async function confirmEmail(db: Kysely<Tables>, id: number, email: string): Promise<boolean> {
  try {
    await db.updateTable("users").set({ email, email_verified_at: new Date() }).where("id", "=", id).execute();
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "23505") return false;
    throw error;
  }
}

/** Adds to the log of what people with rights did. */
export async function audit(
  db: Db,
  entry: {
    readonly actorId: number | null;
    readonly action: string;
    readonly subject: string;
    readonly reason?: string;
  },
): Promise<void> {
  const { actorId, action, subject, reason = "" } = entry;
  await db.insertInto("audit_log").values({ actor_id: actorId, action, subject, reason }).execute();
}

/** Puts a mail where it is sent from, or read by an administrator where none is sent. */
export async function post(
  db: Db,
  mail: { readonly recipient: string; readonly subject: string; readonly body: string },
): Promise<void> {
  await db.insertInto("outbox").values(mail).execute();
}
