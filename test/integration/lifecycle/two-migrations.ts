import type { Migration } from "../../../src/core/migrator.ts";

/** One migration in a transaction, and one that refuses one. */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: "create_note",
    up: "create table note (id serial primary key, body text); insert into note (body) values ('first')",
    version: "20260101000001",
  },
  {
    name: "index_note",
    transaction: false,
    up: "create index concurrently note_body on note (body)",
    version: "20260101000002",
  },
];
