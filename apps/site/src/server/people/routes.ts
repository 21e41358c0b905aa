// Routes of accounts: sign-up, sign-in, links from mails, one's own account.
import type { Context } from "hono";
import { z } from "zod";
import { type CommunityParts, mustBeSomebody, own, Refusal } from "../community.ts";
import { type FormState, line, ownPath, readForm } from "../forms.ts";
import { follows } from "../notices/store.ts";
import { type AccountForm, accountPage, profilePage } from "../pages/account.ts";
import { messagePage } from "../pages/message.ts";
import { forgottenPage, pressPage, resetPage, shortestPassword, signInPage, signUpPage } from "../pages/people.ts";
import {
  audit,
  confirmEmail,
  createAccount,
  findAccount,
  hasAdmin,
  linkWorks,
  makeLink,
  nameSince,
  post,
  readSettings,
  renameAccount,
  sendResets,
  setPassword,
  useLink,
} from "./accounts.ts";
import { deleteAccount } from "./deletion.ts";
import { exportAccount, zipOfSummaries } from "./export.ts";
import { ownOthers, summariesOf, votedFor } from "./profile.ts";
import { viewerOf } from "./sessions.ts";

const name = z
  .string()
  .trim()
  .regex(
    /^[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])$/,
    "A name has 2 to 30 small letters, digits and hyphens; none at its ends.",
  );
const email = z.email("This is no e-mail address.").max(254, "This address is longer than any can be.");
const password = z
  .string()
  .min(shortestPassword, `The password has fewer than ${shortestPassword} characters.`)
  .max(200, "The password has more than 200 characters.")
  .refine((text) => new Set(text).size > 4, "The password has fewer than five different characters.");
const typed = z.string().max(200);
const token = z.string().max(100);

const signUpForm = z.strictObject({ name, email, password, claim: token.optional(), invite: token.optional() });
const signInForm = z.strictObject({ login: typed.trim(), password: typed, next: z.string().max(1000).optional() });
const emailForm = z.strictObject({ email });
const tokenForm = z.strictObject({ token });
const resetForm = z.strictObject({ token, password });
const passwordForm = z.strictObject({ current: typed, password });
const renameForm = z.strictObject({ name });
const profileForm = z.strictObject({
  displayName: line(60, "The name"),
  about: z.string().trim().max(1000, "This has more than 1,000 characters."),
});
const sessionForm = z.strictObject({ session: z.union([z.literal("others"), z.coerce.number().int().positive()]) });
const deleteForm = z.strictObject({ "current-password": typed });

