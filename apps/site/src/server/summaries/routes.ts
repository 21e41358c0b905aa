// Routes of summaries: writing, previewing, drafts, versions, private links.
import type { Context } from "hono";
import { z } from "zod";
import { paperPath } from "../../render/citations.ts";
import { type CommunityParts, mustBeSomebody, mustWrite, own, Refusal } from "../community.ts";
import { type FormState, readForm } from "../forms.ts";
import { historyPage, longestSummary, sharedPage, type WriteParts, writePage } from "../pages/write.ts";
import { labelsFor } from "../papers/cite-label.ts";
import { readSettings } from "../people/accounts.ts";
import { isAtLeast, type Viewer, viewerOf } from "../people/sessions.ts";
import { NotRendered, type Renderer } from "../renderer.ts";
import { diffLines } from "./diff.ts";
import { Conflict, findDraft, ownSummary, saveDraft, saveSummary } from "./store.ts";

const source = z
  .string()
  .max(longestSummary, `The text has more than ${longestSummary.toLocaleString("en")} characters.`)
  .refine((text) => text.trim() !== "", "The text is empty.");
const key = z.string().min(1).max(300);
const version = z.coerce.number<string>().int().min(0).max(1e9);
const yes = z.literal("yes").optional();
const writeForm = z
  .strictObject({
    ...{ bibtexKey: key, version, source, anonymous: yes, licence: yes },
    machine: z.enum(["none", "some", "most"]),
    visibility: z.enum(["public", "private"]),
    action: z.enum(["save", "preview", "draft"]).default("save"),
  })
  .refine(({ visibility, licence, action }) => action !== "save" || visibility === "private" || licence, {
    message: "What everybody reads here, everybody may use: it needs your agreement.",
    path: ["licence"],
  });
const previewForm = z.strictObject({ source });
const draftForm = z.strictObject({ bibtexKey: key, version, source });
const ref = z.string().regex(/^[0-9a-f]{32}$/);
const withdrawForm = z.strictObject({ ref, withdraw: z.enum(["yes", "no"]) });
const restoreForm = z.strictObject({ ref, restore: z.coerce.number<string>().int().min(1).max(1e9) });

