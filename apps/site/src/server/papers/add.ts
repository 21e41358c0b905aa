// Taking in papers that people describe; one that is there already is found again instead.
import { type Kysely, sql, type Transaction } from "kysely";
import type { PaperDescription } from "../../bibtex/read.ts";
import type { Tables } from "../database/schema.ts";
import { addAlias, storePaper } from "./store.ts";

export interface Added {
  /** The key of the paper's page, which is another's where the paper was there already. */
  readonly bibtexKey: string;
  readonly title: string;
  readonly isNew: boolean;
}

/** Any number, as long as every process that adds papers takes the same one. */
const ADDING = 0x72657074;

/** Adds papers one after the other, all of them or none. */
export async function addPapers(
  db: Kysely<Tables>,
  papers: readonly PaperDescription[],
  userId: number,
): Promise<Added[]> {
  return db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(${ADDING})`.execute(trx); // two who add the same paper at once
    const added: Added[] = [];
    for (const paper of papers) added.push(await addOne(trx, paper, userId));
    return added;
  });
}

async function addOne(trx: Transaction<Tables>, paper: PaperDescription, userId: number): Promise<Added> {
  const known = await findSame(trx, paper);
  if (known) {
    const names = [paper.bibtexKey, ...paper.aliases].filter((name) => name !== known.bibtexKey);
    for (const name of names) await addAlias(trx, known.id, name);
    return { bibtexKey: known.bibtexKey, title: known.title, isNew: false };
  }
  const free: string[] = [];
  for (const alias of paper.aliases) if (!(await isTaken(trx, alias))) free.push(alias);
  const none = { links: "[]", results: "[]", run: "null", tags: [] };
  const id = await storePaper(trx, { ...paper, aliases: free }, none);
  await trx.updateTable("papers").set({ added_by: userId }).where("id", "=", id).execute();
  return { bibtexKey: paper.bibtexKey, title: paper.title, isNew: true };
}

/** The paper that this one is: by key, DOI, arXiv id, or title and first author within two years. */
async function findSame(trx: Transaction<Tables>, paper: PaperDescription) {
  const lastName = paper.authors[0]?.split(" ").at(-1)?.toLowerCase() ?? "";
  const { rows } = await sql<{ id: number; bibtexKey: string; title: string }>`
    select p.id, p.bibtex_key as "bibtexKey", p.title from papers p where
      p.bibtex_key = ${paper.bibtexKey} or p.withdrawn_at is null and (p.id in (select paper_id from paper_aliases where alias = ${paper.bibtexKey})
      or lower(p.doi) = ${paper.doi}::text
      or p.arxiv_id = ${paper.arxivId}::text
      or p.title_key = lower(regexp_replace(${paper.title}::text, '[[:space:][:punct:]]+', '', 'g'))
        and abs(p.year - ${paper.year}::int) <= 2
        and exists (select from paper_authors pa join authors a on a.id = pa.author_id
          where pa.paper_id = p.id and pa.position = 0 and right(lower(a.name), length(${lastName}::text)) = ${lastName}::text))
    order by p.withdrawn_at is not null, p.bibtex_key <> ${paper.bibtexKey}, p.id limit 1`.execute(trx);
  return rows[0];
}

/** Whether a key leads to some paper. */
export async function isTaken(db: Kysely<Tables> | Transaction<Tables>, key: string): Promise<boolean> {
  const { rows } = await sql<{ taken: boolean }>`select
    exists (select from papers where bibtex_key = ${key})
    or exists (select from paper_aliases where alias = ${key}) as taken`.execute(db);
  return rows[0]?.taken ?? false;
}
