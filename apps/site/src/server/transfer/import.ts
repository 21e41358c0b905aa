// The public data of one site into another that is new. The file is checked whole before anything is written; then it is
// written in steps, and an import that was interrupted goes on with the same file.
import { randomBytes } from "node:crypto";
import { type Kysely, sql, type Transaction } from "kysely";
import { z } from "zod";
import type { Tables } from "../database/schema.ts";
import { labelsFor } from "../papers/cite-label.ts";
import { storePaper } from "../papers/store.ts";
import type { Renderer } from "../renderer.ts";
import type { TransferOptions } from "./backup.ts";
import { type DumpPaper, dumpHeader, dumpLine, format } from "./dump-format.ts";
import { json, readLines, TransferError } from "./lines.ts";

/** How far an import has come: first all people and papers, so that texts find what they cite, then the texts. */
const progress = z.strictObject({ header: z.string(), step: z.enum(["papers", "texts"]), line: z.int() });
type Progress = z.infer<typeof progress>;
const setting = "import";

/**
 * Takes a file of `exportSite` into a site without people and papers. What people wrote is rendered anew: nothing of the
 * file's gets into a page as HTML.
 *
 * @returns papers taken in
 * @throws  TransferError by line, before anything is written; Error when the site is not empty
 */
export async function importSite(
  db: Kysely<Tables>,
  renderer: Renderer,
  file: string,
  { signal, onProgress }: TransferOptions = {},
): Promise<number> {
  const { header, papers } = await check(file);
  let at = await begin(db, header);
  for (const step of ["papers", "texts"] as const) {
    if (at.step !== step) continue;
    for await (const { line, text } of readLines(file)) {
      if (line === 1 || line <= at.line) continue;
      signal?.throwIfAborted();
      const record = dumpLine.parse(json(text));
      const next: Progress = { header, step, line };
      await db
        .transaction()
        .execute(async (trx) => {
          if (step === "texts") {
            if (record.kind === "paper") await writeTexts(trx, renderer, record);
          } else if (record.kind === "person") {
            const { name, displayName: display_name, about } = record;
            await trx.insertInto("users").values({ name, display_name, about }).execute();
          } else await writePaper(trx, record);
          await keep(trx, next);
        })
        .catch((cause: Error) => {
          throw new TransferError(file, line, `${cause.message}. What came before is kept: mend the line and go on`, {
            cause,
          });
        });
      at = next;
      onProgress?.({ kind: "rows", done: line, total: null });
    }
    if (step === "papers") {
      at = { header, step: "texts", line: 1 };
      await keep(db, at);
    }
  }
  await db.deleteFrom("settings").where("name", "=", setting).execute();
  return papers;
}

/** Reads everything once: shapes, names that occur twice, people who are missing, and the hash at the end. */
async function check(file: string): Promise<{ header: string; papers: number }> {
  let header = "";
  let papers = 0;
  const first = new Map<string, number>();
  for await (const { line, text } of readLines(file)) {
    if (line === 1) {
      header = text;
      checkHeader(file, text);
      continue;
    }
    const once = (name: string) => {
      const before = first.get(name);
      if (before !== undefined) throw new TransferError(file, line, `${name} stands in line ${before} already`);
      first.set(name, line);
    };
    const must = (name: string) => {
      if (!first.has(`the person ${name}`)) throw new TransferError(file, line, `there is no person ${name} before it`);
    };
    const read = dumpLine.safeParse(json(text));
    if (!read.success)
      throw new TransferError(
        file,
        line,
        z
          .prettifyError(read.error)
          .replace(/✖ /g, "")
          .replace(/\s*\n\s*/g, "; "),
      );
    const record = read.data;
    if (record.kind === "person") {
      once(`the person ${record.name}`);
      continue;
    }
    papers++;
    for (const key of [record.bibtexKey, ...record.aliases]) once(`the key ${key}`);
    const authors = new Set<string>();
    for (const summary of record.summaries) {
      once(`the summary ${summary.ref}`);
      if (summary.author !== null) {
        must(summary.author);
        if (authors.has(summary.author))
          throw new TransferError(file, line, `${summary.author} has two summaries of ${record.bibtexKey}`);
        authors.add(summary.author);
      }
      const before = new Set<string>();
      for (const comment of summary.comments) {
        once(`the comment ${comment.ref}`);
        if (comment.author !== null) must(comment.author);
        if (comment.parent !== null && !before.has(comment.parent))
          throw new TransferError(file, line, `the comment ${comment.ref} answers none that stands before it`);
        before.add(comment.ref);
      }
    }
  }
  return { header, papers };
}

