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
  second: hour / 6,
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

/** Whose link it is; it is not used up by this. */
export async function linkOwner(db: Db, purpose: LinkPurpose, token: string): Promise<number | undefined> {
  const row = await db
    .selectFrom("links")
    .select("user_id")
    .where("token_hash", "=", hashToken(token))
    .where("purpose", "=", purpose)
    .where("expires_at", ">", new Date())
    .executeTakeFirst();
  return row?.user_id ?? undefined;
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
  if (await isFormerName(db, name)) return undefined;
  const row = await db
    .insertInto("users")
    .values({ name, display_name: name, email, password_hash })
    .onConflict((oc) => oc.doNothing())
    .returning("id")
    .executeTakeFirst();
  return row?.id;
}

async function isFormerName(db: Db, name: string, but = 0): Promise<boolean> {
  const row = await db
    .selectFrom("former_names")
    .select("user_id")
    .where("name", "=", name)
    .where("user_id", "<>", but)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Another name for an account; the old one stays its own, so that links go on and nobody else takes it.
 *
 * @returns false where the name is or was somebody else's
 */
export async function renameAccount(db: Kysely<Tables>, id: number, name: string): Promise<boolean> {
  try {
    return await db.transaction().execute(async (trx) => {
      if (await isFormerName(trx, name, id)) return false;
      const { name: before } = await trx
        .selectFrom("users")
        .select("name")
        .where("id", "=", id)
        .executeTakeFirstOrThrow();
      await trx.updateTable("users").set({ name }).where("id", "=", id).execute();
      await trx.deleteFrom("former_names").where("name", "=", name).execute();
      if (before !== name)
        await trx
          .insertInto("former_names")
          .values({ name: before, user_id: id })
          .onConflict((oc) => oc.doNothing())
          .execute();
      return true;
    });
  } catch (error) {
    if ((error as { code?: string }).code === "23505") return false;
    throw error;
  }
}

/** The name of whoever had this one before. */
export async function nameSince(db: Db, former: string): Promise<string | undefined> {
  const row = await db
    .selectFrom("former_names as f")
    .innerJoin("users as u", "u.id", "f.user_id")
    .where("f.name", "=", former)
    .select("u.name")
    .executeTakeFirst();
  return row?.name;
}

/**
 * Mails a link for a new password to each account of an address. For an address without an account, the same rows are
 * written and taken back, so that the time of the answer does not tell who has an account.
 */
export async function sendResets(db: Kysely<Tables>, address: string, origin: string): Promise<void> {
  const accounts = await db
    .selectFrom("users")
    .select(["id", "name", "email"])
    .where(sql`lower(email)`, "=", address.toLowerCase())
    .where("deleted_at", "is", null)
    .orderBy(sql`email_verified_at is null`)
    .limit(5)
    .execute();
  const recipients = accounts.length > 0 ? accounts : [{ id: null, name: "nobody", email: null }];
  const mails = recipients.map(({ id, name, email }) => {
    const token = newToken();
    const link = {
      ...{ token_hash: hashToken(token), purpose: "reset" as const, user_id: id, email },
      expires_at: new Date(Date.now() + lifetimes.reset),
    };
    const mail = {
      recipient: email ?? address,
      subject: "A new password for Reprise",
      body: `Somebody wants a new password for the account ${name} at ${origin}.\nIf it was you, open this link within an hour:\n\n${origin}/reset?token=${token}\n\nElse do nothing: the password stays.\n`,
    };
    return { link, mail };
  });
  await db.transaction().execute(async (trx) => {
    await trx.deleteFrom("links").where("expires_at", "<", new Date()).execute();
    await trx
      .insertInto("links")
      .values(mails.map(({ link }) => link))
      .execute();
    const written = await trx
      .insertInto("outbox")
      .values(mails.map(({ mail }) => mail))
      .returning("id")
      .execute();
    const takenBack = accounts.length > 0 ? [0] : written.map(({ id }) => id);
    await trx.deleteFrom("outbox").where("id", "in", takenBack).execute();
  });
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
    /** What it was done to; a person only as `subjectId`, so that the name goes with the account. */
    readonly subject: string;
    readonly subjectId?: number;
    readonly reason?: string;
  },
): Promise<void> {
  const { actorId, action, subject, subjectId = null, reason = "" } = entry;
  await db
    .insertInto("audit_log")
    .values({ actor_id: actorId, action, subject, subject_id: subjectId, reason })
    .execute();
}

/** Puts a mail where it is sent from, or read by an administrator where none is sent. */
export async function post(
  db: Db,
  mail: { readonly recipient: string; readonly subject: string; readonly body: string },
): Promise<void> {
  // Within a header a line end would begin another.
  if (/[\r\n]/.test(mail.recipient + mail.subject)) throw new Error("a mail's recipient and subject are one line each");
  await db.insertInto("outbox").values(mail).execute();
}
