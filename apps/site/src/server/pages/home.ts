// The home page: what runs, in pictures; then every paper with the first paragraph of its summary.
import { html, raw } from "hono/html";
import { paperPath } from "../../render/citations.ts";
import type { PaperCard } from "../papers.ts";
import { type Frame, type Html, page } from "./layout.ts";
import { repeatSign } from "./repeat-sign.ts";
import { tagList } from "./tags.ts";

const description =
  "Summaries of machine-learning papers whose methods run in the page: read how it works, then try it on an input of your own.";

/** The list of all papers; those with a run panel say so. */
export function homePage(frame: Frame, papers: readonly PaperCard[]): Promise<string> {
  return page(
    frame,
    {
      title: "Reprise",
      description,
      path: "/",
      data: {
        "@context": "https://schema.org",
        "@type": "WebSite",
        name: "Reprise",
        url: `${frame.origin}/`,
        description,
      },
    },
    html`<div class="hero">
<h1>Paper summaries that run</h1>
<p>Read how a method works, then play it again: in this page, on an input of your own. What a paper claims and what we could reproduce stand side by side.</p>
<p><a href="/add">Add a paper</a></p>
</div>
${playable(frame, papers)}
<span class="staff opening">${repeatSign}</span>
${papers.length === 0 ? html`<p>There are no papers yet: the content folder is empty.</p>` : ""}
<ol class="papers">
${papers.map(
  (paper) => html`<li><article>
<h2><a href="${paperPath(paper.bibtexKey)}">${paper.title}</a></h2>
<p class="byline">${paper.authors.join(", ")} · <span class="venue">${paper.venue}</span>, ${paper.year}</p>
<div class="teaser">${raw(paper.teaserHtml ?? "")}</div>
${tagList(paper.tags)}
${frame.panelOf(paper.bibtexKey) ? html`<p><a class="runs" href="${paperPath(paper.bibtexKey)}#run">${repeatSign}Run it in the page<span class="hidden">: ${paper.title}</span></a></p>` : ""}
</article></li>
`,
)}
</ol>`,
  );
}

/** What runs, by pictures of stored runs: the first thing there is to see. */
function playable(frame: Frame, papers: readonly PaperCard[]): Html | "" {
  const shown = papers.filter(({ bibtexKey, run }) => run?.image && frame.panelOf(bibtexKey));
  if (shown.length === 0) return "";
  return html`<ul class="playable">
${shown.map(({ bibtexKey, title, run }) => {
  const { file, width, height, alt } = run!.image!;
  return html`<li><a href="${paperPath(bibtexKey)}#run">
<img src="/content/${bibtexKey}/run/${file}" width="${width}" height="${height}" alt="${alt}">
<span class="what">${run!.title}</span>
<span class="runs">${repeatSign}Run it</span> <span class="soft">${title}</span></a></li>
`;
})}
</ul>`;
}
