// The tables of migrations/*.sql as types, for Kysely.
import type { ColumnType, Generated, GeneratedAlways, JSONColumnType } from "kysely";
import type { PaperLink, ResultTable, StoredRun } from "../content-format.ts";

type Timestamp = ColumnType<Date, Date | string | undefined, Date | string>;
type NullableTimestamp = ColumnType<Date | null, Date | null | undefined, Date | null>;

/** What an account may do, each what those before it may. */
export const roles = ["reader", "author", "moderator", "admin"] as const;
export type Role = (typeof roles)[number];
/** Who may read a summary. */
export type Visibility = "public" | "private";
/** How much of a summary a machine has written. */
export type MachineHelp = "none" | "some" | "most";
export type LinkPurpose = "claim" | "confirm" | "reset" | "invite";

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
    added_by: ColumnType<number | null, number | null | undefined, number | null>;
    title_key: GeneratedAlways<string>;
    /** Since when nothing more is said about it. */
    locked_at: NullableTimestamp;
  };
  paper_aliases: { alias: string; paper_id: number };
  authors: { id: GeneratedAlways<number>; name: string };
  paper_authors: { paper_id: number; position: number; author_id: number };
  tags: { id: GeneratedAlways<number>; name: string };
  paper_tags: { paper_id: number; tag_id: number };
  users: {
    id: GeneratedAlways<number>;
    name: string;
    display_name: string;
    created_at: Timestamp;
    email: string | null;
    email_verified_at: NullableTimestamp;
    password_hash: string | null;
    role: ColumnType<Role, Role | undefined, Role>;
    about: Generated<string>;
    banned_at: NullableTimestamp;
    deleted_at: NullableTimestamp;
    trusted_at: NullableTimestamp;
    notices_read_at: NullableTimestamp;
  };
  sessions: {
    id: GeneratedAlways<number>;
    token_hash: string;
    user_id: number;
    agent: string;
    created_at: Timestamp;
    seen_at: Timestamp;
    expires_at: Timestamp;
  };
  subscriptions: {
    id: GeneratedAlways<number>;
    user_id: number;
    paper_id: ColumnType<number | null, number | null | undefined, never>;
    author_id: ColumnType<number | null, number | null | undefined, never>;
    tag_id: ColumnType<number | null, number | null | undefined, never>;
    person_id: ColumnType<number | null, number | null | undefined, never>;
  };
  mentions: {
    id: GeneratedAlways<number>;
    user_id: number;
    summary_id: ColumnType<number | null, number | null | undefined, never>;
    comment_id: ColumnType<number | null, number | null | undefined, never>;
  };
  former_names: { name: string; user_id: number };
  api_tokens: {
    id: GeneratedAlways<number>;
    token_hash: string;
    user_id: number;
    name: string;
    scopes: string[];
    created_at: Timestamp;
    used_on: ColumnType<Date | string | null, never, Date | string>;
    expires_at: Timestamp;
  };
  links: {
    token_hash: string;
    purpose: LinkPurpose;
    user_id: number | null;
    email: string | null;
    expires_at: Timestamp;
  };
  outbox: {
    id: GeneratedAlways<number>;
    recipient: string;
    subject: string;
    body: string;
    created_at: Timestamp;
    sent_at: NullableTimestamp;
    tries: Generated<number>;
    next_at: Timestamp;
    refused_at: NullableTimestamp;
  };
  settings: { name: string; value: string };
  audit_log: {
    id: GeneratedAlways<number>;
    actor_id: number | null;
    action: string;
    subject: string;
    /** The person it is about, who may be deleted later: then the log names nobody. */
    subject_id: ColumnType<number | null, number | null | undefined, never>;
    reason: Generated<string>;
    created_at: Timestamp;
  };
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
    ref: ColumnType<string, never, never>;
    visibility: ColumnType<Visibility, Visibility | undefined, Visibility>;
    anonymous: Generated<boolean>;
    share: ColumnType<string | null, string | null | undefined, string | null>;
    machine: ColumnType<MachineHelp, MachineHelp | undefined, MachineHelp>;
    licensed_at: NullableTimestamp;
    version: Generated<number>;
    withdrawn_at: NullableTimestamp;
    held_at: NullableTimestamp;
    hidden_at: NullableTimestamp;
    listed: ColumnType<boolean, never, never>;
  };
  revisions: { summary_id: number; version: number; source: string; saved_at: Timestamp; public: Generated<boolean> };
  drafts: { user_id: number; paper_id: number; source: string; version: number; saved_at: Timestamp };
  votes: { summary_id: number; user_id: number; vote: number };
  comments: {
    id: GeneratedAlways<number>;
    summary_id: number;
    user_id: number;
    source: string;
    html: string;
    created_at: Generated<Date>;
    ref: ColumnType<string, never, never>;
    parent_id: ColumnType<number | null, number | null | undefined, number | null>;
    anonymous: Generated<boolean>;
    deleted_at: NullableTimestamp;
    held_at: NullableTimestamp;
    hidden_at: NullableTimestamp;
  };
  reports: {
    id: GeneratedAlways<number>;
    summary_id: number | null;
    comment_id: number | null;
    user_id: number;
    reason: string;
    created_at: Timestamp;
    resolved_at: NullableTimestamp;
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
