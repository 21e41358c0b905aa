-- Names that people had, tokens of programs, and a log that names people by their row: a deleted account's name goes.

alter table audit_log add column subject_id integer references users (id);
-- What the log has of people so far; its own trigger would refuse this.
alter table audit_log disable trigger audit_log_is_kept;
update audit_log l set subject = '', subject_id = u.id from users u
  where u.name = l.subject and (l.action in ('banned', 'let back in') or l.action like 'made %');
update audit_log set subject = 'a deleted account'
  where subject_id is null and (action in ('banned', 'let back in') or action like 'made %');
alter table audit_log enable trigger audit_log_is_kept;

-- A name that somebody had leads to them and is nobody else's.
create table former_names (
  name text primary key,
  user_id integer not null references users (id) on delete cascade
);
create index former_names_user on former_names (user_id);

-- What programs sign in with; the token itself is shown once.
create table api_tokens (
  id integer generated always as identity primary key,
  token_hash text not null unique,
  user_id integer not null references users (id) on delete cascade,
  name text not null,
  scopes text[] not null,
  created_at timestamptz not null default now(),
  -- the day, so that a token's use writes once a day
  used_on date,
  expires_at timestamptz not null
);
create index api_tokens_user on api_tokens (user_id);
