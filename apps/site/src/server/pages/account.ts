// A person's own page of their account, and the one that others see.
import { html } from "hono/html";
import { paperPath } from "../../render/citations.ts";
import { emptyForm, type FormState } from "../forms.ts";
import type { WrittenSummary } from "../people/profile.ts";
import type { SessionView, Viewer } from "../people/sessions.ts";
import { dayOf } from "./day.ts";
import { field, formProblem, submit, textField } from "./form.ts";
import { type Frame, type Html, page } from "./layout.ts";
import { followButton } from "./notices.ts";

export interface AccountView {
  readonly displayName: string;
  readonly about: string;
  readonly email: string | null;
  readonly emailConfirmed: boolean;
  readonly sessions: readonly SessionView[];
}

/** Which of the page's forms is shown again with problems. */
export type AccountForm = "profile" | "name" | "email" | "password" | "delete";

export function accountPage(
  frame: Frame,
  viewer: Viewer,
  account: AccountView,
  {
    notice,
    wrong,
  }: {
    readonly notice?: string | undefined;
    readonly wrong?: { readonly which: AccountForm; readonly form: FormState };
  } = {},
): Promise<string> {
  const formOf = (which: AccountForm) => (wrong?.which === which ? wrong.form : emptyForm);
  return page(
    frame,
    { title: "Your account", description: "Your account", path: null },
    html`<div class="narrow"><h1>Your account</h1>
${notice ? html`<p class="notice" role="status">${notice}</p>` : ""}
<p>You are <a href="/user?name=${viewer.name}">${viewer.name}</a>${viewer.role === "author" ? "" : html` (${viewer.role})`}.</p>
<form method="post" action="/sign-out"><p class="actions"><button type="submit">Sign out</button></p></form>
<h2>Profile</h2>
<form method="post" action="/account/profile" class="stack">
${formProblem(formOf("profile"))}
${field(formOf("profile"), { name: "displayName", label: "Name shown with what you write", value: account.displayName, most: 60, autocomplete: "name" })}
${textField(formOf("profile"), { name: "about", label: "About you", value: account.about, rows: 4, most: 1000, optional: true })}
${submit("Save the profile")}
</form>
<h2>Name</h2>
<form method="post" action="/account/name" class="stack">
${field(formOf("name"), { name: "name", label: "Name to sign in with", value: viewer.name, most: 30, autocomplete: "username", hint: "Also in the address of your page. Links to the old name go on, and everybody who opens one sees the new name." })}
${submit("Change the name")}
</form>
<h2>E-mail address</h2>
<p>${account.email ?? "None"}${account.email && !account.emailConfirmed ? " — not confirmed yet" : ""}</p>
<form method="post" action="/account/email" class="stack">
${field(formOf("email"), { name: "email", label: "Another address", type: "email", autocomplete: "email", hint: "We send it a link; the address is yours once you have opened it." })}
${submit("Send the link")}
</form>
<h2>Password</h2>
<form method="post" action="/account/password" class="stack">
${formProblem(formOf("password"))}
${field(formOf("password"), { name: "current", label: "Password now", type: "password", autocomplete: "current-password" })}
${field(formOf("password"), { name: "password", label: "New password", type: "password", autocomplete: "new-password", hint: "Your other sessions end." })}
${submit("Change the password")}
</form>
<h2>Where you are signed in</h2>
<ul class="rows">
${account.sessions.map((session) => sessionRow(session, session.id === viewer.sessionId))}
</ul>
<form method="post" action="/account/sessions"><input type="hidden" name="session" value="others">
<p class="actions"><button type="submit">End all others</button></p></form>
<p><a href="/notices">Notices, and what you follow</a></p>
<p><a href="/account/tokens">Tokens for programs</a></p>
<h2>Your data</h2>
<p><a href="/account/export" download>Download everything that you wrote</a>, as JSON; <a href="/account/summaries.zip" download>your summaries</a>, as Markdown.</p>
<details><summary>Delete the account</summary>
<form method="post" action="/account/delete" class="stack">
${formProblem(formOf("delete"))}
<p>Your summaries, comments, votes and drafts go with it; nobody can bring them back.</p>
${field(formOf("delete"), { name: "current-password", label: "Password", type: "password", autocomplete: "current-password" })}
${submit("Delete the account")}
</form></details></div>`,
  );
}

function sessionRow({ id, agent, createdAt, seenAt }: SessionView, own: boolean): Html {
  return html`<li><span>${agent}${own ? html` <strong>(this one)</strong>` : ""} <span class="soft">since ${dayOf(createdAt)}, last seen ${dayOf(seenAt)}</span></span>
${own ? "" : html`<form method="post" action="/account/sessions"><input type="hidden" name="session" value="${id}"><button class="quiet" type="submit" aria-label="End the session of ${agent}">End</button></form>`}</li>
`;
}

/** What others see of a person. */
export interface ProfileView {
  readonly name: string;
  readonly displayName: string;
  readonly about: string;
  readonly joinedAt: Date;
}

/** Lists of summaries, each under its heading; those without any are not shown. */
export type ProfileLists = Readonly<Record<string, readonly WrittenSummary[]>>;

export function profilePage(
  frame: Frame,
  profile: ProfileView,
  lists: ProfileLists,
  isFollowed?: boolean,
): Promise<string> {
  return page(
    frame,
    {
      title: profile.displayName,
      description: `What ${profile.displayName} wrote on Reprise.`,
      path: `/user?name=${encodeURIComponent(profile.name)}`,
      feed: { title: `Summaries by ${profile.displayName}`, only: ["user", profile.name] },
    },
    html`<header class="paper-head"><h1>${profile.displayName}</h1>
<p class="byline">${profile.name} · here since ${dayOf(profile.joinedAt).slice(0, 7)}</p>
${profile.about ? html`<p class="about">${profile.about}</p>` : ""}
${isFollowed === undefined ? "" : followButton({ kind: "person", key: profile.name }, isFollowed, `${isFollowed ? "Unfollow" : "Follow"} ${profile.name}`)}</header>
${Object.entries(lists).map(([heading, summaries]) =>
  summaries.length === 0
    ? ""
    : html`<h2>${heading}</h2><ul class="rows">${summaries.map(
        ({ bibtexKey, title, ref, score }) =>
          html`<li><a href="${paperPath(bibtexKey)}#s-${ref}">${title}</a> <span class="soft">${score}</span></li>
`,
      )}</ul>`,
)}
${Object.values(lists).every((list) => list.length === 0) ? html`<p>Nothing yet.</p>` : ""}`,
  );
}
