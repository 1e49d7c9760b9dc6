import type { Migration } from "../../../src/core/migrator.ts";

/** Two migrations, the second of which refuses a transaction: their schema cannot be rolled back. */
export const OUTSIDE: readonly Migration[] = [
  { name: "item", up: "create table item (id int primary key)", version: "20260101000001" },
  {
    name: "item_index",
    transaction: false,
    up: "create index item_index on item (id)",
    version: "20260101000002",
  },
];
