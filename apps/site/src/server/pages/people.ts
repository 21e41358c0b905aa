// Pages for becoming and being somebody: sign-up, sign-in, forgotten passwords, links from mails.
import { html } from "hono/html";
import { emptyForm, type FormState } from "../forms.ts";
import type { SignUpMode } from "../people/accounts.ts";
import { field, formProblem, submit } from "./form.ts";
import { type Frame, type Html, page } from "./layout.ts";

export const shortestPassword = 10;

const newPassword = (form: FormState, label = "Password") =>
  field(form, {
    name: "password",
    label,
    type: "password",
    autocomplete: "new-password",
    hint: `At least ${shortestPassword} characters; several words make a good one.`,
  });

function narrow(frame: Frame, title: string, content: Html): Promise<string> {
  return page(
    frame,
    { title, description: title, path: null },
    html`<div class="narrow"><h1>${title}</h1>${content}</div>`,
  );
}

export function signUpPage(
  frame: Frame,
  mode: SignUpMode,
  {
    form = emptyForm,
    claim,
    invite,
  }: { readonly form?: FormState; readonly claim?: string | undefined; readonly invite?: string | undefined } = {},
): Promise<string> {
  if (!claim && mode === "closed")
    return narrow(frame, "Sign up", html`<p>This site takes no new accounts at present.</p>`);
  if (!claim && !invite && mode === "invited")
    return narrow(
      frame,
      "Sign up",
      html`<p>New accounts are made by invitation here: ask an administrator for a link.</p>`,
    );
  return narrow(
    frame,
    claim ? "Become the administrator" : "Sign up",
    html`${claim ? html`<p>The first account runs the site: it sets who may sign up, and who moderates.</p>` : ""}
<form method="post" action="/sign-up" class="stack">
${formProblem(form)}
${claim ? html`<input type="hidden" name="claim" value="${claim}">` : ""}${invite ? html`<input type="hidden" name="invite" value="${invite}">` : ""}
${field(form, { name: "name", label: "Name", autocomplete: "username", most: 30, hint: "Small letters, digits and hyphens; everybody sees it." })}
${field(form, { name: "email", label: "E-mail address", type: "email", autocomplete: "email", hint: "Shown to nobody. It is needed when you forget your password." })}
${newPassword(form)}
${submit(claim ? "Make the account" : "Sign up")}
</form>
${claim ? "" : html`<p>Have an account? <a href="/sign-in">Sign in</a>.</p>`}`,
  );
}

export function signInPage(
  frame: Frame,
  {
    form = emptyForm,
    next = "/",
    notice,
  }: { readonly form?: FormState; readonly next?: string; readonly notice?: string | undefined } = {},
): Promise<string> {
  return narrow(
    frame,
    "Sign in",
    html`${notice ? html`<p class="notice">${notice}</p>` : ""}
<form method="post" action="/sign-in" class="stack">
${formProblem(form)}
<input type="hidden" name="next" value="${next}">
${field(form, { name: "login", label: "Name or e-mail address", autocomplete: "username" })}
${field(form, { name: "password", label: "Password", type: "password", autocomplete: "current-password" })}
${submit("Sign in")}
</form>
<p><a href="/forgotten">Forgotten the password?</a> · <a href="/sign-up">Sign up</a></p>`,
  );
}

export function forgottenPage(frame: Frame, form: FormState = emptyForm): Promise<string> {
  return narrow(
    frame,
    "A new password",
    html`<p>We send a link to the address of your account; with it you set a new password.</p>
<form method="post" action="/forgotten" class="stack">
${field(form, { name: "email", label: "E-mail address", type: "email", autocomplete: "email" })}
${submit("Send the link")}
</form>`,
  );
}

export function resetPage(frame: Frame, token: string, form: FormState = emptyForm): Promise<string> {
  return narrow(
    frame,
    "A new password",
    html`<form method="post" action="/reset" class="stack">
${formProblem(form)}
<input type="hidden" name="token" value="${token}">
${newPassword(form, "New password")}
${submit("Set the password")}
</form>`,
  );
}

/** A link from a mail is opened by programs, too: it does nothing until its button is pressed. */
export function pressPage(
  frame: Frame,
  {
    title,
    text,
    action,
    token,
    button,
  }: {
    readonly title: string;
    readonly text: string;
    readonly action: string;
    readonly token: string;
    readonly button: string;
  },
): Promise<string> {
  return narrow(
    frame,
    title,
    html`<p>${text}</p>
<form method="post" action="${action}" class="stack">
<input type="hidden" name="token" value="${token}">
${submit(button)}
</form>`,
  );
}
