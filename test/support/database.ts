import { inject } from "vitest";
import { createDatabase, type TestDatabase } from "./create-database.ts";

export type { TestDatabase } from "./create-database.ts";

/** Creates an empty database on the server of this test run, under a name nobody else has. */
export function createTestDatabase(): Promise<TestDatabase> {
  return createDatabase(inject("postgres").url);
}
