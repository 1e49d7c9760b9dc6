import { describe, inject, type ProvidedContext } from "vitest";
import { createDatabase, type TestDatabase } from "./create-database.ts";
import { createMysqlDatabase, type TestMysqlDatabase } from "./create-mysql-database.ts";

export type { TestDatabase } from "./create-database.ts";
export type { TestMysqlDatabase } from "./create-mysql-database.ts";

/** Creates an empty database on the server of this test run, under a name nobody else has. */
export function createTestDatabase(): Promise<TestDatabase> {
  return createDatabase(inject("postgres").url);
}

/** Does the same on the MySQL or MariaDB server of this test run. */
export async function createTestMysqlDatabase(): Promise<TestMysqlDatabase> {
  return await createMysqlDatabase(requireMysql().url);
}

/** The MySQL or MariaDB server, for tests that are skipped where there is none. */
export function requireMysql(): NonNullable<ProvidedContext["mysql"]> {
  const server = inject("mysql");
  if (server === undefined) throw new Error("This test run has no MySQL server.");
  return server;
}

/** Describes tests that need a MySQL or MariaDB server; they are skipped where there is none. */
export function describeMysql(name: string, fn: () => void): void {
  const describeHere = inject("mysql") === undefined ? describe.skip : describe;
  describeHere(name, fn);
}