function checkHeader(file: string, text: string): void {
  const said = json(text) as { reprise?: unknown; format?: unknown } | undefined;
  if (said?.reprise !== "export")
    throw new TransferError(
      file,
      1,
      "this is no export of a Reprise site (a backup is taken in by: reprise site restore)",
    );
  if (said.format !== format)
    throw new TransferError(file, 1, `the export has format ${said.format}; this version reads format ${format}`);
  const read = dumpHeader.safeParse(said);
  if (!read.success) throw new TransferError(file, 1, z.prettifyError(read.error).replace(/\s*\n\s*/g, "; "));
}

/** Where an interrupted import of this file stands, or at the beginning of a site with nothing in it. */
async function begin(db: Kysely<Tables>, header: string): Promise<Progress> {
  const row = await db.selectFrom("settings").select("value").where("name", "=", setting).executeTakeFirst();
  if (row) {
    const before = progress.parse(json(row.value));
    if (before.header === header) return before;
    throw new Error("the import of another file was interrupted here: go on with that file, or begin with a new site");
  }
  const { rows } = await sql<{ papers: boolean; people: boolean }>`
    select exists (select from papers) as papers, exists (select from users) as people`.execute(db);
  if (rows[0]?.papers || rows[0]?.people)
    throw new Error(
      "the site is not empty: it has papers or people. An export is taken into a new data folder (--data-dir) or a new database (DATABASE_URL).",
    );
  return { header, step: "papers", line: 1 };
}

async function keep(db: Kysely<Tables> | Transaction<Tables>, at: Progress): Promise<void> {
  const value = JSON.stringify(at);
  await db
    .insertInto("settings")
    .values({ name: setting, value })
    .onConflict((oc) => oc.column("name").doUpdateSet({ value }))
    .execute();
}

async function writePaper(trx: Transaction<Tables>, { links, results, run, tags, ...paper }: DumpPaper): Promise<void> {
  await storePaper(
    trx,
    { ...paper, doi: paper.doi ?? null, arxivId: paper.arxivId ?? null },
    { links: JSON.stringify(links), results: JSON.stringify(results), run: JSON.stringify(run), tags },
  );
}

/** Where an author is not named, an account of nobody stands in the place, of which no page tells. */
async function writeTexts(trx: Transaction<Tables>, renderer: Renderer, paper: DumpPaper): Promise<void> {
  const { id: paper_id } = await trx
    .selectFrom("papers")
    .select("id")
    .where("bibtex_key", "=", paper.bibtexKey)
    .executeTakeFirstOrThrow();
  const render = async (markdown: string) =>
    renderer.render({ markdown, labels: await labelsFor(trx, markdown), name: `i${randomBytes(6).toString("hex")}` });
  const person = async (name: string) =>
    (await trx.selectFrom("users").select("id").where("name", "=", name).executeTakeFirstOrThrow()).id;
  for (const { ref, author, day, machine, markdown, comments } of paper.summaries) {
    const user_id = author === null ? await unnamed(trx) : await person(author);
    const made = await render(markdown);
    const { rows } = await sql<{ id: number }>`
      insert into summaries (ref, paper_id, user_id, source, html, teaser_html, teaser_text, text, edited_at, machine,
        anonymous, licensed_at)
      values (${ref}, ${paper_id}, ${user_id}, ${markdown}, ${made.html}, ${made.teaserHtml}, ${made.teaserText},
        ${made.text}, ${dawn(day)}::timestamptz, ${machine}, ${author === null}, now()) returning id`.execute(trx);
    const summary_id = rows[0]!.id;
    await sql`insert into revisions (summary_id, version, source, public, saved_at)
      values (${summary_id}, 1, ${markdown}, true, coalesce(${dawn(day)}::timestamptz, now()))`.execute(trx);
    const ids = new Map<string, number>();
    for (const comment of comments) {
      const html = comment.markdown === null ? "" : (await render(comment.markdown)).html;
      const said = await sql<{ id: number }>`
        insert into comments (ref, summary_id, user_id, source, html, created_at, parent_id, anonymous, deleted_at)
        values (${comment.ref}, ${summary_id}, ${comment.author === null ? user_id : await person(comment.author)},
          ${comment.markdown ?? ""}, ${html}, ${dawn(comment.day)}::timestamptz,
          ${comment.parent === null ? null : (ids.get(comment.parent) ?? null)}::int, ${comment.author === null},
          case when ${comment.markdown === null}::boolean then now() end) returning id`.execute(trx);
      ids.set(comment.ref, said.rows[0]!.id);
    }
  }
}

/** The beginning of a day in UTC, whatever the zone of the database. */
const dawn = (day: string | null) => day && `${day}T00:00:00Z`;

async function unnamed(trx: Transaction<Tables>): Promise<number> {
  const name = `unnamed-${randomBytes(8).toString("hex")}`;
  const { id } = await trx
    .insertInto("users")
    .values({ name, display_name: "Unnamed", deleted_at: new Date() }) // no page of a profile
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}
