// Finding papers: by their names, by words in title, authors, tags and summaries, and in spite of slips of the pen.
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Tables } from "../database/schema.ts";
import { type CardFilter, conditionOf, type PaperCard, paperCards } from "../papers.ts";
import { identifiersOf, type QueryPart, queryParts, slips } from "./query.ts";

/** A paper that was found, and where a summary of it speaks of what was asked for. */
export interface Hit extends PaperCard {
  /** Pieces of a summary; those that match are marked. Null where only the paper's head matches. */
  readonly snippet: readonly { readonly text: string; readonly marked: boolean }[] | null;
}

export interface SearchResult {
  readonly hits: readonly Hit[];
  /** Papers that match. */
  readonly total: number;
  /** There are so many or more: they are not all counted. */
  readonly more: boolean;
  /** The query that was answered in place of one with an unknown word. */
  readonly corrected: string | null;
}

/** Of more matches than this only those with the most votes are ranked: ranking reads the words of each. */
const mostRanked = 100;
const mostCounted = 300;
/** Papers, those with the most votes first, in which words are looked at for standing together; titles all are. */
const mostRead = 1000;

export interface SearchOptions {
  readonly filter?: CardFilter;
  readonly limit: number;
  readonly offset?: number;
}

/** The best matches first; papers with a name equal to the query before all others. */
export async function searchPapers(
  db: Kysely<Tables>,
  query: string,
  { filter = {}, limit, offset = 0 }: SearchOptions,
): Promise<SearchResult> {
  const named = offset === 0 ? await papersNamed(db, identifiersOf(query)) : [];
  const parts = queryParts(query);
  const asked = parts.some(({ kind }) => kind !== "without") ? await corrected(db, parts) : { parts: [], text: null };
  const found =
    asked.parts.length === 0
      ? { rows: [], total: 0, more: false }
      : await ranked(db, asked.parts, filter, limit, offset);
  const ids = [...new Set([...named, ...found.rows])].slice(0, limit);
  if (ids.length === 0) return { hits: [], total: 0, more: false, corrected: asked.text };
  const [cards, snippets] = await Promise.all([
    paperCards(db, { ids }),
    asked.parts.length === 0 ? new Map<string, string>() : snippetsOf(db, ids, asked.parts),
  ]);
  const total = Math.max(found.total, found.total + named.filter((id) => !found.rows.includes(id)).length);
  const hits = cards.map((card) => ({ ...card, snippet: marked(snippets.get(card.bibtexKey)) }));
  return { hits, total, more: found.more, corrected: asked.text };
}

/** Titles that the words typed so far may lead to, for a list under the field; the last word may be unfinished. */
export async function suggestPapers(db: Kysely<Tables>, typed: string, limit = 8): Promise<PaperCard[]> {
  const named = await papersNamed(db, identifiersOf(typed));
  const parts = queryParts(typed).filter(({ kind }) => kind !== "without");
  const last = parts.at(-1);
  const ids = [...named];
  if (last && last.text.length > 1 && ids.length < limit) {
    const open = !/\s$/.test(typed) && last.kind === "word";
    const query = matching(open ? [...parts.slice(0, -1), { ...last, unfinished: true }] : parts);
    const { rows } = await sql<{ id: number }>`
      select paper_id as id from paper_search, (select ${query} as q) asked where head @@ q
      order by score desc, year desc, paper_id limit ${limit}`.execute(db);
    ids.push(...rows.map(({ id }) => id).filter((id) => !ids.includes(id)));
  }
  return ids.length === 0 ? [] : paperCards(db, { ids: ids.slice(0, limit) });
}

async function papersNamed(db: Kysely<Tables>, names: readonly string[]): Promise<number[]> {
  if (names.length === 0) return [];
  const list = sql.join(names);
  const { rows } = await sql<{ id: number }>`
    select id from papers where withdrawn_at is null and (
      lower(bibtex_key) in (${list}) or lower(doi) in (${list}) or arxiv_id in (${list})
      or id in (select paper_id from paper_aliases where lower(alias) in (${list})))
    order by id limit 20`.execute(db);
  return rows.map(({ id }) => id);
}

type Asked = QueryPart & { readonly unfinished?: boolean };

/** The parts as PostgreSQL's query. */
function matching(parts: readonly Asked[], how: "all" | "any" = "all"): RawBuilder<unknown> {
  const terms = parts.map(({ kind, text, unfinished }) => {
    if (unfinished) return sql`to_tsquery('english', plain_letters(${text}) || ':*')`;
    if (kind === "phrase") return sql`phraseto_tsquery('english', plain_letters(${text}))`;
    const word = sql`plainto_tsquery('english', plain_letters(${text}))`;
    return kind === "without" ? sql`!!${word}` : word;
  });
  return sql`(${sql.join(terms, how === "all" ? sql` && ` : sql` || `)})`;
}

