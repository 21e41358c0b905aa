// The home page: what runs, in pictures; then the papers with the first paragraph of their summaries.
import { html, raw } from "hono/html";
import { paperPath } from "../../render/citations.ts";
import type { CardOrder, PaperCard } from "../papers.ts";
import { type Frame, type Html, page } from "./layout.ts";
import { pageLength, pager, paperList } from "./paper-list.ts";
import { repeatSign } from "./repeat-sign.ts";

const description =
  "Summaries of machine-learning papers whose methods run in the page: read how it works, then try it on an input of your own.";

export interface HomePage {
  /** Papers that run in the page. */
  readonly running: readonly PaperCard[];
  readonly papers: readonly PaperCard[];
  readonly order: CardOrder;
  /** From 1. */
  readonly number: number;
  readonly hasMore: boolean;
}

const orders = [
  ["popular", "Popular", "most visited in the last day"],
  ["recent", "Recent", "newest summaries first"],
  ["best", "Best", "most votes first"],
  ["year", "By year", "newest papers first"],
] as const satisfies [CardOrder, string, string][];

/** The order that the plain address has. */
export const homeOrder: CardOrder = "popular";

export function homePath(order: CardOrder, number = 1): string {
  const query = [order === homeOrder ? "" : `order=${order}`, number === 1 ? "" : `page=${number}`].filter(Boolean);
  return query.length === 0 ? "/" : `/?${query.join("&")}`;
}

/** What runs, then a page of the list. */
export function homePage(frame: Frame, { running, papers, order, number, hasMore }: HomePage): Promise<string> {
  return page(
    frame,
    {
      title: "Reprise",
      description,
      path: homePath(order, number),
      data: {
        "@context": "https://schema.org",
        "@type": "WebSite",
        name: "Reprise",
        url: `${frame.origin}/`,
        description,
        potentialAction: {
          "@type": "SearchAction",
          target: `${frame.origin}/search?q={query}`,
          "query-input": "required name=query",
        },
      },
    },
    html`${
      number === 1
        ? html`<div class="hero">
<h1>Paper summaries that run</h1>
<p>Read how a method works, then play it again: in this page, on an input of your own. What a paper claims and what we could reproduce stand side by side.</p>
<p><a href="/add">Add a paper</a></p>
</div>
${playable(running)}`
        : html`<h1>Papers, page ${number}</h1>`
    }
<span class="staff opening">${repeatSign}</span>
${
  papers.length === 0 && number === 1
    ? html`<p>There are no papers yet: the content folder is empty.</p>`
    : html`<nav class="orders" aria-label="Order of the papers">${orders.map(
        ([name, label, meaning]) =>
          html`<a href="${homePath(name)}" title="${meaning}"${name === order ? raw(' aria-current="true"') : ""}>${label}</a>`,
      )}</nav>`
}
${paperList(frame, papers, (number - 1) * pageLength + 1)}
${pager(number, hasMore, (to) => homePath(order, to))}`,
  );
}

/** What runs, by pictures of stored runs: the first thing there is to see. */
function playable(papers: readonly PaperCard[]): Html | "" {
  const shown = papers.filter(({ run }) => run?.image);
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
