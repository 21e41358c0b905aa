// Pages of the people who run the site.
import { html } from "hono/html";
import { roles } from "../database/schema.ts";
import { emptyForm } from "../forms.ts";
import type { Settings } from "../people/accounts.ts";
import { dayOf } from "./day.ts";
import { checkbox, selectField, submit } from "./form.ts";
import { type Frame, type Html, page } from "./layout.ts";

export function adminFrame(frame: Frame, title: string, content: Html): Promise<string> {
  return page(
    frame,
    { title, description: title, path: null },
    html`<h1>${title}</h1>
<nav class="sub" aria-label="Administration">${[
      ["/moderate", "Queue"],
      ["/admin", "Settings"],
      ["/admin/people", "People"],
      ["/admin/outbox", "Outbox"],
      ["/admin/log", "Log"],
    ].map(([path, label]) => html`<a href="${path}">${label}</a> `)}</nav>
${content}`,
  );
}

export function settingsPage(
  frame: Frame,
  settings: Settings,
  { invite, saved = false }: { readonly invite?: string; readonly saved?: boolean } = {},
): Promise<string> {
  return adminFrame(
    frame,
    "Settings",
    html`${saved ? html`<p class="notice" role="status">Saved.</p>` : ""}
<form method="post" action="/admin" class="stack narrow">
${selectField(emptyForm, { name: "signUp", label: "Who may sign up", value: settings.signUp, options: { open: "Everybody", invited: "Whoever has a link", closed: "Nobody" } })}
${checkbox(emptyForm, { name: "holdFirst", label: "What new people write first, and what has links, waits for a moderator", checked: settings.holdFirst })}
${checkbox(emptyForm, { name: "readOnly", label: "Only administrators write at present", checked: settings.readOnly })}
${submit("Save")}
</form>
<h2>Invitations</h2>
${invite ? html`<p class="notice" role="status">This link makes one account, within 14 days: <code>${invite}</code></p>` : ""}
<form method="post" action="/admin/invite"><p class="actions"><button type="submit">Make a link</button></p></form>`,
  );
}

export interface MailView {
  readonly recipient: string;
  readonly subject: string;
  readonly body: string;
  readonly created_at: Date;
  readonly sent_at: Date | null;
  readonly refused_at: Date | null;
}

export function outboxPage(frame: Frame, mails: readonly MailView[], sends: boolean): Promise<string> {
  return adminFrame(
    frame,
    "Outbox",
    html`<p>${sends ? "Mails go out through the configured server; those that wait are tried again." : "No mail server is configured, so nothing is sent: pass on yourself what somebody needs."}</p>
${mails.length === 0 ? html`<p>There is nothing in it.</p>` : ""}
${mails.map(
  ({ recipient, subject, body, created_at, sent_at, refused_at }) => html`<article class="mail"><h2>${subject}</h2>
<p class="byline">to ${recipient}, ${dayOf(created_at)}${sends ? (sent_at ? ", sent" : refused_at ? ", refused" : ", waiting") : ""}</p>
${sends ? "" : html`<pre>${body}</pre>`}</article>`,
)}`,
  );
}

export interface PersonView {
  readonly id: number;
  readonly name: string;
  readonly email: string | null;
  readonly role: string;
  readonly banned: boolean;
}

export function peoplePage(frame: Frame, people: readonly PersonView[], viewerId: number): Promise<string> {
  const options = Object.fromEntries(roles.map((role) => [role, role]));
  return adminFrame(
    frame,
    "People",
    html`<div class="scroll"><table><thead><tr><th scope="col">Name</th><th scope="col">E-mail</th><th scope="col">Role</th><th scope="col">Account</th></tr></thead>
<tbody>${people.map(
      ({
        id,
        name,
        email,
        role,
        banned,
      }) => html`<tr><th scope="row"><a href="/user?name=${name}">${name}</a></th><td>${email ?? ""}</td>
<td>${
        id === viewerId
          ? role
          : html`<form method="post" action="/admin/role" class="inline"><input type="hidden" name="name" value="${name}">
<select name="role" aria-label="Role of ${name}">${Object.keys(options).map((key) => html`<option${key === role ? html` selected` : ""}>${key}</option>`)}</select>
<button class="quiet" type="submit" aria-label="Set the role of ${name}">Set</button></form>`
      }</td>
<td>${
        id === viewerId
          ? ""
          : html`<form method="post" action="/moderate/ban" class="inline"><input type="hidden" name="name" value="${name}"><input type="hidden" name="ban" value="${banned ? "no" : "yes"}">
<button class="quiet" type="submit" aria-label="${banned ? "Let back in" : "Ban"} ${name}">${banned ? "Let back in" : "Ban"}</button></form>`
      }</td></tr>`,
    )}</tbody></table></div>`,
  );
}

export interface LogView {
  readonly actor: string | null;
  readonly action: string;
  readonly subject: string;
  readonly reason: string;
  readonly created_at: Date;
}

export function logPage(frame: Frame, entries: readonly LogView[]): Promise<string> {
  return adminFrame(
    frame,
    "Log",
    html`<p>What people with rights did; nothing is ever taken out of it. The newest stands first.</p>
<div class="scroll"><table><thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">What</th><th scope="col">Reason</th></tr></thead>
<tbody>${entries.map(
      ({ actor, action, subject, reason, created_at }) =>
        html`<tr><td>${created_at.toISOString().slice(0, 16).replace("T", " ")}</td><td>${actor ?? "the console"}</td><td>${action} ${subject}</td><td>${reason}</td></tr>`,
    )}</tbody></table></div>`,
  );
}
