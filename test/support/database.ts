import { describe, inject } from "vitest";
import { createDatabase, type TestDatabase } from "./create-database.ts";
import { createMysqlDatabase, type TestMysqlDatabase } from "./create-mysql-database.ts";

export type { TestDatabase } from "./create-database.ts";
export type { TestMysqlDatabase } from "./create-mysql-database.ts";

/** Creates an empty database on the server of this test run, under a name nobody else has. */
export function createTestDatabase(): Promise<TestDatabase> {
  return createDatabase(inject("postgres").url);
}

/** Does the same on the MySQL or MariaDB server; for tests that are skipped where there is none. */
export async function createTestMysqlDatabase(): Promise<TestMysqlDatabase> {
  const server = inject("mysql");
  if (server === undefined) throw new Error("This test run has no MySQL server.");
  return await createMysqlDatabase(server.url);
}

/** Describes tests that need a MySQL or MariaDB server; they are skipped where there is none. */
export function describeMysql(name: string, fn: () => void): void {
  describe.skipIf(inject("mysql") === undefined)(name, fn);
}
