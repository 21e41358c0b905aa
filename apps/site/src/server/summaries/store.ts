// Writing summaries: one of a person for a paper, never over what somebody else saved meanwhile.
import { randomBytes } from "node:crypto";
import type { Kysely } from "kysely";
import type { MachineHelp, Tables, Visibility } from "../database/schema.ts";
import { keepMentions } from "../notices/store.ts";
import { labelsFor } from "../papers/cite-label.ts";
import type { Viewer } from "../people/sessions.ts";
import type { Renderer } from "../renderer.ts";

/** What its author sees of a summary. */
export interface OwnSummary {
  readonly id: number;
  readonly ref: string;
  readonly source: string;
  readonly version: number;
  readonly visibility: Visibility;
  readonly anonymous: boolean;
  readonly machine: MachineHelp;
  readonly share: string | null;
  readonly withdrawn: boolean;
  readonly held: boolean;
  readonly hidden: boolean;
}

export interface SummaryInput {
  readonly source: string;
  /** Of the summary that the text began from; 0 where there was none. */
  readonly version: number;
  readonly visibility: Visibility;
  readonly anonymous: boolean;
  readonly machine: MachineHelp;
}

/** Somebody, the same person in another tab perhaps, has saved since the text was begun. */
export class Conflict extends Error {
  readonly current: OwnSummary;
  constructor(current: OwnSummary) {
    super("the summary was saved meanwhile");
    this.current = current;
  }
}

export async function ownSummary(db: Kysely<Tables>, paperId: number, userId: number): Promise<OwnSummary | undefined> {
  const row = await db
    .selectFrom("summaries")
    .where("paper_id", "=", paperId)
    .where("user_id", "=", userId)
    .select(["id", "ref", "source", "version", "visibility", "anonymous", "machine", "share"])
    .select(["withdrawn_at", "held_at", "hidden_at"])
    .executeTakeFirst();
  if (!row) return undefined;
  const { withdrawn_at, held_at, hidden_at, ...summary } = row;
  return { ...summary, withdrawn: withdrawn_at !== null, held: held_at !== null, hidden: hidden_at !== null };
}

/**
 * Saves a person's summary of a paper as a new version and takes its draft away.
 *
 * @param hold  it waits for a moderator when it is public
 * @throws Conflict, NotRendered
 */
export async function saveSummary(
  db: Kysely<Tables>,
  renderer: Renderer,
  { paperId, viewer, input, hold }: { paperId: number; viewer: Viewer; input: SummaryInput; hold: boolean },
): Promise<OwnSummary> {
  const { source, version, visibility, anonymous, machine } = input;
  const labels = await labelsFor(db, source);
  // Ids of footnotes must differ on one page and tell nothing of the author.
  const rendered = await renderer.render({ markdown: source, labels, name: `s${randomBytes(6).toString("hex")}` });
  const before = await ownSummary(db, paperId, viewer.id);
  if ((before?.version ?? 0) !== version) throw new Conflict(before ?? nothing);
  const isHeld = visibility === "public" && (hold || before?.held === true);
  const columns = {
    ...{ source, html: rendered.html, teaser_html: rendered.teaserHtml, teaser_text: rendered.teaserText },
    text: rendered.text,
    ...{ edited_at: new Date(), visibility, anonymous, machine, withdrawn_at: null, version: version + 1 },
    share: visibility === "private" ? (before?.share ?? randomBytes(16).toString("base64url")) : null,
    licensed_at: visibility === "public" ? new Date() : null,
    held_at: isHeld ? new Date() : null,
  };
  await db.transaction().execute(async (trx) => {
    const row =
      version === 0
        ? await trx
            .insertInto("summaries")
            .values({ paper_id: paperId, user_id: viewer.id, ...columns })
            .onConflict((oc) => oc.columns(["paper_id", "user_id"]).doNothing())
            .returning("id")
            .executeTakeFirst()
        : await trx
            .updateTable("summaries")
            .set(columns)
            .where("paper_id", "=", paperId)
            .where("user_id", "=", viewer.id)
            .where("version", "=", version)
            .returning("id")
            .executeTakeFirst();
    if (!row) throw new Conflict((await ownSummary(trx, paperId, viewer.id)) ?? nothing);
    await trx
      .insertInto("revisions")
      .values({ summary_id: row.id, version: version + 1, source, public: visibility === "public" })
      .execute();
    await keepMentions(trx, { summary_id: row.id }, source);
    if (version === 0)
      await trx.insertInto("votes").values({ summary_id: row.id, user_id: viewer.id, vote: 1 }).execute();
    await trx.deleteFrom("drafts").where("user_id", "=", viewer.id).where("paper_id", "=", paperId).execute();
  });
  return (await ownSummary(db, paperId, viewer.id))!;
}

/** What there is where a summary was deleted meanwhile. */
const nothing: OwnSummary = {
  ...{ id: 0, ref: "", source: "", version: 0, visibility: "public", anonymous: false, machine: "none" },
  ...{ share: null, withdrawn: false, held: false, hidden: false },
};

export interface Draft {
  readonly source: string;
  readonly version: number;
  readonly savedAt: Date;
}

export async function saveDraft(
  db: Kysely<Tables>,
  { userId, paperId, source, version }: { userId: number; paperId: number; source: string; version: number },
): Promise<void> {
  const columns = { source, version, saved_at: new Date() };
  await db
    .insertInto("drafts")
    .values({ user_id: userId, paper_id: paperId, ...columns })
    .onConflict((oc) => oc.columns(["user_id", "paper_id"]).doUpdateSet(columns))
    .execute();
}

export async function findDraft(db: Kysely<Tables>, paperId: number, userId: number): Promise<Draft | undefined> {
  return db
    .selectFrom("drafts")
    .where("paper_id", "=", paperId)
    .where("user_id", "=", userId)
    .select(["source", "version", "saved_at as savedAt"])
    .executeTakeFirst();
}
