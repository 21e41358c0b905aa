// Routes of votes, comments and reports.
import { z } from "zod";
import { paperPath } from "../../render/citations.ts";
import { type CommunityParts, mustBeSomebody, mustWrite, own, Refusal } from "../community.ts";
import { emptyForm, readForm } from "../forms.ts";
import { commentPage, reportPage } from "../pages/discussion.ts";
import { readSettings } from "../people/accounts.ts";
import { isAtLeast } from "../people/sessions.ts";
import { NotRendered, type Renderer } from "../renderer.ts";
import { addComment, depthOf, vote } from "./store.ts";

const ref = z.string().regex(/^[0-9a-f]{32}$/);
const longestComment = 10_000;
const deepest = 20; // a thread longer than that goes on beside its last comment
const voteForm = z.strictObject({ ref, vote: z.enum(["-1", "0", "1"]) });
const commentForm = z.strictObject({
  ref,
  parent: ref.optional(),
  text: z
    .string()
    .trim()
    .min(1, "The comment is empty.")
    .max(longestComment, `The comment has more than ${longestComment.toLocaleString("en")} characters.`),
});
const deleteForm = z.strictObject({ comment: ref });
const reason = z.string().trim().min(1, "Say what is wrong with it.").max(1000, "This has more than 1,000 characters.");
const reportForm = z.strictObject({ kind: z.enum(["summary", "comment"]), ref, reason });

