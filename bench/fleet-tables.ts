import type { Migration } from "kirayedar";

/** Tables of every tenant. With their keys they have 40 indexes. */
export const TABLES = 20;

/** Rows of the table that the report reads, in every tenant. */
export const REPORT_ROWS = 5;

/** One migration, for whoever applies it. */
export interface FleetMigration {
  /** Orders migrations, and names them. */
  readonly version: string;
  /** What it does. */
  readonly name: string;
  /**
   * Returns its statements.
   *
   * @param prefix - put before each table: a schema and a dot, or nothing where it is in the search path
   */
  readonly statements: (prefix: string) => readonly string[];
}

/** Returns the migrations that make a tenant: one for each table. */
export function tableMigrations(): FleetMigration[] {
  return Array.from({ length: TABLES }, (_, index) => {
    const number = index + 1;
    return {
      name: `create_item_${number}`,
      statements: (prefix) => tableStatements(number, prefix),
      version: versionOf(number),
    };
  });
}

/**
 * Returns the two migrations of one round of changes: a column, and an index on it. No two
 * contenders of a round change the same table, so that none of them finds another's index there.
 *
 * @param owner - who applies them; part of the column's name
 * @param round - counted from 1, over all rounds
 * @param seat - which of the tables of a round is the owner's
 */
export function changeMigrations(owner: string, round: number, seat: number): FleetMigration[] {
  const table = `item_${((round * SEATS + seat) % TABLES) + 1}`;
  const column = `${owner}_${round}`;
  const first = TABLES + round * 2 - 1;
  return [
    {
      name: `add_${column}`,
      statements: (prefix) => [`alter table ${prefix}${table} add column ${column} integer;`],
      version: versionOf(first),
    },
    {
      name: `index_${column}`,
      statements: (prefix) => [`create index ${table}_${column} on ${prefix}${table} (${column});`],
      version: versionOf(first + 1),
    },
  ];
}

/** Contenders of a round that change all tenants; those on a sample take the last seat. */
const SEATS = 4;

/** Returns a migration as the toolkit takes it. */
export function toMigration({ name, statements, version }: FleetMigration): Migration {
  return { name, up: statements("").join("\n"), version };
}

/** Returns what makes a tenant without any tool: the schema, then all statements in it. */
export function creationStatements(schema: string): string[] {
  return [
    `create schema ${schema};`,
    `set search_path = ${schema};`,
    ...tableMigrations().flatMap(({ statements }) => statements("")),
  ];
}

function versionOf(number: number): string {
  return `20260101${String(number).padStart(6, "0")}`;
}

/** A table as applications have them: a key, an index, texts, and for every fourth a reference. */
function tableStatements(number: number, prefix: string): string[] {
  const table = `${prefix}item_${number}`;
  const references = number % 4 === 0 ? ` references ${prefix}item_${number - 1} (id)` : "";
  return [
    `create table ${table} (` +
      "id bigint generated always as identity primary key, " +
      `parent_id bigint${references}, name text not null, code text not null, ` +
      "amount numeric(12, 2) not null default 0, created_at timestamptz not null default now());",
    `create index item_${number}_code on ${table} (code);`,
    ...(number === 1 ? [reportRows(table)] : []),
  ];
}

function reportRows(table: string): string {
  return (
    `insert into ${table} (name, code, amount) ` +
    `select 'item ' || n, 'code ' || n, 1 from generate_series(1, ${REPORT_ROWS}) n;`
  );
}
