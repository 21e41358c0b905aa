// Routes of tokens for programs: made, listed and revoked by their owner; `/api/me` tells a program whose it has.
import { z } from "zod";
import { type CommunityParts, mustBeSomebody, own, Refusal } from "../community.ts";
import { emptyForm, type FormState, line, readForm } from "../forms.ts";
import { apiTokensPage } from "../pages/api-tokens.ts";
import { apiTokensOf, makeApiToken, revokeApiToken, scopes, tokenOf } from "./api-tokens.ts";

const yes = z.literal("yes").optional();
const makeForm = z.strictObject({ name: line(60, "The name"), read: yes, write: yes, vote: yes });
const revokeForm = z.strictObject({
  token: z.coerce
    .number()
    .int()
    .positive()
    .max(2 ** 31 - 1),
});
const most = 20; // tokens of one person

export function mountApiTokens({ app, db, frameOf, limits, limit }: CommunityParts): void {
  app.get("/account/tokens", async (c) => {
    const { id } = mustBeSomebody(c);
    return own(c, apiTokensPage(frameOf(c), await apiTokensOf(db, id), { form: emptyForm }));
  });
  app.post("/account/tokens", async (c) => {
    const { id } = mustBeSomebody(c);
    limits.take("posts", `tokens ${id}`);
    const sent = await readForm(c, makeForm);
    const there = await apiTokensOf(db, id);
    const again = (form: FormState) => own(c, apiTokensPage(frameOf(c), there, { form }), 422);
    if (!sent.ok) return again(sent.form);
    const { name, ...chosen } = sent.value;
    const allowed = scopes.filter((scope) => chosen[scope] === "yes");
    const problem =
      allowed.length === 0
        ? "Choose what the token may do."
        : there.length >= most
          ? `You have ${most} tokens already: revoke one first.`
          : undefined;
    if (problem) return again({ given: { name }, problems: { "": problem } });
    const made = await makeApiToken(db, id, { name, scopes: allowed });
    return own(c, apiTokensPage(frameOf(c), await apiTokensOf(db, id), { form: emptyForm, made }));
  });
  app.post("/account/tokens/revoke", async (c) => {
    const { id } = mustBeSomebody(c);
    const sent = await readForm(c, revokeForm);
    if (!sent.ok) throw new Refusal(400, "Not understood", "The form names no token.");
    await revokeApiToken(db, id, sent.value.token);
    return c.redirect("/account/tokens", 303);
  });
  app.get("/api/me", async (c) => {
    limit(c, "lookups");
    const holder = await tokenOf(db, c);
    const headers = { "Cache-Control": "private, no-store" };
    if (!holder)
      return c.json({ error: "The request carries no token that works: send Authorization: Bearer TOKEN." }, 401, {
        ...headers,
        "WWW-Authenticate": 'Bearer realm="reprise"',
      });
    if (!holder.scopes.includes("read"))
      return c.json({ error: 'This token may not do this: it lacks the scope "read".' }, 403, headers);
    const { name, displayName, role, scopes: allowed } = holder;
    return c.json({ name, displayName, role, scopes: allowed }, 200, headers);
  });
}
