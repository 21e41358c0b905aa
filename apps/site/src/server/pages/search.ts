// The search page: what was found, what narrows it, and without a query the papers of a tag, venue or year.
import { html } from "hono/html";
import type { PageFeed } from "../feeds/links.ts";
import type { SearchResult } from "../search/search.ts";
import { type Frame, type Html, page } from "./layout.ts";
import { pageLength, pager, paperList } from "./paper-list.ts";
import { type ListAddress, listPath } from "./tags.ts";

export interface SearchPage {
  readonly address: ListAddress;
  readonly result: SearchResult;
  readonly hasMore: boolean;
}

export function searchPage(frame: Frame, { address, result, hasMore }: SearchPage): Promise<string> {
  const { q = "", page: number = 1 } = address;
  const heading = headingOf(address);
  return page(
    frame,
    {
      title: heading,
      description: `Papers on Reprise: ${heading}.`,
      path: q === "" && number === 1 ? listPath(address) : null, // search engines need no page for each query
      query: q,
      feed: feedOf(address),
    },
    html`<h1>${heading}</h1>
<form class="narrow" action="/search" role="search" aria-label="Narrow the list">
<div class="fields">
<div class="field"><label for="narrow-q">Words, key, DOI or arXiv id</label><input id="narrow-q" name="q" type="search" value="${q}" maxlength="200"></div>
<div class="field"><label for="narrow-tag">Tag</label><input id="narrow-tag" name="tag" value="${address.tag ?? ""}"></div>
<div class="field"><label for="narrow-venue">Venue</label><input id="narrow-venue" name="venue" value="${address.venue ?? ""}"></div>
<div class="field"><label for="narrow-year">Year</label><input id="narrow-year" name="year" inputmode="numeric" value="${address.year ?? ""}"></div>
</div>
<p class="checks"><label><input type="checkbox" name="runs" value="yes"${address.runs ? " checked" : ""}> runs in the page</label>
<label><input type="checkbox" name="reproduced" value="yes"${address.reproduced ? " checked" : ""}> has reproduced figures</label>
<button type="submit">Search</button></p>
</form>
<p class="count" role="status">${countText(result, address)}</p>
${paperList(frame, result.hits, (number - 1) * pageLength + 1)}
${pager(number, hasMore, (to) => listPath({ ...address, page: to }))}`,
  );
}

/** A list of one tag or one venue has a feed. */
function feedOf({ q, tag, venue, year }: ListAddress): PageFeed | undefined {
  if (q || year) return undefined;
  if (tag && !venue) return { title: `Summaries tagged “${tag}”`, only: ["tag", tag] };
  if (venue && !tag) return { title: `Summaries of papers in ${venue}`, only: ["venue", venue] };
  return undefined;
}

function headingOf({ q, tag, venue, year }: ListAddress): string {
  if (q) return `Search for “${q}”`;
  const named = [tag && `tagged “${tag}”`, venue && `in ${venue}`, year && `of ${year}`].filter(Boolean);
  return named.length > 0 ? `Papers ${named.join(", ")}` : "All papers";
}

function countText({ total, more, corrected, hits }: SearchResult, { q, ...address }: ListAddress): Html {
  const count = more ? `${total.toLocaleString("en")} papers or more` : papersText(total);
  if (corrected !== null)
    return html`${count} for <a href="${listPath({ ...address, q: corrected, page: undefined })}">${corrected}</a>; nothing has all the words as they were typed.`;
  if (hits.length === 0 && q)
    return html`No paper matches. Fewer words find more, and a key, DOI or arXiv id finds its paper.`;
  return html`${count}.`;
}

const papersText = (count: number) => (count === 1 ? "1 paper" : `${count.toLocaleString("en")} papers`);
