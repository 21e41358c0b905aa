-- Summaries that people write: who may read them, what they were before, what is not finished.

alter table summaries
  -- by which pages name it: it tells neither how many there are nor which came first
  add column ref text not null unique default replace(gen_random_uuid()::text, '-', ''),
  add column visibility text not null default 'public' check (visibility in ('public', 'private')),
  add column anonymous boolean not null default false,
  -- 128 random bits that open a private summary
  add column share text unique,
  add column machine text not null default 'none' check (machine in ('none', 'some', 'most')),
  -- when its author agreed to CC BY 4.0
  add column licensed_at timestamptz,
  add column version integer not null default 1,
  add column withdrawn_at timestamptz,
  -- waits for a moderator; hidden by one
  add column held_at timestamptz,
  add column hidden_at timestamptz;
-- What everybody may read.
alter table summaries add column listed boolean not null generated always as
  (visibility = 'public' and withdrawn_at is null and held_at is null and hidden_at is null) stored;
create index summaries_held on summaries (held_at) where held_at is not null;

create table revisions (
  summary_id integer not null references summaries (id) on delete cascade,
  version integer not null,
  source text not null,
  saved_at timestamptz not null default now(),
  primary key (summary_id, version)
);

create table drafts (
  user_id integer not null references users (id) on delete cascade,
  paper_id integer not null references papers (id) on delete cascade,
  source text not null,
  -- of the summary that it began from; 0 where there was none
  version integer not null,
  saved_at timestamptz not null default now(),
  primary key (user_id, paper_id)
);
