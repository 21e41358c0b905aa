// Writing papers: from the content folder, and from people.
import type { Transaction } from "kysely";
import type { PaperDescription } from "../../bibtex/read.ts";
import type { Tables } from "../database/schema.ts";

/** What the content folder says of a paper beyond its description. */
export interface PaperExtras {
  readonly links: string;
  readonly results: string;
  readonly run: string;
  readonly tags: readonly string[];
}

/**
 * Writes a paper, over the one of the same key.
 *
 * @returns its id
 * @throws  Error if an alias already belongs to another paper
 */
export async function storePaper(
  trx: Transaction<Tables>,
  paper: PaperDescription,
  { tags, ...extras }: PaperExtras,
): Promise<number> {
  const venue = await idOf(trx, "venues", paper.venue);
  const columns = {
    ...{ title: paper.title, venue_id: venue, year: paper.year, arxiv_id: paper.arxivId, doi: paper.doi },
    ...{ bibtex: paper.bibtex.trim(), updated_at: new Date(), withdrawn_at: null },
    ...extras,
  };
  const { id } = await trx
    .insertInto("papers")
    .values({ bibtex_key: paper.bibtexKey, ...columns })
    .onConflict((oc) => oc.column("bibtex_key").doUpdateSet(columns))
    .returning("id")
    .executeTakeFirstOrThrow();
  for (const alias of new Set(paper.aliases))
    if (!(await addAlias(trx, id, alias)))
      throw new Error(`paper ${paper.bibtexKey}: the alias "${alias}" already belongs to another paper; remove it`);

  await trx.deleteFrom("paper_authors").where("paper_id", "=", id).execute();
  for (const [position, name] of paper.authors.entries()) {
    const author_id = await idOf(trx, "authors", name);
    await trx.insertInto("paper_authors").values({ paper_id: id, position, author_id }).execute();
  }
  await trx.deleteFrom("paper_tags").where("paper_id", "=", id).execute();
  for (const name of new Set(tags)) {
    const tag_id = await idOf(trx, "tags", name);
    await trx.insertInto("paper_tags").values({ paper_id: id, tag_id }).execute();
  }
  return id;
}

/** @returns false where the alias is taken */
export async function addAlias(trx: Transaction<Tables>, paperId: number, alias: string): Promise<boolean> {
  const row = await trx
    .insertInto("paper_aliases")
    .values({ alias, paper_id: paperId })
    .onConflict((oc) => oc.column("alias").doNothing())
    .returning("alias")
    .executeTakeFirst();
  return row !== undefined;
}

/** Of a name that may be there already. */
async function idOf(trx: Transaction<Tables>, table: "venues" | "authors" | "tags", name: string): Promise<number> {
  const { id } = await trx
    .insertInto(table)
    .values({ name })
    .onConflict((oc) => oc.column("name").doUpdateSet({ name }))
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}
