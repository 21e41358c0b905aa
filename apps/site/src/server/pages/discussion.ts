// Votes, comments and reports: what stands below a summary, and the pages on which one writes.
import { html, raw } from "hono/html";
import { paperPath } from "../../render/citations.ts";
import type { FormState } from "../forms.ts";
import type { CommentView, SummaryView } from "../papers.ts";
import { isAtLeast, type Viewer } from "../people/sessions.ts";
import { dayOf } from "./day.ts";
import { field, submit, textField } from "./form.ts";
import { type Frame, type Html, page } from "./layout.ts";

/** What one person sees beyond what all see. */
export interface OwnView {
  readonly viewer: Viewer;
  /** Their votes by the summaries' names. */
  readonly votes: ReadonlyMap<string, number>;
  /** Names of what they wrote themselves on this page. */
  readonly mine: ReadonlySet<string>;
}

/** Up, score, down: three small buttons that work without scripts. */
export function voteButtons({ ref, score }: SummaryView, own: OwnView | undefined): Html {
  const given = own?.votes.get(ref) ?? 0;
  const button = (value: 1 | -1, sign: string, label: string) =>
    html`<button class="quiet" type="submit" name="vote" value="${given === value ? "0" : String(value)}" aria-pressed="${given === value ? "true" : "false"}" aria-label="${label}">${sign}</button>`;
  return html`<form method="post" action="/vote" class="votes"><input type="hidden" name="ref" value="${ref}">
${button(1, "▲", "Vote up")}<span class="score" aria-label="Score">${String(score).replace("-", "−")}</span>${button(-1, "▼", "Vote down")}</form>`;
}

export function discussion(summary: SummaryView, own: OwnView | undefined, locked: boolean): Html {
  const { comments, ref } = summary;
  const children = new Map<string | null, CommentView[]>();
  for (const comment of comments) children.set(comment.parent, [...(children.get(comment.parent) ?? []), comment]);
  const thread = (parent: string | null): Html | "" => {
    const list = children.get(parent);
    if (!list) return "";
    return html`<ol class="comments">${list.map(
      (
        comment,
      ) => html`<li id="c-${comment.ref}">${commentBlock(comment, summary, own, locked)}${thread(comment.ref)}</li>
`,
    )}</ol>`;
  };
  const count = comments.filter(({ html: text }) => text !== null).length;
  return html`<div class="discussion">
${comments.length > 0 ? html`<h3>${count === 1 ? "1 comment" : `${count} comments`}</h3>${thread(null)}` : ""}
${locked ? html`<p class="soft">A moderator has closed this discussion.</p>` : html`<p><a href="/comment?ref=${ref}">Comment</a></p>`}
</div>`;
}

function commentBlock(comment: CommentView, { ref }: SummaryView, own: OwnView | undefined, locked: boolean): Html {
  if (comment.html === null) return html`<p class="soft">A comment was taken away.</p>`;
  const mine = own?.mine.has(comment.ref) ?? false;
  return html`<article aria-label="Comment by ${comment.author ?? "the summary's author"}"><div class="text">${raw(comment.html)}</div>
<p class="by">${nameOf(comment)}, ${dayOf(comment.createdAt)}
${locked ? "" : html` · <a href="/comment?ref=${ref}&amp;parent=${comment.ref}">Answer</a>`} · <a href="/report?kind=comment&amp;ref=${comment.ref}">Report</a></p>
${mine ? html`<form method="post" action="/comment/delete"><input type="hidden" name="comment" value="${comment.ref}"><button class="quiet" type="submit">Delete</button></form>` : ""}
${own && isAtLeast(own.viewer.role, "moderator") ? hideForm("comment", comment.ref) : ""}</article>`;
}

function nameOf({ author, authorName }: CommentView): Html {
  return author === null ? html`The summary's author` : html`<a href="/user?name=${authorName ?? ""}">${author}</a>`;
}

/** For moderators. */
export function hideForm(kind: "summary" | "comment", ref: string): Html {
  return html`<form method="post" action="/moderate/hide" class="inline"><input type="hidden" name="kind" value="${kind}"><input type="hidden" name="ref" value="${ref}"><input type="hidden" name="hide" value="yes">
<input name="reason" aria-label="Reason" placeholder="Reason" maxlength="300" required><button class="quiet" type="submit">Hide</button></form>`;
}

export function commentPage(
  frame: Frame,
  {
    summary,
    parent,
    answered,
    form,
  }: {
    readonly summary: { readonly ref: string; readonly bibtexKey: string; readonly title: string };
    readonly parent: string | undefined;
    readonly answered: string | undefined;
    readonly form: FormState;
  },
): Promise<string> {
  return page(
    frame,
    { title: "Comment", description: "Comment on a summary", path: null },
    html`<div class="narrow wide"><h1>Comment</h1>
<p class="byline">on a summary of <a href="${paperPath(summary.bibtexKey)}#s-${summary.ref}">${summary.title}</a></p>
${answered ? html`<blockquote class="text">${raw(answered)}</blockquote>` : ""}
<form method="post" action="/comment" class="stack">
<input type="hidden" name="ref" value="${summary.ref}">${parent ? html`<input type="hidden" name="parent" value="${parent}">` : ""}
${textField(form, { name: "text", label: "Text, in Markdown with $LaTeX$", rows: 8, most: 10_000 })}
${submit("Post the comment")}
</form></div>`,
  );
}

export function reportPage(
  frame: Frame,
  {
    kind,
    ref,
    form,
    sent,
  }: { readonly kind: string; readonly ref: string; readonly form: FormState; readonly sent?: string },
): Promise<string> {
  return page(
    frame,
    { title: "Report", description: "Tell the moderators", path: null },
    html`<div class="narrow"><h1>Report</h1>
${
  sent
    ? html`<p class="notice" role="status">The moderators see it. Thank you.</p><p><a href="${sent}">Back to the paper</a></p>`
    : html`<p>The moderators see your report and your name; nobody else does.</p>
<form method="post" action="/report" class="stack">
<input type="hidden" name="kind" value="${kind}"><input type="hidden" name="ref" value="${ref}">
${field(form, { name: "reason", label: "What is wrong with it", most: 1000 })}
${submit("Send")}
</form>`
}</div>`,
  );
}
