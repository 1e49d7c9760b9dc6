import type { TestProject } from "vitest/node";
import { startPostgres, type RunningPostgres } from "./postgres-server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The server that this test run uses. */
    postgres: Omit<RunningPostgres, "stop">;
  }
}

/** Starts one PostgreSQL server for all test files, and ends it after them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { stop, ...postgres } = await startPostgres();
  project.provide("postgres", postgres);
  return stop;
}
