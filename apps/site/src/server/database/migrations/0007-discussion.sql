-- Comments in threads, reports, and locked discussions.

alter table papers add column locked_at timestamptz;

alter table comments
  add column ref text not null unique default replace(gen_random_uuid()::text, '-', ''),
  add column parent_id integer references comments (id) on delete cascade,
  -- by the author of an anonymous summary, on it
  add column anonymous boolean not null default false,
  add column deleted_at timestamptz,
  add column held_at timestamptz,
  add column hidden_at timestamptz;
create index comments_parent on comments (parent_id);
create index comments_user on comments (user_id);
create index votes_user on votes (user_id);

create table reports (
  id integer generated always as identity primary key,
  summary_id integer references summaries (id) on delete cascade,
  comment_id integer references comments (id) on delete cascade,
  user_id integer not null references users (id) on delete cascade,
  reason text not null,
  created_at timestamptz not null default now(),
  resolved_at timestamptz,
  check ((summary_id is null) <> (comment_id is null)),
  unique (summary_id, user_id),
  unique (comment_id, user_id)
);
