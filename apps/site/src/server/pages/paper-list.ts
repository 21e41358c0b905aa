// Papers in a list, each with the first paragraph of its summary or what was found in it, and the way to more of them.
import { html, raw } from "hono/html";
import { paperPath } from "../../render/citations.ts";
import type { PaperCard } from "../papers.ts";
import type { Hit } from "../search/search.ts";
import type { Frame, Html } from "./layout.ts";
import { repeatSign } from "./repeat-sign.ts";
import { listPath, tagList } from "./tags.ts";

/** How many papers a page of a list has. */
export const pageLength = 20;

/** @param first  the number of the first of them */
export function paperList(frame: Frame, papers: readonly (PaperCard | Hit)[], first = 1): Html {
  return html`<ol class="papers" start="${first}"${first === 1 ? "" : raw(` style="counter-reset:bar ${first - 1}"`)}>
${papers.map(
  (paper) => html`<li><article>
<h2><a href="${paperPath(paper.bibtexKey)}">${paper.title}</a></h2>
<p class="byline">${paper.authors.join(", ")} · <a class="venue" href="${listPath({ venue: paper.venue })}">${paper.venue}</a>, <a href="${listPath({ year: paper.year })}">${paper.year}</a></p>
${"snippet" in paper && paper.snippet ? snippet(paper.snippet) : html`<div class="teaser">${raw(paper.teaserHtml ?? "")}</div>`}
${tagList(paper.tags)}
${frame.panelOf(paper.bibtexKey) ? html`<p><a class="runs" href="${paperPath(paper.bibtexKey)}#run">${repeatSign}Run it in the page<span class="hidden">: ${paper.title}</span></a></p>` : ""}
</article></li>
`,
)}
</ol>`;
}

function snippet(pieces: NonNullable<Hit["snippet"]>): Html {
  return html`<p class="snippet">${pieces.map(({ text, marked }) => (marked ? html`<mark>${text}</mark>` : text))}</p>`;
}

/** Links to the page before and the page after; nothing where there is one page. @param path  of page n */
export function pager(page: number, hasMore: boolean, path: (page: number) => string): Html | "" {
  if (page === 1 && !hasMore) return "";
  return html`<nav class="pager" aria-label="Pages">
${page > 1 ? html`<a rel="prev" href="${path(page - 1)}">Previous page</a>` : ""}
<span aria-current="page">Page ${page}</span>
${hasMore ? html`<a rel="next" href="${path(page + 1)}">Next page</a>` : ""}
</nav>`;
}
