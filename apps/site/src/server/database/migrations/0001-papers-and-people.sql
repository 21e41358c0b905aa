-- Papers, their people and places, and what readers write about them.
-- PostgreSQL 15 subset: the same text runs on PGlite and on a server.

create table venues (
  id integer generated always as identity primary key,
  name text not null unique
);

create table papers (
  id integer generated always as identity primary key,
  bibtex_key text not null unique,
  title text not null,
  venue_id integer not null references venues (id),
  year integer not null,
  arxiv_id text,
  doi text,
  links jsonb not null default '[]',
  bibtex text not null,
  results jsonb not null default '[]',
  run jsonb,
  updated_at timestamptz not null default now()
);
create index papers_venue on papers (venue_id);

create table paper_aliases (
  alias text primary key,
  paper_id integer not null references papers (id) on delete cascade
);
create index paper_aliases_paper on paper_aliases (paper_id);

create table authors (
  id integer generated always as identity primary key,
  name text not null unique
);

create table paper_authors (
  paper_id integer not null references papers (id) on delete cascade,
  position integer not null,
  author_id integer not null references authors (id),
  primary key (paper_id, position)
);
create index paper_authors_author on paper_authors (author_id);

create table users (
  id integer generated always as identity primary key,
  name text not null unique,
  display_name text not null,
  created_at timestamptz not null default now()
);

create table summaries (
  id integer generated always as identity primary key,
  paper_id integer not null references papers (id) on delete cascade,
  user_id integer not null references users (id),
  source text not null,
  html text not null,
  teaser_html text not null,
  teaser_text text not null,
  created_at timestamptz not null default now(),
  edited_at timestamptz not null default now(),
  unique (paper_id, user_id)
);
create index summaries_user on summaries (user_id);

create table votes (
  summary_id integer not null references summaries (id) on delete cascade,
  user_id integer not null references users (id),
  vote smallint not null check (vote in (-1, 1)),
  primary key (summary_id, user_id)
);

create table comments (
  id integer generated always as identity primary key,
  summary_id integer not null references summaries (id) on delete cascade,
  user_id integer not null references users (id),
  source text not null,
  html text not null,
  created_at timestamptz not null default now()
);
create index comments_summary on comments (summary_id);

-- What the content folder held when a paper was last taken from it.
create table seeds (
  bibtex_key text primary key,
  sha256 text not null,
  seeded_at timestamptz not null default now()
);
