// A person's page of what there is to tell them, and of what they follow.
import { html } from "hono/html";
import { paperPath } from "../../render/citations.ts";
import { emptyForm } from "../forms.ts";
import type { Notice, Subscription } from "../notices/store.ts";
import { dayOf } from "./day.ts";
import { field, selectField, submit } from "./form.ts";
import { type Frame, type Html, page } from "./layout.ts";

/** A button that begins or ends following something. */
export function followButton({ kind, key }: Subscription, isFollowed: boolean, label: string): Html {
  return html`<form method="post" action="/follow" class="inline"><input type="hidden" name="kind" value="${kind}"><input type="hidden" name="key" value="${key}"><input type="hidden" name="follow" value="${isFollowed ? "no" : "yes"}"><button class="quiet" type="submit">${label}</button></form>`;
}

const reasons = {
  mention: "names you in",
  answer: "answers you in",
  comment: "wrote under your summary",
  followed: "wrote",
} as const;

export function noticesPage(
  frame: Frame,
  notices: readonly Notice[],
  subscriptions: readonly Subscription[],
): Promise<string> {
  const unread = notices.filter((notice) => notice.unread).length;
  return page(
    frame,
    { title: "Notices", description: "Your notices", path: null },
    html`<div class="narrow"><h1>Notices</h1>
<p role="status">${unread === 0 ? "Nothing new." : `${unread} new.`}</p>
<ul class="rows">${notices.map(
      ({ kind, ref, bibtexKey, title, author, why, at, unread: isNew }) =>
        html`<li><span>${isNew ? html`<strong>New:</strong> ` : ""}${author ?? "Somebody who does not say who"} ${reasons[why]} <a href="${paperPath(bibtexKey)}#${kind === "summary" ? "s" : "c"}-${ref}">a ${kind} on ${title}</a> <span class="soft">${dayOf(at)}</span></span></li>
`,
    )}</ul>
${unread > 0 ? html`<form method="post" action="/notices/read"><p class="actions"><button type="submit">Mark all as read</button></p></form>` : ""}
<h2>What you follow</h2>
${subscriptions.length === 0 ? html`<p>Nothing yet. Papers and people are followed from their pages.</p>` : ""}
<ul class="rows">${subscriptions.map(
      (subscription) => html`<li><span>${subscription.key} <span class="soft">${subscription.kind}</span></span>
${followButton(subscription, true, `Unfollow ${subscription.key}`)}</li>
`,
    )}</ul>
<form method="post" action="/follow" class="stack"><input type="hidden" name="follow" value="yes">
${selectField(emptyForm, { name: "kind", label: "Follow", value: "author", options: { author: "an author", tag: "a tag" } })}
${field(emptyForm, { name: "key", label: "Name", most: 300, hint: "As it stands on the papers' pages." })}
${submit("Follow")}
</form></div>`,
  );
}
