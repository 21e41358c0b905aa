-- A second factor at sign-in: codes that change by time, and codes for when the device is lost.
alter table users
  add column totp_secret text,
  -- since when it is asked for; before, it is only being set up
  add column totp_since timestamptz,
  -- the last step whose code was used: none is worth anything twice
  add column totp_step integer;
create table recovery_codes (
  code_hash text primary key,
  user_id integer not null references users (id) on delete cascade
);
create index recovery_codes_user on recovery_codes (user_id);
alter table links drop constraint links_purpose_check;
alter table links add constraint links_purpose_check
  check (purpose in ('claim', 'confirm', 'reset', 'invite', 'second'));
