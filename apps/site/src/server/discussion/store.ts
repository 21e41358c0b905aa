// Votes and comments.
import { randomBytes } from "node:crypto";
import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/schema.ts";
import { keepMentions } from "../notices/store.ts";
import { labelsFor } from "../papers/cite-label.ts";
import type { Viewer } from "../people/sessions.ts";
import type { Renderer } from "../renderer.ts";

/**
 * One vote of one person for one summary, however often and in whatever order it is sent; 0 takes it back. One query.
 *
 * @returns  the paper's key; undefined where there is no such summary that everybody may read
 */
export async function vote(
  db: Kysely<Tables>,
  ref: string,
  userId: number,
  value: -1 | 0 | 1,
): Promise<string | undefined> {
  const write =
    value === 0
      ? sql`delete from votes using listed where summary_id = listed.id and user_id = ${userId}::int`
      : sql`insert into votes (summary_id, user_id, vote) select id, ${userId}::int, ${value}::int from listed
          on conflict (summary_id, user_id) do update set vote = excluded.vote where votes.vote <> excluded.vote`;
  const { rows } = await sql<{ bibtexKey: string }>`
    with listed as (select s.id, p.bibtex_key from summaries s join papers p on p.id = s.paper_id
        where s.ref = ${ref} and s.listed and p.withdrawn_at is null),
      written as (${write})
    select bibtex_key as "bibtexKey" from listed`.execute(db);
  return rows[0]?.bibtexKey;
}

/** The summaries of a paper that a person voted for, and how. */
export async function votesOf(
  db: Kysely<Tables>,
  paperKey: string,
  userId: number,
): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom("votes as v")
    .innerJoin("summaries as s", "s.id", "v.summary_id")
    .innerJoin("papers as p", "p.id", "s.paper_id")
    .where("p.bibtex_key", "=", paperKey)
    .where("v.user_id", "=", userId)
    .select(["s.ref", "v.vote"])
    .execute();
  return new Map(rows.map(({ ref, vote: value }) => [ref, value]));
}

export interface CommentInput {
  readonly summaryId: number;
  readonly parentId: number | null;
  readonly source: string;
  /** By the author of an anonymous summary: under it they stay who nobody knows. */
  readonly anonymous: boolean;
  readonly hold: boolean;
}

/** @throws NotRendered */
export async function addComment(
  db: Kysely<Tables>,
  renderer: Renderer,
  viewer: Viewer,
  { summaryId, parentId, source, anonymous, hold }: CommentInput,
): Promise<string> {
  const labels = await labelsFor(db, source);
  const { html } = await renderer.render({ markdown: source, labels, name: `c${randomBytes(6).toString("hex")}` });
  return db.transaction().execute(async (trx) => {
    const { id, ref } = await trx
      .insertInto("comments")
      .values({
        ...{ summary_id: summaryId, parent_id: parentId, user_id: viewer.id, source, html, anonymous },
        held_at: hold ? new Date() : null,
      })
      .returning(["id", "ref"])
      .executeTakeFirstOrThrow();
    await keepMentions(trx, { comment_id: id }, source);
    return ref;
  });
}

/** How deep a comment stands: 1 under the summary itself. */
export async function depthOf(db: Kysely<Tables>, commentId: number): Promise<number> {
  const { rows } = await sql<{ depth: number }>`with recursive up(id, parent_id) as (
      select id, parent_id from comments where id = ${commentId}
      union all select c.id, c.parent_id from comments c join up on c.id = up.parent_id)
    select count(*)::int as depth from up`.execute(db);
  return rows[0]?.depth ?? 0;
}