export function mountPeople(parts: CommunityParts): void {
  const { app, db, passwords, sessions, limits, frameOf, originOf, limit, missing, pages } = parts;
  const again = (problem: string, given: Record<string, string> = {}): FormState => ({
    given,
    problems: { "": problem },
  });
  const gone = () => new Refusal(410, "This link has ended", "It was used already, or it is too old. Ask for another.");

  app.get("/sign-up", async (c) => {
    const { signUp } = await readSettings(db);
    return own(c, signUpPage(frameOf(c), signUp, { invite: c.req.query("invite") }));
  });
  app.get("/claim", async (c) => {
    const claim = c.req.query("token") ?? "";
    if (!(await linkWorks(db, "claim", claim)) || (await hasAdmin(db))) throw gone();
    return own(c, signUpPage(frameOf(c), "open", { claim }));
  });
  app.post("/sign-up", async (c) => {
    limit(c, "signUps");
    const sent = await readForm(c, signUpForm);
    const { signUp } = await readSettings(db);
    if (!sent.ok) {
      const { claim, invite } = sent.form.given;
      return own(c, signUpPage(frameOf(c), signUp, { form: sent.form, claim, invite }), 422);
    }
    const { claim, invite, ...account } = sent.value;
    const id = await db
      .transaction()
      .execute(async (trx) => {
        if (claim && (!(await useLink(trx, "claim", claim)) || (await hasAdmin(trx)))) throw gone();
        if (!claim && invite && !(await useLink(trx, "invite", invite))) throw gone();
        if (!claim && signUp !== "open" && !(signUp === "invited" && invite))
          throw new Refusal(403, "Not possible", "This site takes no new accounts without an invitation.");
        const made = await createAccount(trx, passwords, account);
        if (made === undefined) throw new NameTaken();
        if (claim) {
          await trx.updateTable("users").set({ role: "admin" }).where("id", "=", made).execute();
          await audit(trx, { actorId: made, action: "became", subject: "administrator" });
        }
        return made;
      })
      .catch((error: unknown) => {
        if (error instanceof NameTaken) return undefined;
        throw error;
      });
    if (id === undefined) {
      const form = {
        given: { ...account, password: "" },
        problems: { name: "Somebody has this name already: choose another." },
      };
      return own(c, signUpPage(frameOf(c), signUp, { form, claim, invite }), 422);
    }
    await sendConfirmation(c, id, account.email);
    await sessions.open(c, id);
    return c.redirect("/account?done=joined", 303);
  });

  async function sendConfirmation(c: Context, userId: number, address: string): Promise<void> {
    const link = await makeLink(db, "confirm", { userId, email: address });
    await post(db, {
      recipient: address,
      subject: "Confirm your address for Reprise",
      body: `Somebody has given this address for an account at ${originOf(c)}.\nIf it was you, open this link within three days:\n\n${originOf(c)}/confirm?token=${link}\n\nElse do nothing.\n`,
    });
  }

  app.get("/sign-in", async (c) => {
    const next = ownPath(c.req.query("next"));
    if (viewerOf(c)) return c.redirect(next, 303);
    const notice = c.req.query("next") ? "Sign in first, then you come back to where you were." : undefined;
    return own(c, signInPage(frameOf(c), { next, notice }));
  });
  app.post("/sign-in", async (c) => {
    limit(c, "signIns");
    const sent = await readForm(c, signInForm);
    if (!sent.ok) return own(c, signInPage(frameOf(c), { form: sent.form }), 422);
    const { login, password: given, next } = sent.value;
    limits.take("signIns", `login ${login.toLowerCase()}`); // many addresses that try one account
    const found = await findAccount(db, passwords, login, given);
    if (!found) {
      const form = again("There is no account with this name or confirmed address and this password.", { login });
      return own(c, signInPage(frameOf(c), { form, next: ownPath(next) }), 422);
    }
    if (found.banned) throw new Refusal(403, "Account closed", "A moderator has closed this account.");
    await sessions.open(c, found.id);
    return c.redirect(ownPath(next), 303);
  });
  app.post("/sign-out", async (c) => {
    await sessions.close(c);
    return c.redirect("/", 303);
  });

  app.get("/confirm", async (c) => {
    const link = c.req.query("token") ?? "";
    if (!(await linkWorks(db, "confirm", link))) throw gone();
    return own(
      c,
      pressPage(frameOf(c), {
        ...{ title: "Confirm your address", text: "Press the button, and the address is your account's." },
        ...{ action: "/confirm", token: link, button: "Confirm" },
      }),
    );
  });
  app.post("/confirm", async (c) => {
    const sent = await readForm(c, tokenForm);
    const used = sent.ok ? await useLink(db, "confirm", sent.value.token) : undefined;
    if (!used?.userId || !used.email || !(await confirmEmail(db, used.userId, used.email))) throw gone();
    return own(c, messagePage(frameOf(c), "Confirmed", "The address is your account's: you can sign in with it."));
  });

  app.get("/forgotten", (c) => own(c, forgottenPage(frameOf(c))));
  app.post("/forgotten", async (c) => {
    limit(c, "mails");
    const sent = await readForm(c, emailForm);
    if (!sent.ok) return own(c, forgottenPage(frameOf(c), sent.form), 422);
    const address = sent.value.email;
    limits.take("mails", `mail ${address.toLowerCase()}`);
    await sendResets(db, address, originOf(c));
    // The same answer, after the same work, whether there is an account or not.
    return own(
      c,
      messagePage(frameOf(c), "Look into your mail", "If an account has this address, a link is on its way to it."),
    );
  });
  app.get("/reset", async (c) => {
    const link = c.req.query("token") ?? "";
    if (!(await linkWorks(db, "reset", link))) throw gone();
    return own(c, resetPage(frameOf(c), link));
  });
  app.post("/reset", async (c) => {
    const sent = await readForm(c, resetForm);
    if (!sent.ok) return own(c, resetPage(frameOf(c), sent.form.given.token ?? "", sent.form), 422);
    const used = await useLink(db, "reset", sent.value.token);
    if (!used?.userId) throw gone();
    await setPassword(db, passwords, used.userId, sent.value.password);
    if (used.email) await confirmEmail(db, used.userId, used.email); // whoever opened the link reads its mail
    await sessions.endOthers(used.userId);
    return own(c, signInPage(frameOf(c), { notice: "The new password is set: sign in with it." }));
  });

  const account = async (
    c: Context,
    more: { done?: string | undefined; wrong?: { which: AccountForm; form: FormState } } = {},
  ) => {
    const viewer = mustBeSomebody(c);
    const row = await db
      .selectFrom("users")
      .select(["display_name as displayName", "about", "email", "email_verified_at"])
      .where("id", "=", viewer.id)
      .executeTakeFirstOrThrow();
    const view = { ...row, emailConfirmed: row.email_verified_at !== null, sessions: await sessions.list(viewer.id) };
    const notice = done[more.done ?? ""];
    return own(
      c,
      accountPage(frameOf(c), viewer, view, { notice, ...(more.wrong ? { wrong: more.wrong } : {}) }),
      more.wrong ? 422 : 200,
    );
  };
  app.get("/user", async (c) => {
    const asked = (c.req.query("name") ?? "").slice(0, 60).toWellFormed().replace(/\0/g, "");
    const profile = await db
      .selectFrom("users")
      .select(["id", "name", "display_name as displayName", "about", "created_at as joinedAt"])
      .where("name", "=", asked)
      .where("deleted_at", "is", null)
      .executeTakeFirst();
    if (!profile) {
      const now = await nameSince(db, asked);
      if (now) return c.redirect(`/user?name=${encodeURIComponent(now)}`, 302);
      return missing(c, "There is nobody of this name.");
    }
    const lists =
      viewerOf(c)?.id === profile.id
        ? {
            "Only you see these": await ownOthers(db, profile.id),
            "You voted for": await votedFor(db, profile.id, 1),
            "You voted against": await votedFor(db, profile.id, -1),
          }
        : {};
    const viewer = viewerOf(c);
    const isFollowed =
      viewer && viewer.id !== profile.id
        ? await follows(db, viewer.id, { kind: "person", key: profile.name })
        : undefined;
    const written = { Summaries: await summariesOf(db, profile.id), ...lists };
    return own(c, profilePage(frameOf(c), profile, written, isFollowed));
  });

  app.get("/account", (c) => account(c, { done: c.req.query("done") }));
  app.post("/account/profile", async (c) => {
    const viewer = mustBeSomebody(c);
    const sent = await readForm(c, profileForm);
    if (!sent.ok) return account(c, { wrong: { which: "profile", form: sent.form } });
    const { displayName, about } = sent.value;
    await db.updateTable("users").set({ display_name: displayName, about }).where("id", "=", viewer.id).execute();
    pages.clear();
    return c.redirect("/account?done=profile", 303);
  });
  app.post("/account/name", async (c) => {
    const viewer = mustBeSomebody(c);
    limits.take("posts", `name ${viewer.id}`);
    const sent = await readForm(c, renameForm);
    const wrong = (form: FormState) => account(c, { wrong: { which: "name", form } });
    if (!sent.ok) return wrong(sent.form);
    if (!(await renameAccount(db, viewer.id, sent.value.name)))
      return wrong({ given: sent.value, problems: { name: "Somebody has or had this name: choose another." } });
    pages.clear();
    return c.redirect("/account?done=name", 303);
  });
  app.post("/account/email", async (c) => {
    const viewer = mustBeSomebody(c);
    const sent = await readForm(c, emailForm);
    if (!sent.ok) return account(c, { wrong: { which: "email", form: sent.form } });
    limits.take("mails", `account ${viewer.id}`);
    await sendConfirmation(c, viewer.id, sent.value.email);
    return c.redirect("/account?done=email", 303);
  });
  app.post("/account/password", async (c) => {
    const viewer = mustBeSomebody(c);
    limits.take("signIns", `login ${viewer.name}`);
    const sent = await readForm(c, passwordForm);
    const wrong = (form: FormState) => account(c, { wrong: { which: "password", form } });
    if (!sent.ok) return wrong(sent.form);
    const found = await findAccount(db, passwords, viewer.name, sent.value.current);
    if (found?.id !== viewer.id) return wrong(again("The password now is another."));
    await setPassword(db, passwords, viewer.id, sent.value.password);
    await sessions.endOthers(viewer.id, viewer.sessionId);
    await sessions.open(c, viewer.id);
    return c.redirect("/account?done=password", 303);
  });
  app.post("/account/sessions", async (c) => {
    const viewer = mustBeSomebody(c);
    const sent = await readForm(c, sessionForm);
    if (!sent.ok) throw new Refusal(400, "Not understood", "The form names no session.");
    if (sent.value.session === "others") await sessions.endOthers(viewer.id, viewer.sessionId);
    else await sessions.end(viewer.id, sent.value.session);
    return c.redirect("/account?done=sessions", 303);
  });
  app.get("/account/export", async (c) => {
    const viewer = mustBeSomebody(c);
    limits.take("mails", `export ${viewer.id}`);
    return c.json(await exportAccount(db, viewer.id), 200, {
      "Cache-Control": "private, no-store",
      "Content-Disposition": 'attachment; filename="reprise-account.json"',
    });
  });
  app.get("/account/summaries.zip", async (c) => {
    const viewer = mustBeSomebody(c);
    limits.take("mails", `export ${viewer.id}`);
    return c.body(await zipOfSummaries(db, viewer.id), 200, {
      "Content-Type": "application/zip",
      "Cache-Control": "private, no-store",
      "Content-Disposition": 'attachment; filename="summaries.zip"',
    });
  });
  app.post("/account/delete", async (c) => {
    const viewer = mustBeSomebody(c);
    limits.take("signIns", `login ${viewer.name}`);
    const sent = await readForm(c, deleteForm);
    if (!sent.ok) return account(c, { wrong: { which: "delete", form: sent.form } });
    const found = await findAccount(db, passwords, viewer.name, sent.value["current-password"]);
    if (found?.id !== viewer.id)
      return account(c, { wrong: { which: "delete", form: again("This is not the password.") } });
    await deleteAccount(db, viewer.id);
    await sessions.close(c);
    pages.clear();
    return own(c, messagePage(frameOf(c), "Deleted", "Your account and what you wrote are gone."));
  });
}

const done: Readonly<Record<string, string>> = {
  joined: "Welcome. We have sent a link to your address: open it, and you can sign in with the address, too.",
  profile: "The profile is saved.",
  name: "The name is changed. Links to the old one lead to you, and nobody else can take it.",
  email: "A link is on its way to the address.",
  password: "The password is changed; your other sessions have ended.",
  sessions: "Done.",
};

class NameTaken extends Error {}
