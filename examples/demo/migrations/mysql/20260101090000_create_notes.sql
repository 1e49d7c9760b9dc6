-- migrate:up
create table notes (
  id bigint unsigned not null auto_increment primary key,
  body varchar(500) not null check (char_length(body) between 1 and 500),
  created_at timestamp not null default current_timestamp
);

-- migrate:down
drop table notes;
