// The tables of migrations/*.sql as types, for Kysely.
import type { ColumnType, Generated, GeneratedAlways, JSONColumnType } from "kysely";
import type { PaperLink, ResultTable, StoredRun } from "../content-format.ts";

type Timestamp = ColumnType<Date, Date | string | undefined, Date | string>;

export interface Tables {
  venues: { id: GeneratedAlways<number>; name: string };
  papers: {
    id: GeneratedAlways<number>;
    bibtex_key: string;
    title: string;
    venue_id: number;
    year: number;
    arxiv_id: string | null;
    doi: string | null;
    links: JSONColumnType<PaperLink[]>;
    bibtex: string;
    results: JSONColumnType<ResultTable[]>;
    run: JSONColumnType<StoredRun | null>;
    updated_at: Timestamp;
    /** When its folder was taken out of the content; null while it is shown. */
    withdrawn_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  };
  paper_aliases: { alias: string; paper_id: number };
  authors: { id: GeneratedAlways<number>; name: string };
  paper_authors: { paper_id: number; position: number; author_id: number };
  tags: { id: GeneratedAlways<number>; name: string };
  paper_tags: { paper_id: number; tag_id: number };
  users: { id: GeneratedAlways<number>; name: string; display_name: string; created_at: Timestamp };
  summaries: {
    id: GeneratedAlways<number>;
    paper_id: number;
    user_id: number;
    source: string;
    html: string;
    teaser_html: string;
    teaser_text: string;
    /** Without markup, for the search. */
    text: ColumnType<string, string | undefined, string>;
    created_at: Timestamp;
    /** Null where the day is not known. */
    edited_at: ColumnType<Date | null, Date | string | null | undefined, Date | string | null>;
  };
  votes: { summary_id: number; user_id: number; vote: number };
  comments: {
    id: GeneratedAlways<number>;
    summary_id: number;
    user_id: number;
    source: string;
    html: string;
    created_at: Generated<Date>;
  };
  /** What the search and the lists read of a paper; triggers write it. */
  paper_search: {
    paper_id: number;
    year: number;
    venue_id: number;
    score: number;
    visits: Generated<number>;
    written_at: Date | null;
    reproduced: boolean;
  };
  visits: { paper_id: number; day: string; count: number };
  seeds: { bibtex_key: string; sha256: string; seeded_at: Timestamp };
  migrations: { name: string; sha256: string; applied_at: Timestamp };
}
