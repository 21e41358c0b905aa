// A paper's page: what it is, its summary, what it claims beside what we measured.
import { html, raw } from "hono/html";
import { paperPath } from "../../render/citations.ts";
import type { PaperView } from "../papers.ts";
import { type Frame, page } from "./layout.ts";

export function paperPage(frame: Frame, paper: PaperView): Promise<string> {
  return page(
    frame,
    {
      title: paper.title,
      description: paper.description,
      path: paperPath(paper.bibtexKey),
      type: "article",
    },
    html`<h1>${paper.title}</h1>
<p class="byline">${paper.authors.join(", ")} · ${paper.venue} ${paper.year}</p>
${paper.summaries.map((summary) => html`<section class="summary">${raw(summary.html)}</section>`)}`,
  );
}
