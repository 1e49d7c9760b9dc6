-- migrate:up
alter table notes
  add column is_pinned boolean not null default false,
  add index notes_order (is_pinned desc, id desc);

-- migrate:down
alter table notes
  drop index notes_order,
  drop column is_pinned;
