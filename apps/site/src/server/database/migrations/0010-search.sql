-- Finding papers. What everybody may read of a paper is one document of words; triggers keep it in step with its parts.
create extension if not exists pg_trgm with schema public;
create extension if not exists unaccent with schema public;

-- Immutable, as an index needs it: its dictionary is part of PostgreSQL.
-- Small letters without accents; between the words a space each.
create function plain_letters(text) returns text language sql immutable parallel safe strict
  as $$ select regexp_replace(lower(public.unaccent('public.unaccent'::regdictionary, $1)),
    '[^a-z0-9\u0080-\U0010ffff]+', ' ', 'g') $$;

-- The summary as its readers see it, without markup.
alter table summaries add column text text not null default '';
alter table summaries add column words tsvector
  generated always as (to_tsvector('english', plain_letters(text))) stored;

-- Summaries that everybody may read: all that is found, listed and counted goes through here.
create view public_summaries as
  select id, paper_id, text, words, teaser_html, teaser_text, edited_at from summaries where listed;

create table paper_search (
  paper_id integer primary key references papers (id) on delete cascade,
  -- title (A), authors (B), tags, venue, year and names (C)
  head tsvector not null,
  -- the head, and what the summaries say (D)
  document tsvector not null,
  year integer not null,
  venue_id integer not null references venues (id),
  -- the sum of the votes for its summaries
  score integer not null default 0,
  -- of today and yesterday
  visits integer not null default 0,
  -- the newest summary's day
  written_at timestamptz,
  -- some claimed figure stands beside one of ours
  reproduced boolean not null,
  summaries integer not null
);
create index paper_search_head on paper_search using gin (head);
create index paper_search_document on paper_search using gin (document);
create index paper_search_popular on paper_search (visits desc, score desc, year desc, paper_id);
create index paper_search_best on paper_search (score desc, year desc, paper_id);
create index paper_search_newest on paper_search (written_at desc nulls last, year desc, paper_id);
create index paper_search_year on paper_search (year desc, paper_id);
create index paper_search_venue on paper_search (venue_id);
create index papers_key on papers (lower(bibtex_key));
create index paper_aliases_lower on paper_aliases (lower(alias));

-- Words that occur, for queries with a slip of the pen.
create table search_words (
  word text collate "C" primary key,
  -- what it has in common with its other forms
  stem text collate "C"
);
create index search_words_stem on search_words (stem);
create index search_words_similar on search_words using gin (word gin_trgm_ops);

create function learn_words(texts text) returns void language sql as $$
  insert into search_words
  select distinct word, (tsvector_to_array(to_tsvector('english', word)))[1] from regexp_split_to_table(plain_letters(texts), ' ') word
  where length(word) between 4 and 30 and word !~ '[0-9]'
  on conflict do nothing
$$;

create function refresh_paper_search(id_of_paper integer) returns void language plpgsql as $$
declare
  paper papers;
  venue text;
  people text;
  topics text;
  names text;
  head_now tsvector;
begin
  select * into paper from papers where id = id_of_paper;
  if not found or paper.withdrawn_at is not null then
    delete from paper_search where paper_id = id_of_paper;
    return;
  end if;
  select name into venue from venues where id = paper.venue_id;
  select string_agg(a.name, ' ' order by pa.position) into people
    from paper_authors pa join authors a on a.id = pa.author_id where pa.paper_id = id_of_paper;
  select string_agg(t.name, ' ') into topics
    from paper_tags pt join tags t on t.id = pt.tag_id where pt.paper_id = id_of_paper;
  select string_agg(alias, ' ') into names from paper_aliases where paper_id = id_of_paper;
  names := concat_ws(' ', paper.bibtex_key, names, paper.doi, paper.arxiv_id);
  head_now :=
    setweight(to_tsvector('english', plain_letters(paper.title)), 'A') ||
    setweight(to_tsvector('english', plain_letters(coalesce(people, ''))), 'B') ||
    setweight(to_tsvector('english', plain_letters(concat_ws(' ', topics, venue, paper.year, names))), 'C');
  insert into paper_search (paper_id, head, document, year, venue_id, score, written_at, reproduced, summaries)
  select id_of_paper, head_now, head_now || coalesce(said.words, ''::tsvector), paper.year, paper.venue_id,
    coalesce((select sum(v.vote) from public_summaries s join votes v on v.summary_id = s.id
      where s.paper_id = id_of_paper), 0),
    said.written_at,
    jsonb_path_exists(paper.results, '$[*].rows[*].reproduced ? (@ != null)'),
    said.number
  from (
    select max(edited_at) as written_at, count(*) as number, words_together(array_agg(words)) as words
    from public_summaries where paper_id = id_of_paper) said
  on conflict (paper_id) do update set head = excluded.head, document = excluded.document, year = excluded.year,
    venue_id = excluded.venue_id, score = excluded.score, written_at = excluded.written_at,
    reproduced = excluded.reproduced, summaries = excluded.summaries;
  perform learn_words(concat_ws(' ', paper.title, people, topics, venue));
end $$;

create function words_together(parts tsvector[]) returns tsvector language plpgsql immutable as $$
declare
  part tsvector;
  whole tsvector := '';
begin
  foreach part in array coalesce(parts, '{}') loop
    whole := whole || setweight(part, 'D');
  end loop;
  return whole;
end $$;

create function paper_changed() returns trigger language plpgsql as $$
begin
  perform refresh_paper_search(new.id);
  return null;
end $$;
create trigger search_papers after insert or update on papers
  for each row execute function paper_changed();

create function part_of_paper_changed() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' then perform refresh_paper_search(old.paper_id); end if;
  if tg_op = 'INSERT' or tg_op = 'UPDATE' and new.paper_id <> old.paper_id then
    perform refresh_paper_search(new.paper_id);
  end if;
  return null;
end $$;
create trigger search_authors after insert or update or delete on paper_authors
  for each row execute function part_of_paper_changed();
create trigger search_tags after insert or update or delete on paper_tags
  for each row execute function part_of_paper_changed();
create trigger search_aliases after insert or update or delete on paper_aliases
  for each row execute function part_of_paper_changed();

create function summary_changed() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' then perform refresh_paper_search(old.paper_id); end if;
  if tg_op = 'INSERT' or tg_op = 'UPDATE' and new.paper_id <> old.paper_id then
    perform refresh_paper_search(new.paper_id);
  end if;
  if tg_op <> 'DELETE' then
    perform learn_words(text) from public_summaries where id = new.id;
  end if;
  return null;
end $$;
create trigger search_summaries after insert or update or delete on summaries
  for each row execute function summary_changed();

create function votes_changed() returns trigger language plpgsql as $$
declare
  voted integer := case tg_op when 'DELETE' then old.summary_id else new.summary_id end;
begin
  update paper_search set score = coalesce((
      select sum(v.vote) from public_summaries s join votes v on v.summary_id = s.id
      where s.paper_id = paper_search.paper_id), 0)
    where paper_id = (select paper_id from public_summaries where id = voted);
  return null;
end $$;
create trigger search_votes after insert or update or delete on votes
  for each row execute function votes_changed();

do $$ begin perform refresh_paper_search(id) from papers; end $$;

-- Visits of a paper's page, a number for each day: nothing about who came.
create table visits (
  paper_id integer not null references papers (id) on delete cascade,
  day date not null,
  count integer not null,
  primary key (paper_id, day)
);
create index visits_day on visits (day);
