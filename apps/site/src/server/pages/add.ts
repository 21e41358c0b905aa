// Adding papers: BibTeX for many, a small form for one.
import { html } from "hono/html";
import type { BibtexProblem } from "../../bibtex/read.ts";
import { paperPath } from "../../render/citations.ts";
import { emptyForm, type FormState } from "../forms.ts";
import type { Added } from "../papers/add.ts";
import { field, formProblem, submit, textField } from "./form.ts";
import { type Frame, type Html, page } from "./layout.ts";

export interface AddOutcome {
  readonly added: readonly Added[];
  readonly problems: readonly BibtexProblem[];
}

export function addPage(
  frame: Frame,
  {
    bibtex = emptyForm,
    paper = emptyForm,
    outcome,
  }: { readonly bibtex?: FormState; readonly paper?: FormState; readonly outcome?: AddOutcome } = {},
): Promise<string> {
  return page(
    frame,
    { title: "Add papers", description: "Add papers to the site.", path: null },
    html`<div class="narrow wide"><h1>Add papers</h1>
${outcome ? outcomeOf(outcome) : ""}
<h2 id="by-bibtex">By BibTeX</h2>
<form method="post" action="/add/bibtex" class="stack">
${formProblem(bibtex)}
${textField(bibtex, { name: "bibtex", label: "Entries, as many as you like", rows: 12, hint: "As DBLP, arXiv or a reference manager gives them. A paper that is here already is found again." })}
${submit("Add them")}
</form>
<h2 id="by-hand">By hand</h2>
<form method="post" action="/add/paper" class="stack">
${formProblem(paper)}
${field(paper, { name: "title", label: "Title", most: 1000 })}
${textField(paper, { name: "authors", label: "Authors, one a line", rows: 3 })}
${field(paper, { name: "year", label: "Year", type: "number" })}
${field(paper, { name: "venue", label: "Journal or conference", optional: true, most: 300 })}
${field(paper, { name: "identifier", label: "DOI, arXiv id or address", optional: true, most: 300, hint: "Nothing is looked up: the page is there at once, with or without a network." })}
${submit("Add it")}
</form></div>`,
  );
}

function outcomeOf({ added, problems }: AddOutcome): Html {
  const fresh = added.filter(({ isNew }) => isNew);
  const known = added.filter(({ isNew }) => !isNew);
  const list = (papers: readonly Added[]) =>
    html`<ul>${papers.map(({ bibtexKey, title }) => html`<li><a href="${paperPath(bibtexKey)}">${title}</a></li>`)}</ul>`;
  const many = (count: number) => (count === 1 ? "1 paper" : `${count} papers`);
  return html`<div class="notice" role="status">
${fresh.length > 0 ? html`<p>${many(fresh.length)} added:</p>${list(fresh)}` : ""}
${known.length > 0 ? html`<p>${many(known.length)} here already:</p>${list(known)}` : ""}
${
  problems.length > 0
    ? html`<p class="problem">${problems.length === 1 ? "1 entry" : `${problems.length} entries`} not taken; correct below what is left:</p>
<ul class="problem">${problems.map(({ line, message }) => html`<li>Line ${line}: ${message}.</li>`)}</ul>`
    : ""
}</div>`;
}
