-- A mail a day with what is new for somebody, until they want none.
alter table users
  add column digest_at timestamptz,
  add column digest_off_at timestamptz,
  -- ends the mails from a link in them, without signing in
  add column digest_key text not null unique default replace(gen_random_uuid()::text, '-', '');
