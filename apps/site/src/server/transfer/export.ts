// The public data of a site into a file: what pages show everybody, and no more.
import { type Kysely, sql, type Transaction } from "kysely";
import type { Tables } from "../database/schema.ts";
import { keysOf } from "../documents/papers.ts";
import { dayOf } from "../pages/day.ts";
import { findPaper } from "../papers.ts";
import type { TransferOptions } from "./backup.ts";
import { type DumpPaper, type DumpPerson, format } from "./dump-format.ts";
import { writeLines } from "./lines.ts";

/**
 * Writes people and papers as they stand at one moment.
 *
 * @returns lines written, without the first and the last
 * @throws  Error when the file cannot be written; then nothing of it is left
 */
export async function exportSite(
  db: Kysely<Tables>,
  file: string,
  { signal, onProgress }: TransferOptions = {},
): Promise<number> {
  let done = 0;
  await db.transaction().execute(async (trx) => {
    await sql`set transaction isolation level repeatable read, read only`.execute(trx);
    async function* lines(): AsyncGenerator<string> {
      yield JSON.stringify({ reprise: "export", format, made: new Date().toISOString() });
      for await (const line of records(trx)) {
        signal?.throwIfAborted();
        if (++done % 100 === 0) onProgress?.({ kind: "rows", done, total: null });
        yield JSON.stringify(line);
      }
    }
    await writeLines(file, lines());
  });
  return done;
}

async function* records(trx: Transaction<Tables>): AsyncGenerator<DumpPerson | DumpPaper> {
  // Whoever signed something that all may read; nobody else is named.
  const { rows: people } = await sql<Omit<DumpPerson, "kind">>`
    select name, display_name as "displayName", about from users u where deleted_at is null and (
      exists (select from summaries s join papers p on p.id = s.paper_id
        where s.user_id = u.id and s.listed and not s.anonymous and p.withdrawn_at is null)
      or exists (select from comments c join summaries s on s.id = c.summary_id join papers p on p.id = s.paper_id
        where c.user_id = u.id and s.listed and not c.anonymous and p.withdrawn_at is null
          and c.held_at is null and c.hidden_at is null and c.deleted_at is null))
    order by name`.execute(trx);
  for (const person of people) yield { kind: "person", ...person };
  const names = new Set(people.map(({ name }) => name));
  for (const key of await keysOf(trx, {})) {
    const paper = await paperOf(trx, key, names);
    if (paper) yield paper;
  }
}

async function paperOf(
  trx: Transaction<Tables>,
  key: string,
  people: ReadonlySet<string>,
): Promise<DumpPaper | undefined> {
  const paper = await findPaper(trx, key);
  if (!paper) return undefined;
  const { rows: aliases } = await sql<{ alias: string }>`
    select a.alias from paper_aliases a join papers p on p.id = a.paper_id
    where p.bibtex_key = ${key} order by a.alias`.execute(trx);
  // The page's own query has said which of them everybody reads; here are their texts.
  const { rows: texts } = await sql<{ ref: string; source: string }>`
    select s.ref, s.source from summaries s join papers p on p.id = s.paper_id where p.bibtex_key = ${key} and s.listed
    union all select c.ref, c.source from comments c join summaries s on s.id = c.summary_id
      join papers p on p.id = s.paper_id where p.bibtex_key = ${key} and s.listed
      and c.held_at is null and c.hidden_at is null and c.deleted_at is null`.execute(trx);
  const sources = new Map(texts.map(({ ref, source }) => [ref, source]));
  return {
    kind: "paper",
    ...{ bibtexKey: paper.bibtexKey, aliases: aliases.map(({ alias }) => alias), title: paper.title },
    ...{ authors: [...paper.authors], venue: paper.venue, year: paper.year, tags: [...paper.tags] },
    ...{ arxivId: paper.arxivId, doi: paper.doi, links: [...paper.links], bibtex: paper.bibtex },
    ...{ results: [...paper.results], run: paper.run },
    summaries: paper.summaries.map(({ ref, authorName, editedAt, machine, score, comments }) => ({
      ...{ ref, author: authorName, day: editedAt && dayOf(editedAt), machine, votes: score },
      markdown: sources.get(ref) ?? "",
      comments: comments.map((comment) => {
        const gone = comment.html === null || (comment.authorName !== null && !people.has(comment.authorName));
        return {
          ...{ ref: comment.ref, parent: comment.parent, author: gone ? null : comment.authorName },
          markdown: gone ? null : (sources.get(comment.ref) ?? null),
          day: dayOf(comment.createdAt),
        };
      }),
    })),
  };
}
