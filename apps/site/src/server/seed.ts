// Takes the content folder into the database: at first start, and again whatever changed on disk since.
import type { Kysely, Transaction } from "kysely";
import type { Rendered } from "../jobs/render.protocol.ts";
import { rendererVersion } from "../render/markdown.ts";
import type { PaperContent } from "./content.ts";
import type { Tables } from "./database/schema.ts";
import { citeLabel } from "./papers/cite-label.ts";
import { storePaper } from "./papers/store.ts";
import { Renderer } from "./renderer.ts";

/** The account that the site's own summaries belong to. */
const houseUser = { name: "reprise", display_name: "Reprise" } as const;

/**
 * Writes new and changed papers with the house's summary, and withdraws those whose folder is gone; what readers wrote
 * is not touched. All of it or nothing.
 *
 * @param log  told which papers are withdrawn
 * @returns    the keys that were written
 * @throws     Error if an alias of one paper already names another, or a summary (named by its file) cannot be rendered
 */
export async function seed(
  db: Kysely<Tables>,
  content: readonly PaperContent[],
  { log = () => {} }: { readonly log?: (line: string) => void } = {},
): Promise<string[]> {
  const seeded = new Map(
    (await db.selectFrom("seeds").select(["bibtex_key", "sha256"]).execute()).map((row) => [
      row.bibtex_key,
      row.sha256,
    ]),
  );
  const changed = content
    .map((entry) => ({ ...entry, sha256: `${rendererVersion}:${entry.sha256}` }))
    .filter(({ paper, sha256 }) => seeded.get(paper.bibtexKey) !== sha256);
  const gone = [...seeded.keys()].filter((key) => !content.some(({ paper }) => paper.bibtexKey === key));
  if (changed.length + gone.length === 0) return [];

  const rendered = await renderAll(changed, content);
  await db.transaction().execute(async (trx) => {
    await withdraw(trx, gone);
    // Before any is written: papers may exchange aliases.
    await releaseAliases(
      trx,
      changed.map(({ paper }) => paper.bibtexKey),
    );
    for (const [i, entry] of changed.entries()) await writePaper(trx, entry, rendered[i]!);
  });
  for (const key of gone) log(`content: the folder of ${key} is gone; the paper is withdrawn until it is back`);
  return changed.map(({ paper }) => paper.bibtexKey);
}

async function renderAll(changed: readonly PaperContent[], content: readonly PaperContent[]): Promise<Rendered[]> {
  const labels = new Map(content.map(({ paper }) => [paper.bibtexKey, citeLabel(paper)]));
  for (const { paper } of content) for (const alias of paper.aliases) labels.set(alias, citeLabel(paper));
  const renderer = new Renderer();
  try {
    const rendered: Rendered[] = [];
    for (const { summary, summaryFile } of changed)
      rendered.push(
        await renderer.render({ markdown: summary, labels, name: houseUser.name }).catch((cause: Error) => {
          throw new Error(`${summaryFile}: ${cause.message}`, { cause });
        }),
      );
    return rendered;
  } finally {
    await renderer.close();
  }
}

async function withdraw(trx: Transaction<Tables>, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  await releaseAliases(trx, keys); // for the paper that takes its place, perhaps under another key
  await trx.updateTable("papers").set({ withdrawn_at: new Date() }).where("bibtex_key", "in", keys).execute();
  await trx.deleteFrom("seeds").where("bibtex_key", "in", keys).execute();
}

async function releaseAliases(trx: Transaction<Tables>, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  const ids = trx.selectFrom("papers").select("id").where("bibtex_key", "in", keys);
  await trx.deleteFrom("paper_aliases").where("paper_id", "in", ids).execute();
}

async function writePaper(
  trx: Transaction<Tables>,
  { paper, summary, results, run, sha256 }: PaperContent,
  { html, teaserHtml, teaserText, text: plain }: Rendered,
) {
  const { bibtexKey } = paper;
  const id = await storePaper(
    trx,
    { ...paper, arxivId: paper.arxivId ?? null, doi: paper.doi ?? null },
    {
      ...{ links: JSON.stringify(paper.links), results: JSON.stringify(results), run: JSON.stringify(run) },
      tags: paper.tags,
    },
  );
  const user = await trx
    .insertInto("users")
    .values(houseUser)
    .onConflict((oc) => oc.column("name").doUpdateSet({ display_name: houseUser.display_name }))
    .returning("id")
    .executeTakeFirstOrThrow();
  const edited_at = paper.summaryDate ? new Date(`${paper.summaryDate}T00:00:00Z`) : null; // never the day it is read in
  const text = { source: summary, html, teaser_html: teaserHtml, teaser_text: teaserText, text: plain, edited_at };
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
