// What a person wrote, as others see it; for themselves, also what others do not.
import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/schema.ts";

export interface WrittenSummary {
  readonly bibtexKey: string;
  readonly title: string;
  readonly ref: string;
  readonly score: number;
}

/** Summaries that everybody reads under this person's name. */
export function summariesOf(db: Kysely<Tables>, userId: number): Promise<WrittenSummary[]> {
  return select(db, sql`s.user_id = ${userId} and s.listed and not s.anonymous`);
}

/** What only its author is told: private, anonymous, held, hidden and withdrawn summaries. */
export function ownOthers(db: Kysely<Tables>, userId: number): Promise<WrittenSummary[]> {
  return select(db, sql`s.user_id = ${userId} and (s.anonymous or not s.listed)`);
}

/** Summaries of others that a person voted for or against; for nobody but themselves. */
export function votedFor(db: Kysely<Tables>, userId: number, vote: 1 | -1): Promise<WrittenSummary[]> {
  return select(
    db,
    sql`s.listed and s.user_id <> ${userId}
      and exists (select from votes v where v.summary_id = s.id and v.user_id = ${userId} and v.vote = ${vote})`,
  );
}

async function select(db: Kysely<Tables>, condition: ReturnType<typeof sql>): Promise<WrittenSummary[]> {
  const { rows } = await sql<WrittenSummary>`
    select p.bibtex_key as "bibtexKey", p.title, s.ref,
      (select coalesce(sum(v.vote), 0)::int from votes v where v.summary_id = s.id) as score
    from summaries s join papers p on p.id = s.paper_id
    where p.withdrawn_at is null and ${condition} order by score desc, p.title limit 500`.execute(db);
  return rows;
}
