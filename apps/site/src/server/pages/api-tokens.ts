// The page of a person's tokens for programs.
import { html } from "hono/html";
import type { FormState } from "../forms.ts";
import type { ApiTokenView } from "../people/api-tokens.ts";
import { dayOf } from "./day.ts";
import { checkbox, field, formProblem, submit } from "./form.ts";
import { type Frame, page } from "./layout.ts";

export function apiTokensPage(
  frame: Frame,
  tokens: readonly ApiTokenView[],
  { form, made }: { readonly form: FormState; readonly made?: string },
): Promise<string> {
  return page(
    frame,
    { title: "API tokens", description: "Your API tokens", path: null },
    html`<div class="narrow"><h1>API tokens</h1>
<p>With a token a program acts for you. It can neither change your account nor moderate.</p>
${made ? html`<p class="notice" role="status">This is the token; it is not shown again: <code>${made}</code></p>` : ""}
${tokens.length === 0 ? html`<p>You have none.</p>` : ""}
<ul class="rows">${tokens.map(
      ({
        id,
        name,
        scopes,
        usedOn,
        expiresAt,
      }) => html`<li><span>${name} <span class="soft">${scopes.join(", ")}; ends ${dayOf(expiresAt)}, ${usedOn ? `last used ${usedOn}` : "not used yet"}</span></span>
<form method="post" action="/account/tokens/revoke"><input type="hidden" name="token" value="${id}"><button class="quiet" type="submit" aria-label="Revoke ${name}">Revoke</button></form></li>
`,
    )}</ul>
<h2>A new token</h2>
<form method="post" action="/account/tokens" class="stack">
${formProblem(form)}
${field(form, { name: "name", label: "What it is for", most: 60, hint: "It ends after a year." })}
${checkbox(form, { name: "read", label: "Read what you may read", checked: true })}
${checkbox(form, { name: "write", label: "Write summaries and comments" })}
${checkbox(form, { name: "vote", label: "Vote" })}
${submit("Make the token")}
</form>
<p><a href="/account">Your account</a></p></div>`,
  );
}
