// How often papers are read, a number for each paper and day. Nothing about who reads is seen, kept or sent.
import { type Kysely, sql } from "kysely";
import type { Tables } from "./database/schema.ts";

const machines = /bot|crawl|spider|slurp|preview|monitor|fetch|curl|wget|python|node/i;

/** Counts in memory and writes now and then; visits since the last writing are lost when the process is killed. */
export class Visits {
  readonly #db: Kysely<Tables>;
  #counts = new Map<string, number>();
  /** Told when what is most read may have changed. */
  onWritten: (() => void) | undefined;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** A paper's page was answered. @param address  path and query, as asked for */
  seen(address: string, userAgent: string | undefined): void {
    if (!address.startsWith("/paper?") || machines.test(userAgent ?? "bot")) return;
    const key = new URLSearchParams(address.slice("/paper?".length)).get("bibtexKey");
    if (key === null) return;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Writes what was counted; what cannot be written is kept for the next time. */
  async write(): Promise<void> {
    const counts = this.#counts;
    if (counts.size === 0) return;
    this.#counts = new Map();
    try {
      await sql`
        insert into visits (paper_id, day, count)
        select p.id, current_date, seen.count
        from unnest(array[${sql.join([...counts.keys()])}]::text[], array[${sql.join([...counts.values()])}]::int[])
          seen(key, count) join papers p on p.bibtex_key = seen.key
        on conflict (paper_id, day) do update set count = visits.count + excluded.count`.execute(this.#db);
      await sql`
        with recent as (select paper_id, sum(count)::int as count from visits where day >= current_date - 1 group by paper_id)
        update paper_search s set visits = coalesce(recent.count, 0)
        from (select paper_id from recent union select paper_id from paper_search where visits > 0) either
          left join recent using (paper_id)
        where s.paper_id = either.paper_id and s.visits <> coalesce(recent.count, 0)`.execute(this.#db);
    } catch (error) {
      for (const [key, count] of counts) this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
      throw error;
    }
    this.onWritten?.();
  }
}
