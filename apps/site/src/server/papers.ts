// What the pages read: one query per page, JSON aggregates instead of joins multiplied out.
import { type Kysely, sql } from "kysely";
import { identifierIn } from "../bibtex/identifiers.ts";
import type { PaperLink, ResultTable, StoredRun } from "./content-format.ts";
import type { Tables } from "./database/schema.ts";

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

/** A summary as shown on its paper's page. */
interface SummaryView {
  readonly author: string;
  readonly html: string;
  /** Null where the day is not known. */
  readonly editedAt: Date | null;
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
  /** Its folder was taken out of the content: it is shown nowhere. */
  readonly withdrawn: boolean;
}

const authors = sql<string[]>`(select coalesce(json_agg(a.name order by pa.position), '[]')
  from paper_authors pa join authors a on a.id = pa.author_id where pa.paper_id = papers.id)`;

const tags = sql<string[]>`(select coalesce(json_agg(t.name order by t.name), '[]')
  from paper_tags pt join tags t on t.id = pt.tag_id where pt.paper_id = papers.id)`;

const writtenAt = sql<Date | null>`(select max(s.edited_at) from summaries s where s.paper_id = papers.id)`;

/** Every paper that is not withdrawn, the newest first. */
export async function listPapers(db: Kysely<Tables>): Promise<PaperCard[]> {
  return db
    .selectFrom("papers")
    .innerJoin("venues", "venues.id", "papers.venue_id")
    .select([
      "papers.bibtex_key as bibtexKey",
      "papers.title",
      "papers.year",
      "papers.run",
      writtenAt.as("writtenAt"),
      "venues.name as venue",
      authors.as("authors"),
      tags.as("tags"),
      sql<string | null>`(select s.teaser_html from summaries s where s.paper_id = papers.id order by s.id limit 1)`.as(
        "teaserHtml",
      ),
    ])
    .where("papers.withdrawn_at", "is", null)
    .orderBy("papers.year", "desc")
    .orderBy("papers.title")
    .execute();
}

/** The paper with this key, alias, DOI or arXiv id; one that was withdrawn, where no other has it. */
export async function findPaper(db: Kysely<Tables>, key: string): Promise<PaperView | undefined> {
  const identifier = identifierIn(key);
  const row = await db
    .selectFrom("papers")
    .innerJoin("venues", "venues.id", "papers.venue_id")
    .where((eb) =>
      eb.or([
        ...(identifier
          ? [
              eb.and([
                eb("papers.withdrawn_at", "is", null), // its names may be another's by now
                "doi" in identifier
                  ? eb(sql`lower(papers.doi)`, "=", identifier.doi)
                  : eb("papers.arxiv_id", "=", identifier.arxivId),
              ]),
            ]
          : []),
        eb("papers.bibtex_key", "=", key),
        eb("papers.id", "in", eb.selectFrom("paper_aliases").select("paper_id").where("alias", "=", key)),
      ]),
    )
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
      sql<{ author: string; html: string; teaser: string; edited_at: string | null }[]>`(
        select coalesce(json_agg(json_build_object(
          'author', u.display_name, 'html', s.html, 'teaser', s.teaser_text, 'edited_at', s.edited_at) order by s.id), '[]')
        from summaries s join users u on u.id = s.user_id where s.paper_id = papers.id)`.as("summaries"),
    ])
    .orderBy("withdrawn")
    .orderBy(sql`papers.bibtex_key <> ${key}`) // its own key before another paper's alias
    .executeTakeFirst();
  if (!row) return undefined;
  const { summaries, ...paper } = row;
  return {
    ...paper,
    description: summaries[0]?.teaser ?? "",
    summaries: summaries.map(({ author, html, edited_at }) => ({
      author,
      html,
      editedAt: edited_at === null ? null : new Date(edited_at),
    })),
  };
}
