-- What people follow, who is mentioned where, and until when they have read what there is to tell them. What is told is
-- found when it is asked for: so nobody is told of what is private, held, hidden or deleted by then.
create table subscriptions (
  id integer generated always as identity primary key,
  user_id integer not null references users (id) on delete cascade,
  paper_id integer references papers (id) on delete cascade,
  author_id integer references authors (id) on delete cascade,
  tag_id integer references tags (id) on delete cascade,
  person_id integer references users (id) on delete cascade,
  check (num_nonnulls(paper_id, author_id, tag_id, person_id) = 1),
  unique (user_id, paper_id),
  unique (user_id, author_id),
  unique (user_id, tag_id),
  unique (user_id, person_id)
);
create index subscriptions_person on subscriptions (person_id);

create table mentions (
  id integer generated always as identity primary key,
  user_id integer not null references users (id) on delete cascade,
  summary_id integer references summaries (id) on delete cascade,
  comment_id integer references comments (id) on delete cascade,
  check (num_nonnulls(summary_id, comment_id) = 1),
  unique (summary_id, user_id),
  unique (comment_id, user_id)
);
create index mentions_user on mentions (user_id);

alter table users add column notices_read_at timestamptz;
