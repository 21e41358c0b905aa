// The moderators' queue.
import { html, raw } from "hono/html";
import { paperPath } from "../../render/citations.ts";
import { adminFrame } from "./admin.ts";
import { hideForm } from "./discussion.ts";
import type { Frame, Html } from "./layout.ts";

export interface QueueItem {
  readonly kind: "summary" | "comment";
  readonly ref: string;
  readonly html: string;
  readonly title: string;
  readonly bibtexKey: string;
  readonly held: boolean;
  readonly hidden: boolean;
  /** Null for those who do not say who they are, to moderators neither. */
  readonly author: string | null;
  readonly reports: readonly string[];
}

export function queuePage(frame: Frame, items: readonly QueueItem[]): Promise<string> {
  const open = items.filter(({ hidden, reports }) => !hidden || reports.length > 0);
  const hidden = items.filter((item) => !open.includes(item));
  return adminFrame(
    frame,
    "Queue",
    html`${open.length === 0 ? html`<p>Nothing waits.</p>` : ""}
${open.map(itemBlock)}
${hidden.length > 0 ? html`<h2>Hidden</h2>${hidden.map(itemBlock)}` : ""}`,
  );
}

function itemBlock({ kind, ref, html: text, title, bibtexKey, held, hidden, author, reports }: QueueItem): Html {
  return html`<article class="queued" aria-label="${kind} on ${title}"><p class="byline">A ${kind} ${author === null ? "by somebody who does not say who" : html`by <a href="/user?name=${author}">${author}</a>`} on <a href="${paperPath(bibtexKey)}">${title}</a></p>
<div class="text">${raw(text)}</div>
${reports.length > 0 ? html`<p class="problem">Reported:</p><ul>${reports.map((reason) => html`<li>${reason}</li>`)}</ul>` : ""}
<div class="inline">${
    hidden
      ? html`<form method="post" action="/moderate/hide"><input type="hidden" name="kind" value="${kind}"><input type="hidden" name="ref" value="${ref}"><input type="hidden" name="hide" value="no"><button class="quiet" type="submit">Show again</button></form>`
      : html`<form method="post" action="/moderate/approve"><input type="hidden" name="kind" value="${kind}"><input type="hidden" name="ref" value="${ref}"><button class="quiet" type="submit">${held ? "Approve" : "It is fine"}</button></form>
${hideForm(kind, ref)}`
  }</div></article>`;
}
