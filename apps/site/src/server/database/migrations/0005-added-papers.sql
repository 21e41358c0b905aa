-- Papers that people add, and how one finds that a paper is there already.
alter table papers
  add column added_by integer references users (id),
  add column title_key text generated always as (lower(regexp_replace(title, '[[:space:][:punct:]]+', '', 'g'))) stored;
create index papers_title_key on papers (title_key);
create index papers_doi_lower on papers (lower(doi));
create index papers_arxiv_id on papers (arxiv_id);
