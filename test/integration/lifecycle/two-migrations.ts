import type { Migration } from "../../../src/core/migrator.ts";
import type { Engine } from "../../support/engines.ts";

/** One migration in a transaction, and one that refuses one. */
export function twoMigrations(family: Engine["family"]): readonly Migration[] {
  const index = family === "postgres" ? "index concurrently" : "index";
  return [
    {
      name: "create_note",
      up: "create table note (id serial primary key, body varchar(200)); insert into note (body) values ('first')",
      version: "20260101000001",
    },
    {
      name: "index_note",
      transaction: false,
      up: `create ${index} note_body on note (body)`,
      version: "20260101000002",
    },
  ];
}