export function mountSummaries(parts: CommunityParts, renderer: Renderer): void {
  const { app, db, frameOf, limits, pages, missing } = parts;
  const noSummary = () => new Refusal(404, "Not found", "There is no such summary, or it is not yours to see.");

  const findTarget = async (bibtexKey: string) => {
    const paper = await db
      .selectFrom("papers")
      .select(["id", "bibtex_key as bibtexKey", "title", "locked_at"])
      .where("bibtex_key", "=", bibtexKey.replace(/\0/g, ""))
      .where("withdrawn_at", "is", null)
      .executeTakeFirst();
    if (!paper) throw new Refusal(404, "Not found", "There is no paper with this key.");
    return paper;
  };
  const mustBeOpen = (paper: { readonly locked_at: Date | null }, viewer: Viewer) => {
    if (paper.locked_at && !isAtLeast(viewer.role, "moderator"))
      throw new Refusal(403, "Locked", "A moderator has closed the discussion of this paper. Your draft is kept.");
  };
  /** Whether what this person publishes waits for a moderator. */
  const mustWait = async (viewer: Viewer) => !viewer.trusted && (await readSettings(db)).holdFirst;
  const preview = async (text: string) =>
    (await renderer.render({ markdown: text, labels: await labelsFor(db, text), name: "preview" })).html;

  app.get("/write", async (c) => {
    const viewer = mustBeSomebody(c);
    const paper = await findTarget(c.req.query("bibtexKey") ?? "");
    const [mine, draft] = [await ownSummary(db, paper.id, viewer.id), await findDraft(db, paper.id, viewer.id)];
    const text = draft?.source ?? mine?.source;
    const previewHtml = text ? await preview(text).catch(() => undefined) : undefined;
    return own(c, writePage(frameOf(c), { paper, own: mine, draft, previewHtml }));
  });

  app.post("/write", async (c) => {
    const viewer = mustWrite(parts, c);
    const sent = await readForm(c, writeForm);
    const given = sent.ok ? formOf(sent.value) : sent.form.given;
    const paper = await findTarget(given.bibtexKey ?? "");
    mustBeOpen(paper, viewer);
    const mine = await ownSummary(db, paper.id, viewer.id);
    const again = (problems: Record<string, string>, more: Partial<WriteParts> = {}, status: 200 | 409 | 422 = 422) =>
      own(c, writePage(frameOf(c), { paper, own: mine, form: { given, problems }, ...more }), status);
    if (!sent.ok) return again({ ...sent.form.problems });
    const { action, source: text, version: from, visibility, anonymous, machine } = sent.value;
    if (action === "draft") {
      await saveDraft(db, { userId: viewer.id, paperId: paper.id, source: text, version: from });
      return again({}, { notice: "The draft is kept; only you see it." }, 200);
    }
    try {
      if (action === "preview") return await again({}, { previewHtml: await preview(text) }, 200);
      const input = { source: text, version: from, visibility, anonymous: anonymous === "yes", machine };
      const saved = await saveSummary(db, renderer, { paperId: paper.id, viewer, input, hold: await mustWait(viewer) });
      pages.clear();
      return c.redirect(`${paperPath(paper.bibtexKey)}#s-${saved.ref}`, 303);
    } catch (error) {
      if (error instanceof NotRendered) return again({ source: `This cannot be shown: ${error.message}.` });
      if (!(error instanceof Conflict)) throw error;
      const { current } = error;
      const form = { given: { ...given, version: String(current.version) }, problems: {} };
      const conflict = diffLines(current.source, text);
      return own(c, writePage(frameOf(c), { paper, own: current, form, conflict }), 409);
    }
  });

  // For the page's script: the text as it will be, and drafts as one types.
  app.post("/write/preview", async (c) => {
    const viewer = viewerOf(c);
    if (!viewer) return c.json({ error: "You are signed out; sign in again in another tab." }, 401);
    limits.take("previews", `account ${viewer.id}`);
    const sent = await readForm(c, previewForm);
    if (!sent.ok) return c.json({ error: sent.form.problems.source ?? "The form is not understood." }, 422);
    try {
      return c.json({ html: await preview(sent.value.source) }, 200, { "Cache-Control": "private, no-store" });
    } catch (error) {
      if (error instanceof NotRendered) return c.json({ error: `This cannot be shown: ${error.message}.` }, 422);
      throw error;
    }
  });
  app.post("/write/draft", async (c) => {
    const viewer = viewerOf(c);
    if (!viewer) return c.json({ error: "You are signed out; sign in again in another tab." }, 401);
    limits.take("previews", `account ${viewer.id}`);
    const sent = await readForm(c, draftForm);
    if (!sent.ok) return c.json({ error: Object.values(sent.form.problems)[0] ?? "" }, 422);
    const { bibtexKey, ...draft } = sent.value;
    const paper = await findTarget(bibtexKey);
    await saveDraft(db, { userId: viewer.id, paperId: paper.id, ...draft });
    return c.json({ kept: true }, 200, { "Cache-Control": "private, no-store" });
  });

  /** A summary that the person may see: one that all may, or their own. */
  const visible = async (reference: string, viewer: Viewer | undefined) => {
    if (!ref.safeParse(reference).success) throw noSummary();
    const row = await db
      .selectFrom("summaries as s")
      .innerJoin("papers as p", "p.id", "s.paper_id")
      .where("s.ref", "=", reference)
      .where("p.withdrawn_at", "is", null)
      .select([
        "s.id",
        "s.source",
        "s.version",
        "s.user_id",
        "s.listed",
        "s.edited_at",
        "p.locked_at",
        "p.bibtex_key",
        "p.title",
        "p.id as paperId",
      ])
      .executeTakeFirst();
    if (!row || !(row.listed || row.user_id === viewer?.id)) throw noSummary();
    return { ...row, mine: row.user_id === viewer?.id, paper: { bibtexKey: row.bibtex_key, title: row.title } };
  };

  app.get("/summary/source", async (c) => {
    const { source: text } = await visible(c.req.query("ref") ?? "", viewerOf(c));
    return c.text(text, 200, { "Cache-Control": "private, no-store" });
  });

  app.get("/summary/history", async (c) => {
    const summary = await visible(c.req.query("ref") ?? "", viewerOf(c));
    const versions = await db
      .selectFrom("revisions")
      .select(["version", "saved_at as savedAt", "source"])
      .where("summary_id", "=", summary.id)
      .$if(!summary.mine, (query) => query.where("public", "=", true))
      .orderBy("version", "desc")
      .limit(200)
      .execute();
    if (versions.length === 0) return missing(c, "This summary has no earlier versions.");
    const asked = Number(c.req.query("version") ?? summary.version);
    const at = versions.findIndex(({ version: number }) => number === asked);
    if (at < 0) return missing(c, "There is no such version.");
    const diff = diffLines(versions[at + 1]?.source ?? "", versions[at]!.source);
    const { paper, mine } = summary;
    return own(
      c,
      historyPage(frameOf(c), { paper, ref: c.req.query("ref") ?? "", versions, shown: asked, diff, mine }),
    );
  });

  /** One's own summary by its name. */
  const mineBy = async (c: Context, reference: string) => {
    const viewer = mustWrite(parts, c);
    const summary = await visible(reference, viewer);
    if (!summary.mine) throw noSummary();
    return { viewer, summary };
  };
  app.post("/summary/restore", async (c) => {
    mustBeSomebody(c);
    const sent = await readForm(c, restoreForm);
    if (!sent.ok) throw noSummary();
    const { viewer, summary } = await mineBy(c, sent.value.ref);
    mustBeOpen(summary, viewer);
    const before = await db
      .selectFrom("revisions")
      .select("source")
      .where("summary_id", "=", summary.id)
      .where("version", "=", sent.value.restore)
      .executeTakeFirst();
    const current = await ownSummary(db, summary.paperId, viewer.id);
    if (!before || !current) throw noSummary();
    const { version: from, visibility, anonymous, machine } = current;
    const input = { source: before.source, version: from, visibility, anonymous, machine };
    const hold = await mustWait(viewer);
    await saveSummary(db, renderer, { paperId: summary.paperId, viewer, input, hold }).catch((error: unknown) => {
      if (error instanceof Conflict)
        throw new Refusal(409, "Saved meanwhile", "The summary was saved in another place; look again.");
      throw error;
    });
    pages.clear();
    return c.redirect(`/summary/history?ref=${sent.value.ref}`, 303);
  });
  app.post("/summary/withdraw", async (c) => {
    mustBeSomebody(c);
    const sent = await readForm(c, withdrawForm);
    if (!sent.ok) throw noSummary();
    const { summary } = await mineBy(c, sent.value.ref);
    const withdrawn_at = sent.value.withdraw === "yes" ? new Date() : null;
    await db.updateTable("summaries").set({ withdrawn_at }).where("id", "=", summary.id).execute();
    pages.clear();
    return c.redirect(`/write?bibtexKey=${encodeURIComponent(summary.paper.bibtexKey)}`, 303);
  });

  app.get("/s/:share", async (c) => {
    const share = c.req.param("share");
    const row = /^[\w-]{22}$/.test(share)
      ? await db
          .selectFrom("summaries as s")
          .innerJoin("papers as p", "p.id", "s.paper_id")
          .innerJoin("users as u", "u.id", "s.user_id")
          .where("s.share", "=", share)
          .where("s.visibility", "=", "private")
          .where("s.withdrawn_at", "is", null)
          .where("s.hidden_at", "is", null)
          .where("p.withdrawn_at", "is", null)
          .select([
            "s.html",
            "s.edited_at as editedAt",
            "s.anonymous",
            "u.display_name",
            "p.title",
            "p.bibtex_key as bibtexKey",
          ])
          .executeTakeFirst()
      : undefined;
    if (!row) return missing(c, "There is no summary under this link.");
    const { anonymous, display_name, ...shared } = row;
    const body = sharedPage(frameOf(c), { ...shared, paper: row, author: anonymous ? null : display_name });
    c.header("Referrer-Policy", "no-referrer");
    return own(c, body);
  });
}

/** What was sent, as the form shows it again. */
function formOf(value: z.infer<typeof writeForm>): FormState["given"] {
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, part]) => (part === undefined ? [] : [[name, String(part)]])),
  );
}
