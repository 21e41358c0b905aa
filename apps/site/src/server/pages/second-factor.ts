// Pages of the second factor.
import { html } from "hono/html";
import { emptyForm, type FormState } from "../forms.ts";
import { field, submit } from "./form.ts";
import { type Frame, type Html, page } from "./layout.ts";

const codeField = (form: FormState): Html =>
  field(form, {
    ...{ name: "code", label: "Code", autocomplete: "one-time-code", most: 40 },
    hint: "Six digits from your app, or a recovery code.",
  });

/** Between the password and the session. */
export function secondStepPage(
  frame: Frame,
  { token, next, form = emptyForm }: { readonly token: string; readonly next: string; readonly form?: FormState },
): Promise<string> {
  return page(
    frame,
    { title: "Sign in: the code", description: "The second step of signing in", path: null },
    html`<div class="narrow"><h1>Sign in: the code</h1>
<form method="post" action="/sign-in/second" class="stack">
<input type="hidden" name="token" value="${token}"><input type="hidden" name="next" value="${next}">
${codeField(form)}
${submit("Sign in")}
</form></div>`,
  );
}

export function secondFactorPage(
  frame: Frame,
  name: string,
  { on, secret = "" }: { readonly on: boolean; readonly secret?: string },
  { form = emptyForm, codes }: { readonly form?: FormState; readonly codes?: readonly string[] } = {},
): Promise<string> {
  const address = `otpauth://totp/Reprise:${encodeURIComponent(name)}?secret=${secret}&issuer=Reprise`;
  return page(
    frame,
    { title: "Second factor", description: "A second factor for your account", path: null },
    html`<div class="narrow"><h1>Second factor</h1>
${
  codes
    ? html`<p class="notice" role="status">It is on. These codes are not shown again; each works once, when your device is lost:</p>
<ul>${codes.map((code) => html`<li><code>${code}</code></li>`)}</ul>`
    : ""
}
${
  on
    ? html`<p>Signing in asks for a code of your app after the password.</p>
<h2>Turn it off</h2>`
    : html`<p>An app on your phone shows a code that changes every half minute; signing in asks for it after the password. Put this key into the app:</p>
<p><code>${secret.replace(/.{4}(?=.)/g, "$& ")}</code></p>
<p>Or open it: <a href="${address}">${name} at Reprise</a>. Then type the code that the app shows.</p>`
}
<form method="post" action="/account/second" class="stack">
${codeField(form)}
${submit(on ? "Turn it off" : "Turn it on")}
</form>
<p><a href="/account">Your account</a></p></div>`,
  );
}