export function mountDiscussion(parts: CommunityParts, renderer: Renderer): void {
  const { app, db, frameOf, pages } = parts;
  const gone = () => new Refusal(404, "Not found", "It is not there, or not for everybody to read.");

  const listed = async (reference: string | undefined) => {
    const row = ref.safeParse(reference).success
      ? await db
          .selectFrom("summaries as s")
          .innerJoin("papers as p", "p.id", "s.paper_id")
          .where("s.ref", "=", reference!)
          .where("s.listed", "=", true)
          .where("p.withdrawn_at", "is", null)
          .select(["s.id", "s.ref", "s.user_id", "s.anonymous", "p.bibtex_key as bibtexKey", "p.title", "p.locked_at"])
          .executeTakeFirst()
      : undefined;
    if (!row) throw gone();
    return row;
  };
  const listedComment = async (reference: string | undefined) => {
    const row = ref.safeParse(reference).success
      ? await db
          .selectFrom("comments as c")
          .innerJoin("summaries as s", "s.id", "c.summary_id")
          .innerJoin("papers as p", "p.id", "s.paper_id")
          .where("c.ref", "=", reference!)
          .where("c.deleted_at", "is", null)
          .where("c.hidden_at", "is", null)
          .where("s.listed", "=", true)
          .where("p.withdrawn_at", "is", null)
          .select(["c.id", "c.html", "c.held_at", "s.id as summaryId", "p.bibtex_key as bibtexKey"])
          .executeTakeFirst()
      : undefined;
    if (!row || row.held_at) throw gone();
    return row;
  };

  app.post("/vote", async (c) => {
    const viewer = mustWrite(parts, c, { least: "reader", rate: "votes" });
    const sent = await readForm(c, voteForm);
    if (!sent.ok) throw gone();
    const { ref: reference } = sent.value;
    const bibtexKey = await vote(db, reference, viewer.id, Number(sent.value.vote) as -1 | 0 | 1);
    if (bibtexKey === undefined) throw gone();
    pages.changed("votes", `paper ${bibtexKey}`);
    return c.redirect(`${paperPath(bibtexKey)}#s-${reference}`, 303);
  });

  app.get("/comment", async (c) => {
    mustBeSomebody(c);
    const summary = await listed(c.req.query("ref"));
    const parent = c.req.query("parent");
    const answered = parent ? await listedComment(parent) : undefined;
    return own(c, commentPage(frameOf(c), { summary, parent, answered: answered?.html, form: emptyForm }));
  });
  app.post("/comment", async (c) => {
    const viewer = mustWrite(parts, c, { least: "reader" });
    const sent = await readForm(c, commentForm);
    const { ref: reference, parent } = sent.ok ? sent.value : sent.form.given;
    const summary = await listed(reference);
    if (summary.locked_at && !isAtLeast(viewer.role, "moderator"))
      throw new Refusal(403, "Locked", "A moderator has closed the discussion of this paper.");
    const answered = parent ? await listedComment(parent) : undefined;
    if (answered && answered.summaryId !== summary.id) throw gone();
    const again = (problem: string, text: string) =>
      own(
        c,
        commentPage(frameOf(c), {
          summary,
          parent,
          answered: answered?.html,
          form: { given: { text }, problems: { text: problem } },
        }),
        422,
      );
    if (!sent.ok) return again(sent.form.problems.text ?? "The form is not understood.", sent.form.given.text ?? "");
    if (answered && (await depthOf(db, answered.id)) >= deepest)
      return again("This thread is as deep as it can be: answer an earlier comment.", sent.value.text);
    try {
      const comment = await addComment(db, renderer, viewer, {
        ...{ summaryId: summary.id, parentId: answered?.id ?? null, source: sent.value.text },
        anonymous: summary.anonymous && summary.user_id === viewer.id,
        hold: !viewer.trusted && (await readSettings(db)).holdFirst,
      });
      pages.clear();
      return c.redirect(`${paperPath(summary.bibtexKey)}#c-${comment}`, 303);
    } catch (error) {
      if (error instanceof NotRendered) return again(`This cannot be shown: ${error.message}.`, sent.value.text);
      throw error;
    }
  });
  app.post("/comment/delete", async (c) => {
    const viewer = mustBeSomebody(c);
    const sent = await readForm(c, deleteForm);
    if (!sent.ok) throw gone();
    const row = await db
      .updateTable("comments")
      .set({ deleted_at: new Date(), source: "", html: "" })
      .where("ref", "=", sent.value.comment)
      .where("user_id", "=", viewer.id)
      .returning("summary_id")
      .executeTakeFirst();
    if (!row) throw gone();
    pages.clear();
    const { bibtexKey } = await db
      .selectFrom("summaries as s")
      .innerJoin("papers as p", "p.id", "s.paper_id")
      .select("p.bibtex_key as bibtexKey")
      .where("s.id", "=", row.summary_id)
      .executeTakeFirstOrThrow();
    return c.redirect(paperPath(bibtexKey), 303);
  });

  const target = async (kind: string | undefined, reference: string | undefined) => {
    if (kind === "comment") {
      const comment = await listedComment(reference);
      return { summary_id: null, comment_id: comment.id, bibtexKey: comment.bibtexKey };
    }
    const summary = await listed(reference);
    return { summary_id: summary.id, comment_id: null, bibtexKey: summary.bibtexKey };
  };
  app.get("/report", async (c) => {
    mustBeSomebody(c);
    const [kind, reference] = [c.req.query("kind") ?? "summary", c.req.query("ref") ?? ""];
    await target(kind, reference);
    return own(c, reportPage(frameOf(c), { kind, ref: reference, form: emptyForm }));
  });
  app.post("/report", async (c) => {
    const viewer = mustWrite(parts, c, { least: "reader" });
    const sent = await readForm(c, reportForm);
    const { kind, ref: reference } = sent.ok ? sent.value : sent.form.given;
    const { bibtexKey, ...about } = await target(kind, reference);
    if (!sent.ok)
      return own(c, reportPage(frameOf(c), { kind: kind ?? "", ref: reference ?? "", form: sent.form }), 422);
    await db
      .insertInto("reports")
      .values({ ...about, user_id: viewer.id, reason: sent.value.reason })
      .onConflict((oc) => oc.doNothing()) // once is enough
      .execute();
    return own(
      c,
      reportPage(frameOf(c), {
        kind: sent.value.kind,
        ref: sent.value.ref,
        form: emptyForm,
        sent: paperPath(bibtexKey),
      }),
    );
  });
}
