import { afterEach, beforeEach, expect, it } from "vitest";
import {
  createTestMysqlDatabase,
  describeMysql,
  type TestMysqlDatabase,
} from "../../support/database.ts";
import { createWorkspace, type Workspace, writeMigrations } from "./workspace.ts";

describeMysql("the command line, on MySQL and MariaDB", () => {
  let database: TestMysqlDatabase;
  let workspace: Workspace;

  beforeEach(async () => {
    database = await createTestMysqlDatabase();
    const prefix = `tenantPrefix: ${JSON.stringify(database.prefix)}`;
    workspace = createWorkspace(database.url, prefix, "mysql2");
  });

  afterEach(async () => {
    workspace.remove();
    await database.drop();
  });

  async function succeed(...args: string[]): Promise<string> {
    const { code, stderr, stdout } = await workspace.run(...args);
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    return stdout;
  }

  it("makes, migrates, renames, suspends and drops tenants", { timeout: 120_000 }, async () => {
    writeMigrations(workspace, 2);
    expect(await succeed("migrate", "--global")).toContain(`Global schema ${database.name}`);
    await succeed("create", "acme", "--name", "Acme");
    await succeed("create", "globex");
    writeMigrations(workspace);
    expect((await workspace.json("status", "acme")).document).toMatchObject({
      histories: [{ tenant: "acme" }],
    });
    expect(await succeed("migrate", "--all")).toContain("2 tenants: 2 migrated");
    await succeed("rollback", "acme");
    expect(await succeed("migrate", "--all")).toContain("1 migrated, 1 with nothing to do");
    await succeed("rename", "acme", "acme-corp", "--schema", `${database.prefix}moved`, "--yes");
    expect(await succeed("list")).toMatch(/^acme-corp +/m);
    expect((await workspace.json("health", "acme-corp")).document).toMatchObject({ ok: true });
    await succeed("suspend", "globex");
    await succeed("drop", "acme-corp", "--yes");
    expect(await succeed("list")).not.toContain("acme-corp");
  });

  it("shows where a migration stopped, by tenant, and goes on from there", async () => {
    writeMigrations(workspace, 1);
    await succeed("migrate", "--global");
    await succeed("create", "acme");
    await succeed("create", "globex");
    const path = "migrations/tenant/20260101000002_two_steps.sql";
    const broken = "-- migrate:up\ncreate table fine (id int);\ncreate tabel oops (id int);\n";
    workspace.write(path, broken);
    const failed = await workspace.run("migrate", "--all");
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain("20260101000002_two_steps.sql:3");
    expect(failed.stderr).toMatch(/^globex$/m);
    const status = await workspace.run("status", "acme");
    expect(status.stdout).toContain("stopped halfway after 1 of 2 statements");
    expect(status.stdout).toContain("create tabel oops");
    workspace.write(path, broken.replace("tabel", "table"));
    expect(await succeed("migrate", "--all")).toContain("2 tenants: 2 migrated");
    expect((await workspace.run("status", "acme")).stdout).not.toContain("halfway");
  });
});
