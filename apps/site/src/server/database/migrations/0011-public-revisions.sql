-- Who may read a version is decided when it is saved: what was private then stays so when the summary becomes public.
alter table revisions add column public boolean not null default false;

-- Of versions saved before this, only the newest is known to have been public.
update revisions r set public = true
  from summaries s where s.id = r.summary_id and s.version = r.version and s.visibility = 'public';
