-- Mails that a server takes: what waits, since when, until when it is not tried again.
alter table outbox
  add column tries integer not null default 0,
  add column next_at timestamptz not null default now(),
  -- the mail server will not have it
  add column refused_at timestamptz;
create index outbox_waiting on outbox (next_at) where sent_at is null and refused_at is null;
