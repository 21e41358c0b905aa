// Routes of moderators: what waits, what was reported, hiding, locking, banning. Each act is in the log; of an anonymous
// author neither the queue nor the log says who it is.
import { sql } from "kysely";
import { z } from "zod";
import { paperPath } from "../../render/citations.ts";
import { type CommunityParts, mustBe, own, Refusal, refererPath } from "../community.ts";
import { ownPath, readForm } from "../forms.ts";
import { type QueueItem, queuePage } from "../pages/moderate.ts";
import { audit } from "../people/accounts.ts";

const kind = z.enum(["summary", "comment"]);
const ref = z.string().regex(/^[0-9a-f]{32}$/);
const yesNo = z.enum(["yes", "no"]);
const reason = z.string().trim().max(300).default("");
const approveForm = z.strictObject({ kind, ref });
const hideForm = z.strictObject({ kind, ref, hide: yesNo, reason });
const lockForm = z.strictObject({ bibtexKey: z.string().max(300), lock: yesNo, reason });
const banForm = z.strictObject({ name: z.string().max(60), ban: yesNo, reason });

export function mountModeration({ app, db, frameOf, pages }: CommunityParts): void {
  const notUnderstood = () => new Refusal(400, "Not understood", "The form is not one of this page.");
  const gone = () => new Refusal(404, "Not found", "It is not there.");
  const tables = { summary: "summaries", comment: "comments" } as const;

  app.get("/moderate", async (c) => {
    mustBe(c, "moderator");
    const { rows } = await sql<QueueItem>`
      select * from (
        select 'summary' as kind, s.ref, s.html, p.title, p.bibtex_key as "bibtexKey", s.held_at is not null as held,
          s.hidden_at is not null as hidden, case when s.anonymous then null else u.name end as author,
          (select coalesce(json_agg(r.reason order by r.id), '[]') from reports r where r.summary_id = s.id and r.resolved_at is null) as reports
        from summaries s join papers p on p.id = s.paper_id join users u on u.id = s.user_id
        where s.visibility = 'public' and (s.held_at is not null or s.hidden_at is not null
          or exists (select from reports r where r.summary_id = s.id and r.resolved_at is null))
        union all
        select 'comment', c.ref, c.html, p.title, p.bibtex_key, c.held_at is not null, c.hidden_at is not null,
          case when c.anonymous then null else u.name end,
          (select coalesce(json_agg(r.reason order by r.id), '[]') from reports r where r.comment_id = c.id and r.resolved_at is null)
        from comments c join summaries s on s.id = c.summary_id join papers p on p.id = s.paper_id join users u on u.id = c.user_id
        where c.deleted_at is null and (c.held_at is not null or c.hidden_at is not null
          or exists (select from reports r where r.comment_id = c.id and r.resolved_at is null))
      ) items order by hidden, held desc, ref limit 200`.execute(db);
    return own(c, queuePage(frameOf(c), rows));
  });

  app.post("/moderate/approve", async (c) => {
    const { id } = mustBe(c, "moderator");
    const sent = await readForm(c, approveForm);
    if (!sent.ok) throw notUnderstood();
    const { kind: what, ref: name } = sent.value;
    await db.transaction().execute(async (trx) => {
      const row = await trx
        .updateTable(tables[what])
        .set({ held_at: null })
        .where("ref", "=", name)
        .returning(["id", "user_id"])
        .executeTakeFirst();
      if (!row) throw gone();
      const column = what === "summary" ? "summary_id" : "comment_id";
      await trx.updateTable("reports").set({ resolved_at: new Date() }).where(column, "=", row.id).execute();
      // Whoever was looked at once is known.
      await trx.updateTable("users").set({ trusted_at: new Date() }).where("id", "=", row.user_id).execute();
      await audit(trx, { actorId: id, action: "approved", subject: `${what} ${name}` });
    });
    pages.clear();
    return c.redirect("/moderate", 303);
  });

  app.post("/moderate/hide", async (c) => {
    const { id } = mustBe(c, "moderator");
    const sent = await readForm(c, hideForm);
    if (!sent.ok) throw notUnderstood();
    const { kind: what, ref: name, hide, reason: why } = sent.value;
    await db.transaction().execute(async (trx) => {
      const hidden_at = hide === "yes" ? new Date() : null;
      const row = await trx
        .updateTable(tables[what])
        .set({ hidden_at, held_at: null })
        .where("ref", "=", name)
        .returning("id")
        .executeTakeFirst();
      if (!row) throw gone();
      const column = what === "summary" ? "summary_id" : "comment_id";
      await trx.updateTable("reports").set({ resolved_at: new Date() }).where(column, "=", row.id).execute();
      const action = hide === "yes" ? "hid" : "showed again";
      await audit(trx, { actorId: id, action, subject: `${what} ${name}`, reason: why });
    });
    pages.clear();
    return c.redirect(ownPath(refererPath(c) ?? "/moderate"), 303);
  });

  app.post("/moderate/lock", async (c) => {
    const { id } = mustBe(c, "moderator");
    const sent = await readForm(c, lockForm);
    if (!sent.ok) throw notUnderstood();
    const { bibtexKey, lock, reason: why } = sent.value;
    await db.transaction().execute(async (trx) => {
      const locked_at = lock === "yes" ? new Date() : null;
      const row = await trx
        .updateTable("papers")
        .set({ locked_at })
        .where("bibtex_key", "=", bibtexKey)
        .returning("id")
        .executeTakeFirst();
      if (!row) throw gone();
      const action = lock === "yes" ? "closed the discussion of" : "opened the discussion of";
      await audit(trx, { actorId: id, action, subject: bibtexKey, reason: why });
    });
    pages.clear();
    return c.redirect(paperPath(bibtexKey), 303);
  });

  app.post("/moderate/ban", async (c) => {
    const { id, role } = mustBe(c, "moderator");
    const sent = await readForm(c, banForm);
    if (!sent.ok) throw notUnderstood();
    const { name, ban, reason: why } = sent.value;
    await db.transaction().execute(async (trx) => {
      const row = await trx
        .updateTable("users")
        .set({ banned_at: ban === "yes" ? new Date() : null })
        .where("name", "=", name)
        .where("id", "<>", id)
        .where("role", "in", role === "admin" ? ["reader", "author", "moderator", "admin"] : ["reader", "author"])
        .returning("id")
        .executeTakeFirst();
      if (!row) throw gone();
      if (ban === "yes") await trx.deleteFrom("sessions").where("user_id", "=", row.id).execute();
      await audit(trx, {
        actorId: id,
        action: ban === "yes" ? "banned" : "let back in",
        subject: "",
        subjectId: row.id,
        reason: why,
      });
    });
    return c.redirect(ownPath(refererPath(c) ?? "/moderate"), 303);
  });
}
