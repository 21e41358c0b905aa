-- A paper whose folder was taken out of the content is withdrawn: what readers wrote stays, and it can come back.
alter table papers add column withdrawn_at timestamptz;

-- The day a summary was written; unknown where nobody has said it.
alter table summaries alter column edited_at drop not null;
