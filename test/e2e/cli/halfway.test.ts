import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  type Admin,
  describeEngines,
  type EngineDatabase,
  inWords,
  MYSQL2,
  POSTGRES,
} from "../../support/engines.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { createTenancy } from "../../../src/tenancy/create-tenancy.ts";
import { createWorkspace, type Workspace } from "./workspace.ts";

describeEngines(
  "a migration that stopped halfway",
  (engine) => {
    let database: EngineDatabase;
    let workspace: Workspace;
    let admin: Admin;
    const file = "migrations/tenant/20260101000001_stops.sql";
    const marker = "-- migrate:no-transaction\n";
    const text = (second: string): string =>
      `${marker}-- migrate:up\ncreate table one (id int);\n${second};\ncreate table three (id int);\n` +
      "-- migrate:down\ndrop table one;\ndrop table nope;\n";
    const history = (): string => `${database.tenantPrefix}acme.kirayedar_migrations`;

    beforeEach(async () => {
      database = await engine.open();
      admin = await database.connect();
      const name = engine.family === "mysql" ? "mysql2" : "pg";
      const prefix = `tenantPrefix: ${JSON.stringify(database.tenantPrefix)}`;
      workspace = createWorkspace(database.url, prefix, name);
      await stopHalfway();
    });

    /** What the command line would do, without starting it each time. */
    async function stopHalfway(): Promise<void> {
      const open = (): Tenancy =>
        createTenancy({
          database: database.driver(),
          rootDir: workspace.folder,
          tenantPrefix: database.tenantPrefix,
        });
      await using empty = open();
      await empty.migrateGlobal();
      for (const slug of ["acme", "globex"]) await empty.create(slug);
      workspace.write(file, text("create tabel two (id int)"));
      await using tenancy = open();
      await expect(tenancy.migrate("acme")).rejects.toMatchObject({ code: "MIGRATION_FAILED" });
    }

    afterEach(async () => {
      workspace.remove();
      await admin.end();
      await database.drop();
    });

    it("is shown with its statement, and named in the fleet's status", async () => {
      const shown = await workspace.run("status", "acme");
      expect(shown.stdout).toMatch(
        /^20260101000001 +stops +stopped halfway after 1 of 3 statements +\d{4}-/m,
      );
      expect(shown.stdout).toMatch(/^20260101000001: Statement 2 failed: .*tabel/m);
      expect(shown.stdout).toContain(`(${join(workspace.folder, file)}:4)`);
      expect(shown.stdout).toContain("\n  create tabel two (id int)\n");
      expect(shown.stdout).toContain("`kirayedar migrate acme` goes on there.");
      expect(await workspace.json("status", "acme")).toMatchObject({
        document: {
          histories: [
            {
              migrations: [
                {
                  direction: "up",
                  state: "partial",
                  statementCount: 3,
                  statementsDone: 1,
                  stop: "failed",
                  stoppedAt: {
                    line: 4,
                    statement: "create tabel two (id int)",
                    statementNumber: 2,
                  },
                },
              ],
            },
          ],
        },
      });
      const fleet = await workspace.run("status");
      expect(fleet.stdout).toContain("Behind: globex.\nStopped halfway: acme.");
      expect(await workspace.json("status", "--check")).toMatchObject({
        code: 1,
        document: { dirty: { count: 1, slugs: ["acme"] } },
      });
    });

    it("is refused when it was interrupted, until it is said how to go on", async () => {
      workspace.write(file, text("create table two (id int)"));
      await admin.query(`update ${history()} set error = null`);
      const shown = await workspace.run("status", "acme");
      expect(shown.stdout).toContain("Statement 2 was interrupted, or is running now");
      expect(shown.stdout).toContain("`kirayedar migrate acme --interrupted repeat` or `… skip`");
      const fleet = await workspace.run("migrate", "--all");
      expect(fleet.stdout).toMatch(/^acme +failed +.* MIGRATION_INTERRUPTED$/m);
      expect(fleet.stdout).toMatch(/^globex +migrated/m);
      expect(fleet.stderr).toMatch(/statement 2 of 3, and nobody knows whether that ran/);
      expect(fleet.stderr).toContain("statement: create table two (id int)");
      expect(fleet.code).toBe(1);
      expect((await workspace.run("migrate", "acme", "--interrupted", "maybe")).code).toBe(2);
      const done = await workspace.run("migrate", "--all", "--interrupted", "skip");
      expect(done.stdout).toMatch(/^acme +migrated +.* 20260101000001$/m);
      expect(done.code).toBe(0);
      const { document } = await workspace.json("health", "acme");
      expect(document).toMatchObject({ tenants: [{ health: { tableCount: 2 } }] });
    });

    it("blocks `migrate` while it is half rolled back, and is finished by `rollback`", async () => {
      const back = await workspace.run("rollback", "acme");
      expect(back.stderr).toMatch(/20260101000001_stops\.sql:8 failed/);
      const shown = await workspace.run("status", "acme");
      expect(shown.stdout).toMatch(/^20260101000001 +stops +half rolled back after 1 of 2/m);
      expect(shown.stdout).toContain("`kirayedar rollback acme` goes on there.");
      const on = await workspace.run("migrate", "acme");
      expect(on.stderr).toMatch(/half rolled back .*Finish that first with `rollback`/);
      expect(on.code).toBe(1);
      await admin.query(`update ${history()} set error = null`);
      expect((await workspace.run("rollback", "acme")).stderr).toContain("MIGRATION_INTERRUPTED");
      const redone = await workspace.run("redo", "acme", "--interrupted", "skip");
      // It is undone, and then stops as before.
      expect(redone.stderr).toMatch(/20260101000001_stops\.sql:4 failed/);
      workspace.write(file, text(inWords(engine, { mysql: "do 1", postgres: "select 1" })));
      expect((await workspace.run("migrate", "acme")).code).toBe(0);
    });
  },
  [POSTGRES, MYSQL2],
);
