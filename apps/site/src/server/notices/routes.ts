// Routes of what people follow and of what they are told.
import { z } from "zod";
import { paperPath } from "../../render/citations.ts";
import { type CommunityParts, mustBeSomebody, mustWrite, own, Refusal, refererPath } from "../community.ts";
import { line, ownPath, readForm } from "../forms.ts";
import { messagePage } from "../pages/message.ts";
import { noticesPage } from "../pages/notices.ts";
import { pressPage } from "../pages/people.ts";
import { follow, followed, noticesOf, subscriptionsOf } from "./store.ts";

const followForm = z.strictObject({
  kind: z.enum(followed),
  key: line(300, "The name"),
  follow: z.enum(["yes", "no"]),
});

export function mountNotices(parts: CommunityParts): void {
  const { app, db, frameOf } = parts;
  app.get("/notices", async (c) => {
    const { id } = mustBeSomebody(c);
    const { digest_off_at } = await db
      .selectFrom("users")
      .select("digest_off_at")
      .where("id", "=", id)
      .executeTakeFirstOrThrow();
    const page = noticesPage(
      frameOf(c),
      await noticesOf(db, id),
      await subscriptionsOf(db, id),
      digest_off_at === null,
    );
    return own(c, page);
  });
  app.post("/notices/digest", async (c) => {
    const { id } = mustBeSomebody(c);
    const sent = await readForm(c, z.strictObject({ digest: z.enum(["yes", "no"]) }));
    if (!sent.ok) throw new Refusal(400, "Not understood", "The form is not one of this page.");
    const digest_off_at = sent.value.digest === "yes" ? null : new Date();
    await db.updateTable("users").set({ digest_off_at }).where("id", "=", id).execute();
    return c.redirect("/notices", 303);
  });
  app.get("/digest/stop", (c) =>
    own(
      c,
      pressPage(frameOf(c), {
        ...{ title: "No more mails", text: "Press the button, and you get no mail of what is new any more." },
        ...{ action: "/digest/stop", token: c.req.query("token") ?? "", button: "No more mails" },
      }),
    ),
  );
  app.post("/digest/stop", async (c) => {
    const sent = await readForm(c, z.strictObject({ token: z.string().regex(/^[0-9a-f]{32}$/) }));
    if (sent.ok)
      await db
        .updateTable("users")
        .set({ digest_off_at: new Date() })
        .where("digest_key", "=", sent.value.token)
        .where("deleted_at", "is", null)
        .execute();
    // The same answer whoever's link it is.
    return own(c, messagePage(frameOf(c), "No more mails", "You get no mail of what is new any more."));
  });
  app.post("/notices/read", async (c) => {
    const { id } = mustBeSomebody(c);
    await readForm(c, z.strictObject({}));
    await db.updateTable("users").set({ notices_read_at: new Date() }).where("id", "=", id).execute();
    return c.redirect("/notices", 303);
  });
  app.post("/follow", async (c) => {
    const viewer = mustWrite(parts, c, { least: "reader", rate: "votes" });
    const sent = await readForm(c, followForm);
    if (!sent.ok) throw new Refusal(400, "Not understood", "The form is not one of this page.");
    const { kind, key, follow: on } = sent.value;
    if (!(await follow(db, viewer.id, { kind, key }, on === "yes")))
      throw new Refusal(404, "Not found", `There is no ${kind} of this name, or you follow as much as one can.`);
    const elsewhere = { paper: paperPath(key), person: `/user?name=${encodeURIComponent(key)}` };
    const from = ownPath(refererPath(c) ?? "/notices");
    return c.redirect(
      from.startsWith("/notices") || kind === "tag" || kind === "author" ? "/notices" : elsewhere[kind],
      303,
    );
  });
}
