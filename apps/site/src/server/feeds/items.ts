// What a feed holds: the newest summaries that everybody may read, of all papers or of some.
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Tables } from "../database/schema.ts";

/** Of which summaries a feed is: those of one venue, tag, person or paper, or all. */
export type FeedOf =
  | { readonly kind: "all" }
  | { readonly kind: "venue" | "tag" | "person" | "paper"; readonly name: string };

export interface FeedItem {
  readonly bibtexKey: string;
  readonly title: string;
  readonly arxivId: string | null;
  readonly ref: string;
  /** Null where its author does not say who they are. */
  readonly author: string | null;
  readonly authorName: string | null;
  readonly teaser: string;
  readonly tags: readonly string[];
  /** When it was written; null where nobody has said it. Of a time, the day. */
  readonly day: Date | null;
  /** When it came to this site, or was written since. */
  readonly updated: Date;
  readonly score: number;
}

export interface FeedContent {
  readonly title: string;
  /** Path of the page that shows the same. */
  readonly page: string;
  readonly items: readonly FeedItem[];
}

const most = 100;

/** Undefined where there is no such venue, tag, person or paper. */
export async function feedContent(db: Kysely<Tables>, of: FeedOf): Promise<FeedContent | undefined> {
  const head = await headOf(db, of);
  return head && { ...head, items: await items(db, conditionOf(of)) };
}

async function headOf(db: Kysely<Tables>, of: FeedOf): Promise<Omit<FeedContent, "items"> | undefined> {
  if (of.kind === "all") return { title: "Reprise", page: "/" };
  const { name } = of;
  if (of.kind === "paper") {
    const paper = await db
      .selectFrom("papers")
      .select("title")
      .where("bibtex_key", "=", name)
      .where("withdrawn_at", "is", null)
      .executeTakeFirst();
    return paper && { title: `Summaries of “${paper.title}”`, page: `/paper?bibtexKey=${encodeURIComponent(name)}` };
  }
  if (of.kind === "person") {
    const person = await db
      .selectFrom("users")
      .select("display_name")
      .where("name", "=", name)
      .where("deleted_at", "is", null)
      .executeTakeFirst();
    return person && { title: `Summaries by ${person.display_name}`, page: `/user?name=${encodeURIComponent(name)}` };
  }
  const found = await db
    .selectFrom(of.kind === "venue" ? "venues" : "tags")
    .select("id")
    .where("name", "=", name)
    .executeTakeFirst();
  return found && { title: `Summaries: ${name}`, page: `/search?${of.kind}=${encodeURIComponent(name)}` };
}

function conditionOf(of: FeedOf): RawBuilder<boolean> {
  if (of.kind === "venue") return sql`p.venue_id = (select id from venues where name = ${of.name})`;
  if (of.kind === "tag")
    return sql`p.id in (select pt.paper_id from paper_tags pt join tags t on t.id = pt.tag_id where t.name = ${of.name})`;
  if (of.kind === "paper") return sql`p.bibtex_key = ${of.name}`;
  // What somebody wrote without their name is in no list of theirs.
  if (of.kind === "person") return sql`u.name = ${of.name} and not s.anonymous`;
  return sql`true`;
}

async function items(db: Kysely<Tables>, condition: RawBuilder<boolean>): Promise<FeedItem[]> {
  const { rows } = await sql<FeedItem>`
    select p.bibtex_key as "bibtexKey", p.title, p.arxiv_id as "arxivId", s.ref, s.teaser_html as teaser,
      case when s.anonymous then null else u.display_name end as author,
      case when s.anonymous then null else u.name end as "authorName",
      (select coalesce(json_agg(t.name order by t.name), '[]')
        from paper_tags pt join tags t on t.id = pt.tag_id where pt.paper_id = p.id) as tags,
      date_trunc('day', s.edited_at, 'UTC') as day,
      date_trunc('day', coalesce(s.edited_at, s.created_at), 'UTC') as updated, v.score
    from summaries s join papers p on p.id = s.paper_id join users u on u.id = s.user_id
    cross join lateral (select coalesce(sum(vote), 0)::int as score from votes where summary_id = s.id) v
    where s.listed and p.withdrawn_at is null and ${condition}
    order by day desc nulls last, v.score desc, s.ref limit ${most}`.execute(db);
  return rows;
}
