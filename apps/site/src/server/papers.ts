// What the pages read: one query per page, JSON aggregates instead of joins multiplied out.
import { type Kysely, type RawBuilder, sql } from "kysely";
import { identifierIn } from "../bibtex/identifiers.ts";
import type { PaperLink, ResultTable, StoredRun } from "./content-format.ts";
import type { MachineHelp, Tables } from "./database/schema.ts";

/** A paper in a list. */
export interface PaperCard {
  readonly bibtexKey: string;
  readonly title: string;
  readonly authors: readonly string[];
  readonly venue: string;
  readonly year: number;
  /** In the order of the alphabet. */
  readonly tags: readonly string[];
  readonly teaserHtml: string | null;
  readonly run: StoredRun | null;
  /** The day its newest summary was written; null where nobody has said it. */
  readonly writtenAt: Date | null;
}

/** A summary as shown on its paper's page, to everybody. */
export interface SummaryView {
  readonly ref: string;
  /** Name shown, and name of the profile; null where its author does not say who they are. */
  readonly author: string | null;
  readonly authorName: string | null;
  readonly html: string;
  /** Null where the day is not known. */
  readonly editedAt: Date | null;
  readonly machine: MachineHelp;
  /** It has been rewritten since it was first published. */
  readonly hasVersions: boolean;
  /** Sum of the votes. */
  readonly score: number;
  /** In the order in which they were written. */
  readonly comments: readonly CommentView[];
}

export interface CommentView {
  readonly ref: string;
  /** The comment that it answers; null where it stands under the summary itself. */
  readonly parent: string | null;
  /** Null where the author of an anonymous summary speaks under it. */
  readonly author: string | null;
  readonly authorName: string | null;
  /** Null where it was taken away, and has answers. */
  readonly html: string | null;
  readonly createdAt: Date;
}

/** A paper's page. */
export interface PaperView extends Omit<PaperCard, "teaserHtml"> {
  readonly arxivId: string | null;
  readonly doi: string | null;
  readonly links: readonly PaperLink[];
  readonly bibtex: string;
  readonly results: readonly ResultTable[];
  readonly summaries: readonly SummaryView[];
  /** First paragraph of the first summary, as text. */
  readonly description: string;
  /** Nothing more is said about it. */
  readonly locked: boolean;
  /** Its folder was taken out of the content: it is shown nowhere. */
  readonly withdrawn: boolean;
}

const authors = sql<string[]>`(select coalesce(json_agg(a.name order by pa.position), '[]')
  from paper_authors pa join authors a on a.id = pa.author_id where pa.paper_id = papers.id)`;

const tags = sql<string[]>`(select coalesce(json_agg(t.name order by t.name), '[]')
  from paper_tags pt join tags t on t.id = pt.tag_id where pt.paper_id = papers.id)`;

const writtenAt = sql<Date | null>`(select max(s.edited_at) from public_summaries s where s.paper_id = papers.id)`;

/** Which papers a list shows; all of them where nothing is given. */
export interface CardFilter {
  readonly tag?: string | undefined;
  readonly venue?: string | undefined;
  readonly year?: number | undefined;
  /** BibTeX keys of those it is about, such as the papers that run in the page. */
  readonly keys?: readonly string[] | undefined;
  /** Only papers with a claimed figure beside one of ours. */
  readonly reproduced?: boolean | undefined;
}

/** The order of a list. */
export const cardOrders = ["popular", "recent", "best", "year"] as const;
export type CardOrder = (typeof cardOrders)[number];

/** As the indexes of paper_search have it. */
export const orders: Readonly<Record<CardOrder, RawBuilder<unknown>>> = {
  popular: sql`s.visits desc, s.score desc, s.year desc, s.paper_id`,
  recent: sql`s.written_at desc nulls last, s.year desc, s.paper_id`,
  best: sql`s.score desc, s.year desc, s.paper_id`,
  year: sql`s.year desc, s.paper_id`,
};

export interface CardList {
  readonly filter?: CardFilter;
  /** "year", the newest first, unless given. */
  readonly order?: CardOrder;
  readonly limit?: number;
  readonly offset?: number;
}

/** Papers in a list: those of the given ids, in their order, or those of a filter. Withdrawn ones are in none. */
export async function paperCards(
  db: Kysely<Tables>,
  which: { readonly ids: readonly number[] } | CardList,
): Promise<PaperCard[]> {
  const rows =
    "ids" in which
      ? sql`select id, place from unnest(array[${sql.join(which.ids)}]::int[]) with ordinality chosen(id, place)`
      : sql`select s.paper_id as id, row_number() over () as place from (
          select s.paper_id from paper_search s where ${conditionOf(which.filter ?? {})}
          order by ${orders[which.order ?? "year"]}
          limit ${which.limit ?? null}::int offset ${which.offset ?? 0}) s`;
  const { rows: cards } = await sql<PaperCard>`
    select papers.bibtex_key as "bibtexKey", papers.title, papers.year, papers.run, venues.name as venue,
      ${writtenAt} as "writtenAt", ${authors} as authors, ${tags} as tags,
      (select s.teaser_html from public_summaries s where s.paper_id = papers.id order by s.id limit 1) as "teaserHtml"
    from (${rows}) chosen join papers on papers.id = chosen.id join venues on venues.id = papers.venue_id
    where papers.withdrawn_at is null
    order by chosen.place`.execute(db);
  return cards;
}

