// The text of a link to a paper.
import { type Kysely, sql } from "kysely";
import { citedKeys } from "../../render/citations.ts";
import type { Tables } from "../database/schema.ts";

/** "Szegedy et al. 2014" */
export function citeLabel({ authors, year }: { readonly authors: readonly string[]; readonly year: number }): string {
  const names = authors.map((name) => name.split(" ").at(-1));
  return `${names.length > 2 ? `${names[0]} et al.` : names.join(" and ")} ${year}`;
}

/** Labels of the papers that a text cites, by the keys that it cites them with. */
export async function labelsFor(db: Kysely<Tables>, markdown: string): Promise<Map<string, string>> {
  const keys = citedKeys(markdown)
    .filter((key) => key !== "" && key.length <= 300)
    .slice(0, 500);
  if (keys.length === 0) return new Map();
  const { rows } = await sql<{ key: string; authors: string[]; year: number }>`
    select k.key, p.year, (select coalesce(json_agg(a.name order by pa.position), '[]')
      from paper_authors pa join authors a on a.id = pa.author_id where pa.paper_id = p.id) as authors
    from unnest(array[${sql.join(keys)}]::text[]) k(key)
    left join paper_aliases al on al.alias = k.key
    join papers p on (p.bibtex_key = k.key or p.id = al.paper_id) and p.withdrawn_at is null`.execute(db);
  return new Map(rows.map((row) => [row.key, citeLabel(row)]));
}
