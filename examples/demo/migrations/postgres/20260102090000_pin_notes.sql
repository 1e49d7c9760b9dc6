-- migrate:up
alter table notes add column is_pinned boolean not null default false;
create index notes_order on notes (is_pinned desc, id desc);

-- migrate:down
drop index notes_order;
alter table notes drop column is_pinned;
