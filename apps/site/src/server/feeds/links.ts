// Where feeds are, for the pages that lead to them.
import { html } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";

export const feedFormats = [
  { path: "/rss.xml", type: "application/rss+xml", name: "RSS" },
  { path: "/atom.xml", type: "application/atom+xml", name: "Atom" },
  { path: "/feed.json", type: "application/feed+json", name: "JSON Feed" },
] as const;

/** What a page's feed holds. */
export interface PageFeed {
  readonly title: string;
  /** Which summaries, by one parameter of the feeds' addresses; all of them if left out. */
  readonly only?: readonly [parameter: "venue" | "tag" | "user" | "bibtexKey", name: string];
}

/** Elements of a page's head that lead readers of feeds to them. */
export function feedLinks({ title, only }: PageFeed): (HtmlEscapedString | Promise<HtmlEscapedString>)[] {
  const query = only ? `?${only[0]}=${encodeURIComponent(only[1])}` : "";
  return feedFormats.map(
    ({ path, type, name }) =>
      html`<link rel="alternate" href="${path}${query}" type="${type}" title="${title} (${name})">`,
  );
}
