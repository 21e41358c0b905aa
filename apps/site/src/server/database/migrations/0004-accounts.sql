-- Accounts: who signs in, with which rights; what an administrator sees of it.

alter table users
  add column email text,
  add column email_verified_at timestamptz,
  -- null: nobody signs in to it, as to the account of the site's own summaries
  add column password_hash text,
  add column role text not null default 'author' check (role in ('reader', 'author', 'moderator', 'admin')),
  add column about text not null default '',
  add column banned_at timestamptz,
  add column deleted_at timestamptz,
  -- since when what it writes is shown without being looked at first
  add column trusted_at timestamptz;
create unique index users_name_once on users (lower(name));
-- Only an address that its owner has confirmed is taken: whoever types another's finds nothing out and blocks nobody.
create unique index users_email_once on users (lower(email)) where email_verified_at is not null;
create index users_email on users (lower(email));

-- The token itself is in the browser's cookie alone.
create table sessions (
  id integer generated always as identity primary key,
  token_hash text not null unique,
  user_id integer not null references users (id) on delete cascade,
  agent text not null,
  created_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index sessions_user on sessions (user_id);

-- Links that work once: to become the administrator, to confirm an address, to set a new password, to sign up.
create table links (
  token_hash text primary key,
  purpose text not null check (purpose in ('claim', 'confirm', 'reset', 'invite')),
  user_id integer references users (id) on delete cascade,
  email text,
  expires_at timestamptz not null
);

create table outbox (
  id integer generated always as identity primary key,
  recipient text not null,
  subject text not null,
  body text not null,
  created_at timestamptz not null default now(),
  sent_at timestamptz
);

create table settings (
  name text primary key,
  value text not null
);

-- What people with rights did; rows are only ever added.
create table audit_log (
  id integer generated always as identity primary key,
  actor_id integer references users (id),
  action text not null,
  subject text not null,
  reason text not null default '',
  created_at timestamptz not null default now()
);
create function audit_log_is_kept() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is only added to';
end $$;
create trigger audit_log_is_kept before update or delete or truncate on audit_log
  for each statement execute function audit_log_is_kept();
