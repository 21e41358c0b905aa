// Papers as programs get them: what their pages show everybody, never more.
import { createHash } from "node:crypto";
import { type Kysely, sql } from "kysely";
import { paperPath } from "../../render/citations.ts";
import type { Tables } from "../database/schema.ts";
import { dayOf } from "../pages/day.ts";
import { type CardList, conditionOf, orders, type PaperView } from "../papers.ts";
import type { PaperDocument, PaperEntry } from "./schemas.ts";

const licence = "https://creativecommons.org/licenses/by/4.0/";

export interface DocumentSite {
  readonly db: Kysely<Tables>;
  readonly origin: string;
  readonly panelOf: (bibtexKey: string) => string | undefined;
}

/** The whole of a paper's page. */
export async function documentOf({ db, origin, panelOf }: DocumentSite, paper: PaperView): Promise<PaperDocument> {
  const sources = new Map(
    paper.summaries.length === 0
      ? []
      : (
          await db
            .selectFrom("summaries")
            .select(["ref", "source"])
            .where("listed", "=", true)
            .where(
              "ref",
              "in",
              paper.summaries.map(({ ref }) => ref),
            )
            .execute()
        ).map(({ ref, source }) => [ref, source]),
  );
  const url = origin + paperPath(paper.bibtexKey);
  const person = (name: string | null, displayName: string | null) =>
    name === null || displayName === null
      ? null
      : { name, displayName, url: `${origin}/user?name=${encodeURIComponent(name)}` };
  return {
    ...{ bibtexKey: paper.bibtexKey, url, title: paper.title, authors: [...paper.authors], venue: paper.venue },
    ...{ year: paper.year, tags: [...paper.tags], doi: paper.doi, arxivId: paper.arxivId, bibtex: paper.bibtex },
    links: [...paper.links],
    method: panelOf(paper.bibtexKey) ?? null,
    summaries: paper.summaries
      .filter(({ ref }) => sources.has(ref)) // one that was withdrawn between the two queries is not shown
      .map((summary) => {
        const markdown = sources.get(summary.ref) ?? "";
        return {
          ref: summary.ref,
          url: `${url}#s-${summary.ref}`,
          author: person(summary.authorName, summary.author),
          day: summary.editedAt && dayOf(summary.editedAt),
          votes: summary.score,
          ...{ machine: summary.machine, licence, markdown, html: summary.html },
          sha256: createHash("sha256").update(markdown).digest("hex"),
          comments: summary.comments.map((comment) => ({
            ...{ ref: comment.ref, parent: comment.parent, author: person(comment.authorName, comment.author) },
            ...{ html: comment.html, day: dayOf(comment.createdAt) },
          })),
        };
      }),
    results: [...paper.results],
    run: paper.run,
  };
}

/** Keys of the papers of a list. */
export async function keysOf(
  db: Kysely<Tables>,
  { filter = {}, order = "year", limit, offset }: CardList,
): Promise<string[]> {
  const { rows } = await sql<{ key: string }>`
    select p.bibtex_key as key from (
      select s.paper_id, row_number() over (order by ${orders[order]}) as place
      from paper_search s where ${conditionOf(filter)}
      order by place limit ${limit ?? null}::int offset ${offset ?? 0}) s
    join papers p on p.id = s.paper_id order by s.place`.execute(db);
  return rows.map(({ key }) => key);
}

/** Entries of a list, in the order of the keys. */
export async function entriesOf(db: Kysely<Tables>, origin: string, keys: readonly string[]): Promise<PaperEntry[]> {
  if (keys.length === 0) return [];
  const { rows } = await sql<Omit<PaperEntry, "url" | "writtenOn"> & { writtenAt: Date | null }>`
    select p.bibtex_key as "bibtexKey", p.title, v.name as venue, p.year, p.doi, p.arxiv_id as "arxivId", p.bibtex,
      (select coalesce(json_agg(a.name order by pa.position), '[]')
        from paper_authors pa join authors a on a.id = pa.author_id where pa.paper_id = p.id) as authors,
      (select coalesce(json_agg(t.name order by t.name), '[]')
        from paper_tags pt join tags t on t.id = pt.tag_id where pt.paper_id = p.id) as tags,
      s.summaries, s.score as votes, s.written_at as "writtenAt"
    from unnest(array[${sql.join(keys)}]::text[]) with ordinality asked(key, place)
    join papers p on p.bibtex_key = asked.key join paper_search s on s.paper_id = p.id
    join venues v on v.id = p.venue_id where p.withdrawn_at is null order by asked.place`.execute(db);
  return rows.map(({ writtenAt, ...row }) => ({
    ...row,
    url: origin + paperPath(row.bibtexKey),
    writtenOn: writtenAt && dayOf(writtenAt),
  }));
}
