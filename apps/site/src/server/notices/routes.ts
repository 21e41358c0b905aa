// Routes of what people follow and of what they are told.
import { z } from "zod";
import { paperPath } from "../../render/citations.ts";
import { type CommunityParts, mustBeSomebody, mustWrite, own, Refusal, refererPath } from "../community.ts";
import { line, ownPath, readForm } from "../forms.ts";
import { noticesPage } from "../pages/notices.ts";
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
    return own(c, noticesPage(frameOf(c), await noticesOf(db, id), await subscriptionsOf(db, id)));
  });
  app.post("/notices/read", async (c) => {
    const { id } = mustBeSomebody(c);
    await readForm(c, z.strictObject({}));
    await db.updateTable("users").set({ notices_read_at: new Date() }).where("id", "=", id).execute();
    return c.redirect("/notices", 303);
  });
  app.post("/follow", async (c) => {
    const viewer = await mustWrite(parts, c, { least: "reader", rate: "votes" });
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
