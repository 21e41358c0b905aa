// A made-up site of many papers, for measuring: words by Zipf's law, three summaries a paper, votes. Drawn from a seed.

import { Random } from "@reprise/data";
import { type Kysely, sql } from "kysely";
import type { Tables } from "../apps/site/src/server/database/schema.ts";

export interface SiteSize {
  readonly papers: number;
  readonly summariesEach: number;
  readonly seed: number;
}

const topics =
  "adversarial alignment attention autoencoder bayesian bilinear bits classification clustering contrastive convolution decoder detection diffusion distillation embedding ensemble entropy federated generalisation gradient graph kernel language learning likelihood loss margin mask memory model network normalisation objective optimiser policy pooling prediction prior pruning quantisation recurrent regression regularisation reinforcement representation residual robustness sampling segmentation sentence sequence similarity sparse stochastic supervision temporal tensor text token training transfer transformer tuning variational vector video vision weights".split(
    " ",
  );
const syllables =
  "ba be bi bo ca ce da de di do fa fe ga ge ha he jo ka ki la le li lo ma me mi mo na ne ni no pa pe po ra re ri ro sa se si so ta te ti to va ve vi vo wa zu".split(
    " ",
  );

/** A whole number from 0 to below `count`. */
const below = (random: Random, count: number) => Math.floor(random.uniform(0, count));

/** Words that are said more often the earlier they stand. */
function vocabulary(random: Random, count: number): string[] {
  const words = new Set(topics);
  while (words.size < count)
    words.add(Array.from({ length: 2 + below(random, 3) }, () => syllables[below(random, syllables.length)]!).join(""));
  return [...words];
}

/** The words of a site of this seed, commonest first. */
export const siteWords = (seed: number): string[] => vocabulary(new Random(seed), 30_000);

/** Fills an empty site. */
export async function makeSite(db: Kysely<Tables>, { papers, summariesEach, seed }: SiteSize): Promise<void> {
  const random = new Random(seed);
  const words = vocabulary(random, 30_000);
  const word = () => words[Math.floor(words.length ** random.uniform(0, 1)) - 1]!;
  const text = (count: number) => Array.from({ length: count }, word).join(" ");
  const names = Array.from({ length: 8000 }, () => {
    const name = () => {
      const said = words[topics.length + below(random, words.length - topics.length)]!;
      return said[0]!.toUpperCase() + said.slice(1);
    };
    return `${name()} ${name()}`;
  });
  const tables = ["papers", "paper_authors", "paper_tags", "summaries", "votes"];
  for (const table of tables) await sql.raw(`alter table ${table} disable trigger user`).execute(db);
  await sql`insert into users (name, display_name) select 'reader' || i, 'Reader ' || i from generate_series(1, 300) i`.execute(
    db,
  );
  await sql`insert into venues (name) select 'Venue ' || i from generate_series(1, 120) i`.execute(db);
  await sql`insert into tags (name) select unnest(${topics}::text[])`.execute(db);
  await sql`insert into authors (name) select distinct unnest(${names}::text[])`.execute(db);
  const batch = 500;
  for (let from = 0; from < papers; from += batch) {
    const rows = Array.from({ length: Math.min(batch, papers - from) }, (_, i) => ({
      key: `journals/made/Paper${from + i}`,
      title: text(6 + below(random, 6)),
      venue: 1 + below(random, 120),
      year: 1990 + below(random, 36),
      authors: Array.from({ length: 1 + below(random, 5) }, () => names[below(random, names.length)]!),
      tags: [...new Set(Array.from({ length: 3 }, () => topics[below(random, topics.length)]!))],
      texts: Array.from({ length: summariesEach }, () => text(150 + below(random, 150))),
      users: Array.from({ length: summariesEach }, (_, k) => 1 + ((from + i + 97 * k) % 300)),
      votes: Array.from({ length: summariesEach }, () => below(random, 6)),
    }));
    await sql`
      with made as (select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(key text, title text, venue int,
          year int, authors text[], tags text[], texts text[], users int[], votes int[])),
        written as (insert into papers (bibtex_key, title, venue_id, year, bibtex)
          select key, title, venue, year, '@article{' || key || '}' from made returning id, bibtex_key),
        wrote as (insert into paper_authors (paper_id, position, author_id)
          select w.id, n.position, a.id from made m join written w on w.bibtex_key = m.key
          cross join lateral unnest(m.authors) with ordinality n(name, position) join authors a on a.name = n.name),
        tagged as (insert into paper_tags (paper_id, tag_id) select w.id, t.id from made m
          join written w on w.bibtex_key = m.key cross join lateral unnest(m.tags) n(name) join tags t on t.name = n.name),
        said as (insert into summaries (paper_id, user_id, source, html, teaser_html, teaser_text, text)
          select w.id, n.writer, n.said, '<p>' || n.said || '</p>', '<p>' || left(n.said, 300) || '</p>', left(n.said, 300), n.said
          from made m join written w on w.bibtex_key = m.key
          cross join lateral unnest(m.texts, m.users) n(said, writer) returning id, paper_id, user_id)
      insert into votes (summary_id, user_id, vote)
        select s.id, 1 + (s.user_id + v.i) % 300, 1 from said s join written w on w.id = s.paper_id
        join made m on m.key = w.bibtex_key cross join lateral generate_series(1, m.votes[1 + s.id % ${summariesEach}]) v(i)`.execute(
      db,
    );
  }
  for (const table of tables) await sql.raw(`alter table ${table} enable trigger user`).execute(db);
  for (let from = 0; from < papers; from += batch)
    await sql`select count(refresh_paper_search(id)) from papers where id > ${from} and id <= ${from + batch}`.execute(
      db,
    );
  await sql`select count(learn_words(text)) from summaries`.execute(db);
  await sql`analyze`.execute(db);
}
