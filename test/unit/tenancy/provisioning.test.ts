import { describe, expect, it } from "vitest";
import { type Logger, SILENT_LOGGER } from "../../../src/core/logger.ts";
import type { LifecycleDeps } from "../../../src/lifecycle/deps.ts";
import { MigrationError } from "../../../src/migrate/migration-error.ts";
import { Operations } from "../../../src/tenancy/operations.ts";
import { createProvisioning } from "../../../src/tenancy/provisioning.ts";

describe("making tenants ready in the background", () => {
  it("logs of a failure which migration it was, and no value that the server quotes", async () => {
    const lines: unknown[] = [];
    const logger: Logger = { ...SILENT_LOGGER, error: (...line: unknown[]) => lines.push(line) };
    const failure = new MigrationError(
      {
        applied: [],
        file: "2_seed.sql",
        line: 3,
        schemaName: "tenant__1",
        statement: "insert into t values ('secret')",
        statementNumber: 1,
        tenant: "tenant__1",
        version: "2",
      },
      Object.assign(new Error('invalid input: "secret"'), { code: "22P02" }),
    );
    const deps = {
      driver: { session: () => Promise.reject(failure) },
      settings: { logger, provisioning: { ready: 1 }, registry: { schema: "public", table: "t" } },
    } as unknown as LifecycleDeps;
    await createProvisioning(deps, new Operations(logger)).refill();
    expect(lines).toMatchObject([
      [{ file: "2_seed.sql", sqlState: "22P02", version: "2" }, "tenants not made ready"],
    ]);
    expect(JSON.stringify(lines)).not.toContain("secret");
  });
});
