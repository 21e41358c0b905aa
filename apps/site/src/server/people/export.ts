// Everything that the site keeps of one person, for them.
import { strToU8, zipSync } from "fflate";
import type { Kysely } from "kysely";
import type { Tables } from "../database/schema.ts";
import { subscriptionsOf } from "../notices/store.ts";
import { apiTokensOf } from "./api-tokens.ts";

export async function exportAccount(db: Kysely<Tables>, id: number) {
  const account = await db
    .selectFrom("users")
    .select(["name", "display_name as displayName", "email", "about", "role", "created_at as createdAt"])
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
  const sessions = await db
    .selectFrom("sessions")
    .select(["agent", "created_at as createdAt", "seen_at as seenAt"])
    .where("user_id", "=", id)
    .execute();
  const summaries = await db
    .selectFrom("summaries as s")
    .innerJoin("papers as p", "p.id", "s.paper_id")
    .where("s.user_id", "=", id)
    .select(["p.bibtex_key as bibtexKey", "s.source", "s.created_at as createdAt", "s.edited_at as editedAt"])
    .select(["s.visibility", "s.anonymous", "s.machine", "s.version"])
    .orderBy("s.id")
    .execute();
  const drafts = await db
    .selectFrom("drafts as d")
    .innerJoin("papers as p", "p.id", "d.paper_id")
    .where("d.user_id", "=", id)
    .select(["p.bibtex_key as bibtexKey", "d.source", "d.saved_at as savedAt"])
    .execute();
  const comments = await db
    .selectFrom("comments as c")
    .where("c.user_id", "=", id)
    .where("c.deleted_at", "is", null)
    .select(["c.source", "c.created_at as createdAt"])
    .orderBy("c.id")
    .execute();
  const votes = await db
    .selectFrom("votes as v")
    .innerJoin("summaries as s", "s.id", "v.summary_id")
    .innerJoin("papers as p", "p.id", "s.paper_id")
    .where("v.user_id", "=", id)
    .select(["p.bibtex_key as bibtexKey", "v.vote"])
    .execute();
  const formerNames = await db.selectFrom("former_names").select("name").where("user_id", "=", id).execute();
  const apiTokens = await apiTokensOf(db, id);
  const subscriptions = await subscriptionsOf(db, id);
  return { account, formerNames, sessions, apiTokens, subscriptions, summaries, drafts, comments, votes };
}

/** A person's summaries as Markdown, a file for each paper, whoever may read them. */
export async function zipOfSummaries(db: Kysely<Tables>, id: number): Promise<Uint8Array<ArrayBuffer>> {
  const summaries = await db
    .selectFrom("summaries as s")
    .innerJoin("papers as p", "p.id", "s.paper_id")
    .where("s.user_id", "=", id)
    .select(["p.bibtex_key as key", "s.source", "s.edited_at as edited"])
    .orderBy("p.bibtex_key")
    .execute();
  const files: Record<string, [Uint8Array, { mtime?: Date }]> = {};
  for (const { key, source, edited } of summaries) {
    const name = key.replace(/[^\w.-]+/g, "_");
    let free = `${name}.md`;
    for (let i = 2; free in files; i++) free = `${name}_${i}.md`; // a/b and a_b
    files[free] = [strToU8(`${source.trimEnd()}\n`), edited && edited.getFullYear() >= 1980 ? { mtime: edited } : {}];
  }
  return zipSync(files);
}
