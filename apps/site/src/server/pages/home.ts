// The home page: every paper with the first lines of its summary.
import { html, raw } from "hono/html";
import { paperPath } from "../../render/citations.ts";
import type { PaperCard } from "../papers.ts";
import { type Frame, page } from "./layout.ts";

const description =
  "Summaries of machine-learning papers whose methods run in the page: read how it works, then try it on an input of your own.";

/** The list of all papers. */
export function homePage(frame: Frame, papers: readonly PaperCard[]): Promise<string> {
  return page(
    frame,
    { title: "Reprise", description, path: "/" },
    html`<h1>Paper summaries that run</h1>
<ol class="papers">
${papers.map(
  (paper) => html`<li><article>
<h2><a href="${paperPath(paper.bibtexKey)}">${paper.title}</a></h2>
<p class="byline">${paper.authors.join(", ")} · ${paper.venue} ${paper.year}</p>
${raw(paper.teaserHtml ?? "")}
</article></li>`,
)}
</ol>`,
  );
}
