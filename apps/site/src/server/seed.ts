// Takes the content folder into the database: at first start, and again whatever changed on disk since.
import type { Kysely, Transaction } from "kysely";
import { rendererVersion, renderMarkdown } from "../render/markdown.ts";
import type { PaperContent } from "./content.ts";
import type { Tables } from "./database/schema.ts";

/** The account that the site's own summaries belong to. */
const houseUser = { name: "reprise", display_name: "Reprise" } as const;

/**
 * Writes new and changed papers with the house's summary; what readers wrote is not touched.
 *
 * @returns  the keys that were written
 * @throws   Error if an alias of one paper already names another
 */
export async function seed(db: Kysely<Tables>, content: readonly PaperContent[]): Promise<string[]> {
  const seeded = new Map(
    (await db.selectFrom("seeds").select(["bibtex_key", "sha256"]).execute()).map((row) => [
      row.bibtex_key,
      row.sha256,
    ]),
  );
  const changed = content
    .map((entry) => ({ ...entry, sha256: `${rendererVersion}:${entry.sha256}` }))
    .filter(({ paper, sha256 }) => seeded.get(paper.bibtexKey) !== sha256);
  const labels = new Map(content.map(({ paper }) => [paper.bibtexKey, citeLabel(paper)]));
  for (const { paper } of content) for (const alias of paper.aliases) labels.set(alias, citeLabel(paper));
  const citations = (key: string) => labels.get(key);
  for (const entry of changed) await db.transaction().execute((trx) => writePaper(trx, entry, citations));
  return changed.map(({ paper }) => paper.bibtexKey);
}

/** "Szegedy et al. 2014", the text of links to the paper. */
function citeLabel({ authors, year }: PaperContent["paper"]): string {
  const names = authors.map((name) => name.split(" ").at(-1));
  return `${names.length > 2 ? `${names[0]} et al.` : names.join(" and ")} ${year}`;
}

async function writePaper(
  trx: Transaction<Tables>,
  { paper, summary, results, run, sha256 }: PaperContent,
  citations: (key: string) => string | undefined,
) {
  const { bibtexKey } = paper;
  const venue = await trx
    .insertInto("venues")
    .values({ name: paper.venue })
    .onConflict((oc) => oc.column("name").doUpdateSet({ name: paper.venue }))
    .returning("id")
    .executeTakeFirstOrThrow();
  const columns = {
    title: paper.title,
    venue_id: venue.id,
    year: paper.year,
    arxiv_id: paper.arxivId ?? null,
    doi: paper.doi ?? null,
    links: JSON.stringify(paper.links),
    bibtex: paper.bibtex.trim(),
    results: JSON.stringify(results),
    run: JSON.stringify(run),
    updated_at: new Date(),
  };
  const { id } = await trx
    .insertInto("papers")
    .values({ bibtex_key: bibtexKey, ...columns })
    .onConflict((oc) => oc.column("bibtex_key").doUpdateSet(columns))
    .returning("id")
    .executeTakeFirstOrThrow();

  await trx.deleteFrom("paper_aliases").where("paper_id", "=", id).execute();
  for (const alias of new Set(paper.aliases)) {
    const row = await trx
      .insertInto("paper_aliases")
      .values({ alias, paper_id: id })
      .onConflict((oc) => oc.column("alias").doNothing())
      .returning("alias")
      .executeTakeFirst();
    if (!row) throw new Error(`paper ${bibtexKey}: the alias "${alias}" already belongs to another paper; remove it`);
  }

  await trx.deleteFrom("paper_authors").where("paper_id", "=", id).execute();
  for (const [position, name] of paper.authors.entries()) {
    const author = await trx
      .insertInto("authors")
      .values({ name })
      .onConflict((oc) => oc.column("name").doUpdateSet({ name }))
      .returning("id")
      .executeTakeFirstOrThrow();
    await trx.insertInto("paper_authors").values({ paper_id: id, position, author_id: author.id }).execute();
  }

  await trx.deleteFrom("paper_tags").where("paper_id", "=", id).execute();
  for (const name of new Set(paper.tags)) {
    const tag = await trx
      .insertInto("tags")
      .values({ name })
      .onConflict((oc) => oc.column("name").doUpdateSet({ name }))
      .returning("id")
      .executeTakeFirstOrThrow();
    await trx.insertInto("paper_tags").values({ paper_id: id, tag_id: tag.id }).execute();
  }

  const user = await trx
    .insertInto("users")
    .values(houseUser)
    .onConflict((oc) => oc.column("name").doUpdateSet({ display_name: houseUser.display_name }))
    .returning("id")
    .executeTakeFirstOrThrow();
  const { html, teaserHtml, teaserText } = renderMarkdown(summary, { citeLabel: citations });
  const text = { source: summary, html, teaser_html: teaserHtml, teaser_text: teaserText, edited_at: new Date() };
  await trx
    .insertInto("summaries")
    .values({ paper_id: id, user_id: user.id, ...text })
    .onConflict((oc) => oc.columns(["paper_id", "user_id"]).doUpdateSet(text))
    .execute();
  await trx
    .insertInto("seeds")
    .values({ bibtex_key: bibtexKey, sha256 })
    .onConflict((oc) => oc.column("bibtex_key").doUpdateSet({ sha256, seeded_at: new Date() }))
    .execute();
}