/** For each word that occurs nowhere the beginning of one that does, or the nearest one that does. */
async function corrected(
  db: Kysely<Tables>,
  parts: readonly QueryPart[],
): Promise<{ readonly parts: readonly Asked[]; readonly text: string | null }> {
  const words = parts.filter(({ kind, text }) => kind === "word" && /^\p{L}{4,}$/u.test(text)).map(({ text }) => text);
  if (words.length === 0) return { parts, text: null };
  const { rows } = await sql<{ word: string; plain: string; begins: boolean }>`
    select word, plain,
      exists (select from search_words w where w.word >= plain and w.word < plain || U&'\\FFFF') as begins
    from (select word, trim(plain_letters(word)) as plain from unnest(array[${sql.join(words)}]::text[]) word) asked
    where not exists (select from search_words w where w.word = plain)
      and not exists (select from search_words w where w.stem = (tsvector_to_array(to_tsvector('english', plain)))[1])
      and to_tsvector('english', plain) <> ''`.execute(db);
  const better = new Map<string, Asked>();
  for (const { word, plain, begins } of rows) {
    if (begins) {
      better.set(word, { kind: "word", text: word, unfinished: true });
      continue;
    }
    const near = await sql<{ word: string; alike: number }>`
      select word, similarity(word, ${plain}) as alike from search_words where word % ${plain}
      order by alike desc, word limit 12`.execute(db);
    const best = near.rows
      .map((row) => ({ ...row, far: slips(plain, row.word) }))
      .filter(({ far }) => far <= (plain.length < 6 ? 1 : 2))
      .sort((a, b) => a.far - b.far || b.alike - a.alike)[0];
    if (best) better.set(word, { kind: "word", text: best.word });
  }
  const changed = [...better.values()].some(({ unfinished }) => !unfinished);
  const now = parts.map((part) => (part.kind === "word" ? (better.get(part.text) ?? part) : part));
  return { parts: now, text: changed ? now.map(asTyped).join(" ") : null };
}

const asTyped = ({ kind, text }: QueryPart): string =>
  kind === "phrase" ? `"${text}"` : kind === "without" ? `-${text}` : text;

/** Matches in the head count more than those in a summary; votes decide among equals. */
async function ranked(
  db: Kysely<Tables>,
  parts: readonly Asked[],
  filter: CardFilter,
  limit: number,
  offset: number,
): Promise<{ readonly rows: readonly number[]; readonly total: number; readonly more: boolean }> {
  const condition = conditionOf(filter);
  // A query stands where it is used: from its words the planner knows how many rows to expect.
  const query = matching(parts);
  const byVotes = sql`order by s.score desc, s.year desc, s.paper_id`;
  const hasPhrase = parts.some(({ kind }) => kind === "phrase");
  // Whether words stand together is only known once a paper's words are read: of those that have them, the first are.
  const words = parts.map((part): Asked => (part.kind === "phrase" ? { ...part, kind: "word" } : part));
  const documents = hasPhrase
    ? sql`(select s.* from paper_search s where s.document @@ ${matching(words)} and ${condition}
        ${byVotes} limit ${mostRead})`
    : sql`paper_search`;
  const most = Math.max(mostRanked, 2 * (offset + limit));
  const { rows } = await sql<{ id: number; among: number }>`
    with candidates as (
      (select s.paper_id from paper_search s where s.head @@ ${query} and ${condition} ${byVotes} limit ${most})
      union
      (select s.paper_id from ${documents} s where s.document @@ ${query} and ${condition} ${byVotes} limit ${most}))
    select s.paper_id as id, (count(*) over ())::int as among from candidates join paper_search s using (paper_id)
    order by ts_rank('{0.1, 0.3, 0.6, 1}', s.document, ${query}) * (1 + ln(1 + greatest(s.score, 0)) / 10) desc, s.year desc, id
    limit ${limit} offset ${offset}`.execute(db);
  const ids = rows.map(({ id }) => id);
  const among = rows[0]?.among ?? 0;
  if (hasPhrase || among < most) return { rows: ids, total: among, more: among >= most };
  const counted = await sql<{ total: number }>`
    select count(*)::int as total from (
      select from paper_search s where s.document @@ ${query} and ${condition} limit ${mostCounted}) matches`.execute(
    db,
  );
  const total = counted.rows[0]?.total ?? 0;
  return { rows: ids, total, more: total === mostCounted };
}

/** Characters that no text has: they stand around what matches. */
const [start, end] = ["\u0002", "\u0003"];

/** Of each paper the passage of its best summary, by the paper's key. */
async function snippetsOf(
  db: Kysely<Tables>,
  ids: readonly number[],
  parts: readonly Asked[],
): Promise<Map<string, string>> {
  const wanted = parts.filter(({ kind }) => kind !== "without");
  const { rows } = await sql<{ key: string; snippet: string }>`
    with asked as materialized (select ${matching(wanted, "any")} as q)
    select p.bibtex_key as key, ts_headline('english', said.text, q,
      ${`StartSel=${start}, StopSel=${end}, MaxFragments=2, MaxWords=24, MinWords=10, FragmentDelimiter=" … "`}) as snippet
    from asked, papers p cross join lateral (
      select left(text, 20000) as text from public_summaries s
      where s.paper_id = p.id and s.words @@ (select q from asked)
      order by (select coalesce(sum(vote), 0) from votes where summary_id = s.id) desc, s.id limit 1) said
    where p.id in (${sql.join(ids)})`.execute(db);
  return new Map(rows.map(({ key, snippet }) => [key, snippet]));
}

function marked(snippet: string | undefined): Hit["snippet"] {
  if (snippet === undefined) return null;
  return snippet.split(start).flatMap((piece, i) => {
    const [inside = "", after = ""] = i === 0 ? ["", piece] : piece.split(end);
    return [
      ...(inside === "" ? [] : [{ text: inside, marked: true }]),
      ...(after === "" ? [] : [{ text: after, marked: false }]),
    ];
  });
}
