// A paper's page: what it is, its summary, its run panel, what it claims beside what we measured.
import { html, raw } from "hono/html";
import { paperPath } from "../../render/citations.ts";
import type { PaperView, SummaryView } from "../papers.ts";
import { isAtLeast } from "../people/sessions.ts";
import type { OwnSummary } from "../summaries/store.ts";
import { dayOf } from "./day.ts";
import { discussion, hideForm, type OwnView, voteButtons } from "./discussion.ts";
import { type Frame, type Html, page } from "./layout.ts";
import { followButton } from "./notices.ts";
import { resultsSection } from "./results.ts";
import { runSection } from "./run.ts";
import { tagList } from "./tags.ts";

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });

/** What the reader of this page has to do with it, where they are somebody. */
export interface PaperReader extends OwnView {
  /** Their own summary, whoever may read it. */
  readonly own: OwnSummary | undefined;
  readonly hasDraft: boolean;
  readonly isFollowed: boolean;
}

export function paperPage(frame: Frame, paper: PaperView, reader?: PaperReader): Promise<string> {
  const official = officialAddress(paper);
  const panel = frame.panelOf(paper.bibtexKey);
  return page(
    frame,
    {
      title: paper.title,
      description: shorten(paper.description, 300),
      path: paperPath(paper.bibtexKey),
      type: "article",
      feed: { title: "Summaries of this paper", only: ["bibtexKey", paper.bibtexKey] },
      data: structuredData(frame.origin, paper, official),
      head: headOf(paper, official),
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
${reader ? ownNotices(frame, reader) : ""}
${paper.summaries.map((summary) => summaryArticle(summary, reader, paper.locked))}
<p class="write"><a href="/write?bibtexKey=${encodeURIComponent(paper.bibtexKey)}">${reader?.own ? "Edit your summary" : reader?.hasDraft ? "Go on with your draft" : "Write a summary"}</a></p>
${reader ? followButton({ kind: "paper", key: paper.bibtexKey }, reader.isFollowed, reader.isFollowed ? "Unfollow this paper" : "Follow this paper") : ""}
${reader && isAtLeast(reader.viewer.role, "moderator") ? lockForm(paper) : ""}
</div>
<aside class="facts" aria-label="About the paper"><div>${facts(paper)}</div></aside>
</div>
${runSection(paper.bibtexKey, panel, paper.run)}
${resultsSection(paper.results)}`,
  );
}

function summaryArticle(summary: SummaryView, reader: PaperReader | undefined, locked: boolean): Html {
  const { ref, author, authorName, html: text, editedAt, machine, hasVersions } = summary;
  const by =
    author === null ? "somebody who does not say who" : html`<a href="/user?name=${authorName ?? ""}">${author}</a>`;
  return html`<article class="summary" id="s-${ref}" aria-label="Summary by ${author ?? "somebody unnamed"}">
<div class="text">${raw(text)}</div>
<p class="by">Summary by ${by}${editedAt ? html`, <time datetime="${dayOf(editedAt)}">${day.format(editedAt)}</time>` : ""}${machineWords[machine]}</p>
<div class="summary-tools">${voteButtons(summary, reader)}
<a href="/summary/source?ref=${ref}">Source</a>${hasVersions ? html` <a href="/summary/history?ref=${ref}">Versions</a>` : ""} <a href="/report?kind=summary&amp;ref=${ref}">Report</a></div>
${reader && isAtLeast(reader.viewer.role, "moderator") ? hideForm("summary", ref) : ""}
${discussion(summary, reader, locked)}
</article>`;
}

const machineWords = {
  none: "",
  some: "; written with the help of a machine",
  most: "; written for the most part by a machine",
} as const;

function ownNotices(frame: Frame, { own }: PaperReader): Html | "" {
  if (!own) return "";
  if (own.hidden) return html`<p class="notice">A moderator has hidden your summary.</p>`;
  if (own.withdrawn)
    return html`<p class="notice">You have withdrawn your summary; only you see it, where you edit it.</p>`;
  if (own.held)
    return html`<p class="notice">Your summary waits for a moderator: what new people write first is looked at before all see it.</p>`;
  if (own.share)
    return html`<p class="notice">Your summary is private. Whoever has this link reads it: <a href="/s/${own.share}">${frame.origin}/s/${own.share}</a></p>`;
  return "";
}

function lockForm({ bibtexKey, locked }: PaperView): Html {
  return html`<form method="post" action="/moderate/lock"><input type="hidden" name="bibtexKey" value="${bibtexKey}"><input type="hidden" name="lock" value="${locked ? "no" : "yes"}"><button class="quiet" type="submit">${locked ? "Open the discussion" : "Close the discussion"}</button></form>`;
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
<p class="bib-actions"><a href="${twinPath(paper.bibtexKey, "bib")}" download>Download .bib</a> <a href="${twinPath(paper.bibtexKey, "ris")}" download>.ris</a> <a href="${twinPath(paper.bibtexKey, "csl.json")}" download>.csl.json</a><button class="plain-button" type="button" data-copy="bibtex">Copy</button></p></section>
<section><h2>Key</h2><p><code>${paper.bibtexKey}</code></p></section>`;
}

/** What reference managers and programs look for. The PDF is the paper's own: this page is about it, it is not the paper. */
function headOf(paper: PaperView, official: string | undefined): Html {
  const { bibtex, bibtexKey, arxivId, doi } = paper;
  const pdf = arxivId
    ? `https://arxiv.org/pdf/${encodeURI(arxivId)}`
    : paper.links.find(({ url }) => url.endsWith(".pdf"))?.url;
  const tags = [
    ["citation_title", paper.title],
    ...paper.authors.map((author) => ["citation_author", author]),
    ["citation_publication_date", String(paper.year)],
    [
      /^\s*@(?:inproceedings|conference)/i.test(bibtex) ? "citation_conference_title" : "citation_journal_title",
      paper.venue,
    ],
    ["citation_doi", doi],
    ["citation_arxiv_id", arxivId],
    ["citation_pdf_url", pdf],
  ];
  return html`${official ? html`<link rel="cite-as" href="${official}">` : ""}
${tags.map(([name, content]) =>
  content
    ? html`<meta name="${name}" content="${content}">
`
    : "",
)}${twins.map(
  ([end, type]) => html`<link rel="alternate" type="${type}" href="${twinPath(bibtexKey, end)}">
`,
)}`;
}

const twins = [
  ["json", "application/json"],
  ["md", "text/markdown"],
] as const;

const twinPath = (key: string, end: string) => paperPath(key).replace("/paper?", `/paper.${end}?`);

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
      ...paper.summaries.map(({ ref, author, authorName, editedAt }) => ({
        "@type": "Review",
        itemReviewed: { "@type": "ScholarlyArticle", name: paper.title },
        author: authorOf({ author, authorName }),
        ...(editedAt ? { dateModified: dayOf(editedAt) } : {}),
        license: "https://creativecommons.org/licenses/by/4.0/",
        url: `${origin}${paperPath(paper.bibtexKey)}#s-${ref}`,
      })),
    ],
  };
}

function authorOf({ author, authorName }: Pick<SummaryView, "author" | "authorName">) {
  if (author === null) return { "@type": "Person", name: "Anonymous" };
  return { "@type": authorName === "reprise" ? "Organization" : "Person", name: author };
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
