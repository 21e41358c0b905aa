// A paper's page: what it is, its summary, its run panel, what it claims beside what we measured.
import { html, raw } from "hono/html";
import { paperPath } from "../../render/citations.ts";
import type { PaperView } from "../papers.ts";
import { type Frame, type Html, page } from "./layout.ts";
import { resultsSection } from "./results.ts";
import { runSection } from "./run.ts";
import { tagList } from "./tags.ts";

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });

export function paperPage(frame: Frame, paper: PaperView): Promise<string> {
  const official = officialAddress(paper);
  const panel = frame.panelOf(paper.bibtexKey);
  return page(
    frame,
    {
      title: paper.title,
      description: shorten(paper.description, 300),
      path: paperPath(paper.bibtexKey),
      type: "article",
      data: structuredData(frame.origin, paper, official),
      head: official ? html`<link rel="cite-as" href="${official}">` : undefined,
    },
    html`<header class="paper-head">
<h1>${paper.title}</h1>
<p class="byline authors">${paper.authors.join(", ")}</p>
<p class="byline"><span class="venue">${paper.venue}</span>, ${paper.year}</p>
${tagList(paper.tags)}
${panel ? html`<p><a href="#run">Run it in this page</a></p>` : ""}
</header>
<div class="paper-body">
<div>
${paper.summaries.map(
  ({ author, html: text, editedAt }) => html`<article class="summary" aria-label="Summary by ${author}">
<div class="text">${raw(text)}</div>
<p class="by">Summary by ${author}${editedAt ? html`, <time datetime="${dayOf(editedAt)}">${day.format(editedAt)}</time>` : ""}</p>
</article>`,
)}
</div>
<aside class="facts" aria-label="About the paper"><div>${facts(paper)}</div></aside>
</div>
${runSection(paper.bibtexKey, panel, paper.run)}
${resultsSection(paper.results)}`,
  );
}

function facts(paper: PaperView): Html {
  const known: [label: string, url: string][] = [];
  if (paper.arxivId) known.push([`arXiv ${paper.arxivId}`, arxivAddress(paper.arxivId)]);
  if (paper.doi) known.push([`doi ${paper.doi}`, doiAddress(paper.doi)]);
  const seen = new Set(known.map(([, url]) => url));
  const links = [...known, ...paper.links.filter(({ url }) => !seen.has(url)).map(({ label, url }) => [label, url])];
  return html`${
    links.length > 0
      ? html`<section><h2>The paper</h2>
<ul>${links.map(([label, url]) => html`<li><a href="${url}" rel="noopener">${label}</a></li>`)}</ul></section>`
      : ""
  }
<section><h2>Cite</h2>
<pre class="bibtex" id="bibtex">${paper.bibtex}</pre>
<p class="bib-actions"><a href="/paper.bib?bibtexKey=${paperPath(paper.bibtexKey).split("=")[1]}" download>Download .bib</a><button class="plain-button" type="button" data-copy="bibtex">Copy</button></p></section>
<section><h2>Key</h2><p><code>${paper.bibtexKey}</code></p></section>`;
}

function structuredData(origin: string, paper: PaperView, official: string | undefined) {
  const article = {
    "@type": "ScholarlyArticle",
    name: paper.title,
    author: paper.authors.map((name) => ({ "@type": "Person", name })),
    datePublished: String(paper.year),
    isPartOf: { "@type": "PublicationEvent", name: paper.venue },
    ...(official ? { sameAs: official } : {}),
    ...(paper.tags.length > 0 ? { keywords: paper.tags } : {}),
  };
  return {
    "@context": "https://schema.org",
    "@graph": [
      article,
      ...paper.summaries.map(({ author, editedAt }) => ({
        "@type": "Review",
        itemReviewed: { "@type": "ScholarlyArticle", name: paper.title },
        author: { "@type": "Organization", name: author },
        ...(editedAt ? { dateModified: dayOf(editedAt) } : {}),
        license: "https://creativecommons.org/licenses/by/4.0/",
        url: origin + paperPath(paper.bibtexKey),
      })),
    ],
  };
}

/** As ISO 8601 writes a day. */
export function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function officialAddress({ doi, arxivId }: PaperView): string | undefined {
  return doi ? doiAddress(doi) : arxivId ? arxivAddress(arxivId) : undefined;
}

function doiAddress(doi: string): string {
  return `https://doi.org/${encodeURI(doi)}`;
}

function arxivAddress(id: string): string {
  return `https://arxiv.org/abs/${encodeURI(id)}`;
}

function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, text.lastIndexOf(" ", length - 1)).replace(/[\s,;:.]+$/, "")} …`;
}
