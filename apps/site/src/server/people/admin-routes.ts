// Routes of administrators: settings, people, mails, the log.
import { z } from "zod";
import { type CommunityParts, mustBe, own, Refusal } from "../community.ts";
import { roles } from "../database/schema.ts";
import { readForm } from "../forms.ts";
import { logPage, outboxPage, peoplePage, settingsPage } from "../pages/admin.ts";
import { audit, makeLink, readSettings, signUpModes, writeSettings } from "./accounts.ts";

const yes = z.literal("yes").optional();
const settingsForm = z.strictObject({ signUp: z.enum(signUpModes), holdFirst: yes, readOnly: yes });
const roleForm = z.strictObject({ name: z.string().max(60), role: z.enum(roles) });
const notUnderstood = () => new Refusal(400, "Not understood", "The form is not one of this page.");

export function mountAdmin({ app, db, frameOf, originOf }: CommunityParts, sendsMail: boolean): void {
  app.get("/admin", async (c) => {
    mustBe(c, "admin");
    return own(c, settingsPage(frameOf(c), await readSettings(db), { saved: c.req.query("done") === "saved" }));
  });
  app.post("/admin", async (c) => {
    const { id } = mustBe(c, "admin");
    const sent = await readForm(c, settingsForm);
    if (!sent.ok) throw notUnderstood();
    const { signUp, holdFirst, readOnly } = sent.value;
    await db.transaction().execute(async (trx) => {
      await writeSettings(trx, { signUp, holdFirst: holdFirst === "yes", readOnly: readOnly === "yes" });
      const subject = `sign-up ${signUp}, first posts ${holdFirst ? "held" : "shown"}, ${readOnly ? "reading only" : "writing"}`;
      await audit(trx, { actorId: id, action: "set", subject });
    });
    return c.redirect("/admin?done=saved", 303);
  });
  app.post("/admin/invite", async (c) => {
    const { id } = mustBe(c, "admin");
    await readForm(c, z.strictObject({}));
    const token = await makeLink(db, "invite");
    await audit(db, { actorId: id, action: "made", subject: "an invitation" });
    return own(
      c,
      settingsPage(frameOf(c), await readSettings(db), { invite: `${originOf(c)}/sign-up?invite=${token}` }),
    );
  });
  app.get("/admin/people", async (c) => {
    const { id } = mustBe(c, "admin");
    const people = await db
      .selectFrom("users")
      .select(["id", "name", "email", "role", "banned_at"])
      .where("deleted_at", "is", null)
      .orderBy("name")
      .limit(1000)
      .execute();
    const shown = people.map(({ banned_at, ...person }) => ({ ...person, banned: banned_at !== null }));
    return own(c, peoplePage(frameOf(c), shown, id));
  });
  app.post("/admin/role", async (c) => {
    const { id } = mustBe(c, "admin");
    const sent = await readForm(c, roleForm);
    if (!sent.ok) throw notUnderstood();
    const { name, role } = sent.value;
    await db.transaction().execute(async (trx) => {
      const changed = await trx
        .updateTable("users")
        .set({ role })
        .where("name", "=", name)
        .where("id", "<>", id) // the last administrator cannot leave by accident
        .returning("id")
        .executeTakeFirst();
      if (!changed) throw new Refusal(404, "Not found", "There is no other person of this name.");
      await audit(trx, { actorId: id, action: `made ${role}`, subject: "", subjectId: changed.id });
    });
    return c.redirect("/admin/people", 303);
  });
  app.get("/admin/outbox", async (c) => {
    mustBe(c, "admin");
    const mails = await db.selectFrom("outbox").selectAll().orderBy("id", "desc").limit(200).execute();
    return own(c, outboxPage(frameOf(c), mails, sendsMail));
  });
  app.get("/admin/log", async (c) => {
    mustBe(c, "moderator");
    const entries = await db
      .selectFrom("audit_log as l")
      .leftJoin("users as u", "u.id", "l.actor_id")
      .leftJoin("users as about", "about.id", "l.subject_id")
      .select((eb) => eb.fn.coalesce("about.name", "l.subject").as("subject"))
      .select(["u.name as actor", "l.action", "l.reason", "l.created_at"])
      .orderBy("l.id", "desc")
      .limit(500)
      .execute();
    return own(c, logPage(frameOf(c), entries));
  });
}
