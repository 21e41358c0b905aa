// A feed as RSS 2.0 with ShortScience's fields, as Atom, and as JSON Feed 1.1.
import { paperPath } from "../../render/citations.ts";
import { xml } from "../xml.ts";
import type { FeedContent, FeedItem } from "./items.ts";

/** A feed and where it stands. */
export interface Feed extends FeedContent {
  readonly origin: string;
  /** Its own address. */
  readonly self: string;
}

const about = "The newest summaries of papers";
const licence = "https://creativecommons.org/licenses/by/4.0/";
const linkOf = (origin: string, { bibtexKey, ref }: FeedItem) => `${origin}${paperPath(bibtexKey)}#s-${ref}`;
const profileOf = (origin: string, name: string) => `${origin}/user?name=${encodeURIComponent(name)}`;

export function rss({ origin, self, title, page, items }: Feed): string {
  const item = (each: FeedItem) => `<item>
<title>${xml(each.title)}</title>
<link>${xml(linkOf(origin, each))}</link>
<guid isPermaLink="false">${each.ref}</guid>
<description>${xml(each.teaser)}</description>
${each.author === null ? "" : `<dc:creator>${xml(each.author)}</dc:creator>\n`}${each.day ? `<pubDate>${each.day.toUTCString()}</pubDate>\n` : ""}${each.tags.map((tag) => `<category>${xml(tag)}</category>\n`).join("")}<shortscience:bibtexkey>${xml(each.bibtexKey)}</shortscience:bibtexkey>
${each.arxivId ? `<shortscience:arxivid>${xml(each.arxivId)}</shortscience:arxivid>\n` : ""}<shortscience:votes>${each.score}</shortscience:votes>
</item>
`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:shortscience="http://www.shortscience.org/">
<channel>
<title>${xml(title)}</title>
<link>${xml(origin + page)}</link>
<atom:link rel="self" type="application/rss+xml" href="${xml(self)}"/>
<description>${about}</description>
${items.map(item).join("")}</channel>
</rss>
`;
}

export function atom({ origin, self, title, page, items }: Feed): string {
  const entry = (each: FeedItem) => `<entry>
<title>${xml(each.title)}</title>
<id>urn:uuid:${uuidOf(each.ref)}</id>
<link rel="alternate" type="text/html" href="${xml(linkOf(origin, each))}"/>
<updated>${each.updated.toISOString()}</updated>
<author>${each.author === null ? "<name>Anonymous</name>" : `<name>${xml(each.author)}</name><uri>${xml(profileOf(origin, each.authorName ?? ""))}</uri>`}</author>
${each.tags.map((tag) => `<category term="${xml(tag)}"/>\n`).join("")}<rights>${licence}</rights>
<summary type="html">${xml(each.teaser)}</summary>
</entry>
`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
<title>${xml(title)}</title>
<subtitle>${about}</subtitle>
<id>${xml(self)}</id>
<link rel="self" type="application/atom+xml" href="${xml(self)}"/>
<link rel="alternate" type="text/html" href="${xml(origin + page)}"/>
<updated>${new Date(Math.max(0, ...items.map(({ updated }) => updated.getTime()))).toISOString()}</updated>
<author><name>Reprise</name></author>
${items.map(entry).join("")}</feed>
`;
}

/** ShortScience's fields stand under an extension of that name. */
export function jsonFeed({ origin, self, title, page, items }: Feed): string {
  return `${JSON.stringify({
    version: "https://jsonfeed.org/version/1.1",
    title,
    home_page_url: origin + page,
    feed_url: self,
    description: about,
    items: items.map((each) => ({
      id: `urn:uuid:${uuidOf(each.ref)}`,
      url: linkOf(origin, each),
      title: each.title,
      content_html: each.teaser,
      ...(each.day ? { date_modified: each.day.toISOString() } : {}),
      ...(each.author === null
        ? {}
        : { authors: [{ name: each.author, url: profileOf(origin, each.authorName ?? "") }] }),
      tags: each.tags,
      _shortscience: { bibtexkey: each.bibtexKey, arxivid: each.arxivId, votes: each.score },
    })),
  })}\n`;
}

/** A summary's name is a UUID without its dashes. */
function uuidOf(ref: string): string {
  return ref.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
