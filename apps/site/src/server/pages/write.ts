// The page on which a summary is written. Without scripts, "Preview" shows the text as it will be; with them it is shown
// as one types, and drafts are kept.
import { html, raw } from "hono/html";
import { paperPath } from "../../render/citations.ts";
import { emptyForm, type FormState } from "../forms.ts";
import type { DiffLine } from "../summaries/diff.ts";
import type { Draft, OwnSummary } from "../summaries/store.ts";
import { dayOf } from "./day.ts";
import { checkbox, formProblem, selectField, textField } from "./form.ts";
import { type Frame, type Html, page } from "./layout.ts";

export interface WritePaper {
  readonly bibtexKey: string;
  readonly title: string;
}

export const longestSummary = 200_000;

export interface WriteParts {
  readonly paper: WritePaper;
  readonly own: OwnSummary | undefined;
  readonly draft?: Draft | undefined;
  readonly form?: FormState;
  readonly previewHtml?: string | undefined;
  readonly notice?: string | undefined;
  /** The saved text against the one typed, after another was saved meanwhile. */
  readonly conflict?: readonly DiffLine[] | undefined;
}

export function writePage(frame: Frame, parts: WriteParts): Promise<string> {
  const { paper, own, draft, form = emptyForm, previewHtml, notice, conflict } = parts;
  const version = form.given.version ?? String(draft?.version ?? own?.version ?? 0);
  return page(
    frame,
    { title: `Summary of ${paper.title}`, description: `A summary of ${paper.title}`, path: null },
    html`<header class="paper-head"><h1>${own ? "Your summary" : "Write a summary"}</h1>
<p class="byline">of <a href="${paperPath(paper.bibtexKey)}">${paper.title}</a></p></header>
${notice ? html`<p class="notice" role="status">${notice}</p>` : ""}
${conflict ? html`<div class="notice" role="alert"><p><strong>Your summary was saved in another place meanwhile.</strong> Nothing is lost: below is your text, and here is how it differs from the saved one. Saving again puts yours in its place.</p>${diffBlock(conflict)}</div>` : ""}
${draft && !form.given.source ? html`<p class="notice" role="status">This is your draft of ${dayOf(draft.savedAt)}${own ? `; it is not published yet` : ""}.</p>` : ""}
<form method="post" action="/write" class="stack editor" data-editor>
${formProblem(form)}
<input type="hidden" name="bibtexKey" value="${paper.bibtexKey}">
<input type="hidden" name="version" value="${version}">
<div class="panes"><div>
${textField(form, { name: "source", label: "Text, in Markdown with $LaTeX$", value: draft?.source ?? own?.source ?? "", rows: 22, most: longestSummary, hint: html`Cite papers as <code>[@key]</code> or <code>\\cite{key}</code>. The first paragraph stands in lists: say there what the paper does.` })}
</div><section class="preview" aria-label="Preview"><h2>Preview</h2><div class="text" data-preview>${previewHtml === undefined ? html`<p class="soft">Nothing yet.</p>` : raw(previewHtml)}</div></section></div>
${selectField(form, { name: "machine", label: "Written by a machine", value: own?.machine ?? "none", options: { none: "No part of it", some: "With the help of one", most: "Most of it" } })}
${selectField(form, { name: "visibility", label: "Who may read it", value: own?.visibility ?? "public", options: { public: "Everybody", private: "Only whoever has its link" } })}
${checkbox(form, { name: "anonymous", label: "Do not say who wrote it", checked: own?.anonymous ?? false })}
${checkbox(form, { name: "licence", label: html`Everybody may use the text under <a href="https://creativecommons.org/licenses/by/4.0/" rel="noopener">CC BY 4.0</a>`, checked: own?.visibility === "public" })}
<p class="actions"><button class="primary" type="submit" name="action" value="save">Save</button><button type="submit" name="action" value="preview">Preview</button><button type="submit" name="action" value="draft">Keep as draft</button><span class="soft" role="status" data-kept></span></p>
</form>
${own ? ownActions(own) : ""}`,
  );
}

function ownActions({ ref, withdrawn }: OwnSummary): Html {
  return html`<p><a href="/summary/history?ref=${ref}">Earlier versions</a></p>
<form method="post" action="/summary/withdraw"><input type="hidden" name="ref" value="${ref}"><input type="hidden" name="withdraw" value="${withdrawn ? "no" : "yes"}">
<p class="actions"><button type="submit">${withdrawn ? "Publish it again" : "Withdraw it"}</button></p></form>`;
}

export interface Version {
  readonly version: number;
  readonly savedAt: Date;
}

export function historyPage(
  frame: Frame,
  {
    paper,
    ref,
    versions,
    shown,
    diff,
    mine,
  }: {
    readonly paper: WritePaper;
    readonly ref: string;
    readonly versions: readonly Version[];
    readonly shown: number;
    readonly diff: readonly DiffLine[];
    readonly mine: boolean;
  },
): Promise<string> {
  const newest = versions[0]?.version;
  return page(
    frame,
    { title: `History of a summary of ${paper.title}`, description: "Versions of a summary", path: null },
    html`<header class="paper-head"><h1>Versions of a summary</h1>
<p class="byline">of <a href="${paperPath(paper.bibtexKey)}#s-${ref}">${paper.title}</a></p></header>
<ol class="rows">${versions.map(
      ({
        version,
        savedAt,
      }) => html`<li><a href="/summary/history?ref=${ref}&amp;version=${version}"${version === shown ? html` aria-current="true"` : ""}>Version ${version}</a> <span class="soft">${dayOf(savedAt)}</span>
${mine && version !== newest ? html`<form method="post" action="/summary/restore"><input type="hidden" name="ref" value="${ref}"><input type="hidden" name="restore" value="${version}"><button class="quiet" type="submit" aria-label="Restore version ${version}">Restore</button></form>` : ""}</li>
`,
    )}</ol>
<h2>What version ${shown} changed</h2>
${diffBlock(diff)}`,
  );
}

function diffBlock(lines: readonly DiffLine[]): Html {
  const signs = { same: " ", gone: "−", new: "+" } as const;
  return html`<pre class="diff" tabindex="0">${lines.map(({ kind, text }) =>
    kind === "same"
      ? html`<span>${signs[kind]} ${text}
</span>`
      : kind === "gone"
        ? html`<del>${signs[kind]} ${text}
</del>`
        : html`<ins>${signs[kind]} ${text}
</ins>`,
  )}</pre>`;
}

/** A private summary, for whoever has its link. */
export function sharedPage(
  frame: Frame,
  {
    paper,
    html: text,
    author,
    editedAt,
  }: {
    readonly paper: WritePaper;
    readonly html: string;
    readonly author: string | null;
    readonly editedAt: Date | null;
  },
): Promise<string> {
  return page(
    frame,
    { title: `A summary of ${paper.title}`, description: "A summary for whoever has its link", path: null },
    html`<header class="paper-head"><h1>${paper.title}</h1>
<p class="byline">A private summary; see <a href="${paperPath(paper.bibtexKey)}">the paper's page</a>.</p></header>
<article class="summary"><div class="text">${raw(text)}</div>
<p class="by">Summary ${author === null ? "by somebody who does not say who" : `by ${author}`}${editedAt ? `, ${dayOf(editedAt)}` : ""}</p></article>`,
  );
}