/** How many papers a list has. */
export async function countPapers(db: Kysely<Tables>, filter: CardFilter = {}): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from paper_search s where ${conditionOf(filter)}`.execute(db);
  return rows[0]?.count ?? 0;
}

/** The rows of paper_search, named s, that a filter lets through. */
export function conditionOf({ tag, venue, year, keys, reproduced }: CardFilter): RawBuilder<boolean> {
  const parts: RawBuilder<unknown>[] = [];
  if (tag !== undefined)
    parts.push(
      sql`s.paper_id in (select pt.paper_id from paper_tags pt join tags t on t.id = pt.tag_id where t.name = ${tag})`,
    );
  if (venue !== undefined) parts.push(sql`s.venue_id = (select id from venues where name = ${venue})`);
  if (year !== undefined) parts.push(sql`s.year = ${year}::int`);
  if (keys?.length === 0) parts.push(sql`false`);
  else if (keys) parts.push(sql`s.paper_id in (select id from papers where bibtex_key in (${sql.join(keys)}))`);
  if (reproduced) parts.push(sql`s.reproduced`);
  return parts.length === 0 ? sql<boolean>`true` : sql<boolean>`(${sql.join(parts, sql` and `)})`;
}

/** The paper with this key, alias, DOI or arXiv id; one that was withdrawn, where no other has it. */
export async function findPaper(db: Kysely<Tables>, key: string): Promise<PaperView | undefined> {
  const row = await db
    .selectFrom("papers")
    .innerJoin("venues", "venues.id", "papers.venue_id")
    .where("papers.id", "in", idsOf(key))
    .select([
      "papers.bibtex_key as bibtexKey",
      "papers.title",
      "papers.year",
      "papers.arxiv_id as arxivId",
      "papers.doi",
      "papers.links",
      "papers.bibtex",
      "papers.results",
      "papers.run",
      writtenAt.as("writtenAt"),
      "venues.name as venue",
      authors.as("authors"),
      tags.as("tags"),
      sql<boolean>`papers.withdrawn_at is not null`.as("withdrawn"),
      sql<boolean>`papers.locked_at is not null`.as("locked"),
      summaries.as("summaries"),
    ])
    .orderBy("withdrawn")
    .orderBy(sql`papers.bibtex_key <> ${key}`) // its own key before another paper's alias
    .executeTakeFirst();
  if (!row) return undefined;
  const { summaries: written, ...paper } = row;
  return {
    ...paper,
    description: written[0]?.teaser ?? "",
    summaries: written.map(({ teaser: _, edited, comments: said, ...summary }) => ({
      ...summary,
      editedAt: edited === null ? null : new Date(edited),
      comments: withoutDeadEnds(said).map(({ day, ...comment }) => ({ ...comment, createdAt: new Date(day) })),
    })),
  };
}

/** Each way by its own index; of conditions joined by "or", the database would read every paper. */
function idsOf(key: string): RawBuilder<number> {
  const identifier = identifierIn(key);
  const named = sql`select id from papers where bibtex_key = ${key}
    union all select paper_id from paper_aliases where alias = ${key}`;
  if (!identifier) return sql`(${named})`;
  const identified = "doi" in identifier ? sql`lower(doi) = ${identifier.doi}` : sql`arxiv_id = ${identifier.arxivId}`;
  // The names of a withdrawn paper may be another's by now.
  return sql`(${named} union all select id from papers where withdrawn_at is null and ${identified})`;
}

type CommentRow = Omit<CommentView, "createdAt"> & { readonly day: string };
type SummaryRow = Omit<SummaryView, "editedAt" | "comments"> & {
  readonly teaser: string;
  readonly edited: string | null;
  readonly comments: readonly CommentRow[];
};

// Days, not times: when exactly somebody wrote tells who it was to whoever saw them write. What is the same in votes and
// day stands in the order of its random name.
const summaries = sql<SummaryRow[]>`(
  select coalesce(json_agg(json_build_object(
      'ref', s.ref, 'html', s.html, 'teaser', s.teaser_text, 'edited', (s.edited_at at time zone 'UTC')::date,
      'author', case when s.anonymous then null else u.display_name end,
      'authorName', case when s.anonymous then null else u.name end,
      'machine', s.machine, 'hasVersions', (select count(*) > 1 from revisions where summary_id = s.id and public), 'score', v.score, 'comments', c.comments)
    order by v.score desc, (s.edited_at at time zone 'UTC')::date desc nulls last, s.ref), '[]')
  from summaries s
  join users u on u.id = s.user_id
  cross join lateral (select coalesce(sum(vote), 0)::int as score from votes where summary_id = s.id) v
  cross join lateral (
    select coalesce(json_agg(json_build_object(
        'ref', c.ref, 'parent', up.ref, 'day', (c.created_at at time zone 'UTC')::date,
        'author', case when c.anonymous or c.deleted_at is not null or c.hidden_at is not null then null else cu.display_name end,
        'authorName', case when c.anonymous or c.deleted_at is not null or c.hidden_at is not null then null else cu.name end,
        'html', case when c.deleted_at is null and c.hidden_at is null then c.html end) order by c.id), '[]') as comments
    from comments c join users cu on cu.id = c.user_id left join comments up on up.id = c.parent_id
    where c.summary_id = s.id and c.held_at is null) c
  where s.paper_id = papers.id and s.listed)`;

/** Without comments that were taken away and have no answer left. */
function withoutDeadEnds(comments: readonly CommentRow[]): CommentRow[] {
  const kept = comments.filter(({ ref, html }) => html !== null || comments.some(({ parent }) => parent === ref));
  return kept.length === comments.length ? kept : withoutDeadEnds(kept);
}
