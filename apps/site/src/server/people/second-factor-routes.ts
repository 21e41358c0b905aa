// Routes of the second factor: set up and ended by its owner, asked for between the password and the session.
import { z } from "zod";
import { type CommunityParts, mustBeSomebody, own, Refusal } from "../community.ts";
import { type FormState, ownPath, readForm } from "../forms.ts";
import { secondFactorPage, secondStepPage } from "../pages/second-factor.ts";
import { linkOwner, useLink } from "./accounts.ts";
import { beginSecondFactor, secondFactorOf, turnOff, turnOn, useCode } from "./second-factor.ts";

const code = z.string().trim().min(1, "Type a code.").max(40, "This is no code.");
const codeForm = z.strictObject({ code });
const stepForm = z.strictObject({ token: z.string().max(100), code, next: z.string().max(1000).optional() });
const wrong: FormState = { given: {}, problems: { code: "This is not the code now, or it was used already." } };

export function mountSecondFactor({ app, db, frameOf, sessions, limits, limit }: CommunityParts): void {
  app.get("/account/second", async (c) => {
    const viewer = mustBeSomebody(c);
    const factor = await secondFactorOf(db, viewer.id);
    const view = factor?.since ? { on: true } : { on: false, secret: await beginSecondFactor(db, viewer.id) };
    return own(c, secondFactorPage(frameOf(c), viewer.name, view));
  });
  app.post("/account/second", async (c) => {
    const viewer = mustBeSomebody(c);
    limits.take("signIns", `second ${viewer.id}`);
    const sent = await readForm(c, codeForm);
    const factor = await secondFactorOf(db, viewer.id);
    const isOn = factor?.since != null;
    const again = (form: FormState) => {
      const view = isOn ? { on: true } : { on: false, secret: factor?.secret ?? "" };
      return own(c, secondFactorPage(frameOf(c), viewer.name, view, { form }), 422);
    };
    if (!sent.ok) return again(sent.form);
    if (!(await useCode(db, viewer.id, sent.value.code))) return again(wrong);
    if (isOn) {
      await turnOff(db, viewer.id);
      return c.redirect("/account?done=second", 303);
    }
    const codes = await turnOn(db, viewer.id);
    await sessions.endOthers(viewer.id, viewer.sessionId); // they came by the password alone
    return own(c, secondFactorPage(frameOf(c), viewer.name, { on: true }, { codes }));
  });
  app.post("/sign-in/second", async (c) => {
    limit(c, "signIns");
    const sent = await readForm(c, stepForm);
    const { token = "", next = "/" } = sent.ok ? sent.value : sent.form.given;
    const userId = await linkOwner(db, "second", token);
    if (userId === undefined)
      throw new Refusal(410, "This sign-in has ended", "It took too long: begin again with the password.");
    const again = (form: FormState) => own(c, secondStepPage(frameOf(c), { token, next: ownPath(next), form }), 422);
    if (!sent.ok) return again(sent.form);
    limits.take("signIns", `second ${userId}`);
    if (!(await useCode(db, userId, sent.value.code))) return again(wrong);
    await useLink(db, "second", token);
    await sessions.open(c, userId);
    return c.redirect(ownPath(next), 303);
  });
}
