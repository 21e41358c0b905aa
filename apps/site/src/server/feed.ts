// The newest summaries as RSS 2.0, under the address that readers of ShortScience have.
import { type Kysely, sql } from "kysely";
import { paperPath } from "../render/citations.ts";
import type { Tables } from "./database/schema.ts";

interface Item {
  readonly bibtexKey: string;
  readonly title: string;
  readonly arxivId: string | null;
  readonly ref: string;
  readonly author: string | null;
  readonly teaser: string;
  readonly day: Date | null;
  readonly score: number;
}

const most = 100;

/** What everybody may read; of the time of writing, the day. */
export async function rss(db: Kysely<Tables>, origin: string): Promise<string> {
  const { rows } = await sql<Item>`
    select p.bibtex_key as "bibtexKey", p.title, p.arxiv_id as "arxivId", s.ref, s.teaser_html as teaser,
      case when s.anonymous then null else u.display_name end as author,
      date_trunc('day', s.edited_at, 'UTC') as day, v.score
    from summaries s join papers p on p.id = s.paper_id join users u on u.id = s.user_id
    cross join lateral (select coalesce(sum(vote), 0)::int as score from votes where summary_id = s.id) v
    where s.listed and p.withdrawn_at is null
    order by day desc nulls last, v.score desc, s.ref limit ${most}`.execute(db);
  const items = rows.map(({ bibtexKey, title, arxivId, ref, author, teaser, day, score }) => {
    const link = `${origin}${paperPath(bibtexKey)}#s-${ref}`;
    return `<item>
<title>${xml(title)}</title>
<link>${xml(link)}</link>
<guid isPermaLink="false">${ref}</guid>
<description>${xml(teaser)}</description>
${author === null ? "" : `<dc:creator>${xml(author)}</dc:creator>\n`}${day ? `<pubDate>${day.toUTCString()}</pubDate>\n` : ""}<shortscience:bibtexkey>${xml(bibtexKey)}</shortscience:bibtexkey>
${arxivId ? `<shortscience:arxivid>${xml(arxivId)}</shortscience:arxivid>\n` : ""}<shortscience:votes>${score}</shortscience:votes>
</item>
`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:shortscience="http://www.shortscience.org/">
<channel>
<title>Reprise</title>
<link>${xml(origin)}/</link>
<description>The newest summaries of papers</description>
${items.join("")}</channel>
</rss>
`;
}

/** As text of an element; without characters that XML does not have. */
function xml(text: string): string {
  return text
    .replace(/[^\P{Cc}\n\t]|[\ufffe\uffff]/gu, "")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;");
}
