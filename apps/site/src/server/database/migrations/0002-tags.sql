-- What papers are about, in words that several of them share.

create table tags (
  id integer generated always as identity primary key,
  name text not null unique
);

create table paper_tags (
  paper_id integer not null references papers (id) on delete cascade,
  tag_id integer not null references tags (id) on delete cascade,
  primary key (paper_id, tag_id)
);
create index paper_tags_tag on paper_tags (tag_id);
