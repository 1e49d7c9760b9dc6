import { existsSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { createWorkspace, type Workspace, writeMigrations } from "./workspace.ts";

let database: TestDatabase;
let workspace: Workspace;

beforeEach(async () => {
  database = await createTestDatabase();
  workspace = createWorkspace(database.url);
});

afterEach(async () => {
  workspace.remove();
  await database.drop();
});

async function createTenants(...slugs: string[]): Promise<void> {
  expect((await workspace.run("migrate", "--global")).code).toBe(0);
  for (const slug of slugs) {
    const { code, stderr } = await workspace.run("create", slug);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  }
}

describe("migrate", () => {
  it("does the global schema and then all tenants, and lists only those with news", async () => {
    await createTenants("acme", "globex");
    writeMigrations(workspace, 2);
    expect((await workspace.run("create", "initech")).code).toBe(0);
    const plan = await workspace.run("migrate", "--global", "--all", "--dry-run");
    expect(plan.stdout).toMatch(/^none +20260101000001, 20260101000002 +2 +acme, globex$/m);
    expect(plan.stdout).toMatch(
      /^-- .*20260101000002_add_title\.sql\nalter table posts add title/m,
    );
    expect(plan.stdout).toContain("3 tenants: 2 would be changed, 1 with nothing to do, 0 failed");
    const done = await workspace.run("migrate", "--global", "--all");
    expect(done.stdout).toMatch(/^Global schema public: nothing to do\.$/m);
    expect(done.stdout).toMatch(/^acme +migrated +.* 20260101000001, 20260101000002$/m);
    expect(done.stdout).not.toMatch(/^initech/m);
    expect(done.stdout).toContain("3 tenants: 2 migrated, 1 with nothing to do, 0 failed");
    expect(done.stderr).toMatch(/^\[\d\/2\] acme 20260101000001, 20260101000002 \(.*\)$/m);
    expect(done.code).toBe(0);
    const again = await workspace.json("migrate", "--all");
    expect(again).toMatchObject({
      code: 0,
      document: { ok: true, tenants: { counts: { changed: 0, failed: 0, unchanged: 3 } } },
    });
  });

  it("stops at a version, or after some steps", async () => {
    await createTenants("acme", "globex");
    writeMigrations(workspace);
    const one = await workspace.json("migrate", "acme", "--to", "20260101000002");
    expect(one.document).toMatchObject({
      tenants: { results: [{ tenant: "acme", versions: ["20260101000001", "20260101000002"] }] },
    });
    const other = await workspace.json("migrate", "globex", "--steps", "1");
    expect(other.document).toMatchObject({
      tenants: { results: [{ tenant: "globex", versions: ["20260101000001"] }] },
    });
  });

  it("goes on when a named tenant does not exist, and fails in the end", async () => {
    await createTenants("acme");
    writeMigrations(workspace, 1);
    const { code, stderr, stdout } = await workspace.run("migrate", "nobody", "acme");
    expect(stdout).toMatch(/^acme +migrated/m);
    expect(stdout).toMatch(/^nobody +failed +.* TENANT_NOT_FOUND$/m);
    expect(stderr).toMatch(/^error: .*nobody.*\[TENANT_NOT_FOUND\]$/m);
    expect(code).toBe(1);
  });

  it("shows tenant, file, line, statement and the server's message of what failed", async () => {
    await createTenants("acme", "globex");
    writeMigrations(workspace, 2);
    const path = "migrations/tenant/20260101000003_broken.sql";
    workspace.write(
      path,
      "-- migrate:up\ncreate table fine (id int);\ncreate tabel oops (id int);\n",
    );
    const { code, stderr, stdout } = await workspace.run("migrate", "--all");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^acme +failed +.* MIGRATION_FAILED: syntax error/m);
    expect(stdout).toContain("2 tenants: 0 migrated, 0 with nothing to do, 2 failed");
    expect(stderr).toMatch(/^globex$/m);
    expect(stderr).toContain("20260101000003_broken.sql:3");
    expect(stderr).toContain("create tabel oops");
    expect(stderr).toContain('syntax error at or near "tabel"');
    expect(stderr).toMatch(/\[MIGRATION_FAILED\]/);
    expect(stderr).not.toMatch(/^\s+at /m);
    const { document } = await workspace.json("migrate", "acme");
    expect(document).toMatchObject({
      ok: false,
      tenants: { results: [{ error: { code: "MIGRATION_FAILED" }, ok: false }] },
    });
  });

  it("stops at the first failure when told to, and names who was not reached", async () => {
    await createTenants("acme", "globex", "initech");
    workspace.write("migrations/tenant/20260101000001_broken.sql", "-- migrate:up\nselect 1/0;\n");
    const args = ["migrate", "--all", "--stop-on-error", "--concurrency", "1"];
    const { code, stdout } = await workspace.run(...args);
    expect(stdout).toContain("1 failed, 2 not reached");
    expect(code).toBe(1);
  });

  it("leaves tenants out on request", async () => {
    await createTenants("acme", "globex");
    writeMigrations(workspace, 1);
    const { document } = await workspace.json("migrate", "--all", "--except", "globex");
    expect(document).toMatchObject({ tenants: { results: [{ tenant: "acme" }] } });
  });

  it("applies TypeScript migrations", async () => {
    await createTenants("acme");
    workspace.write(
      "migrations/tenant/20260101000001_typed.ts",
      `enum Size { Small = 1 }
       export async function up(db: { script(text: string): Promise<void> }): Promise<void> {
         await db.script(\`create table typed (size int default \${Size.Small})\`);
       }`,
    );
    const { code, stderr } = await workspace.run("migrate", "acme");
    expect(stderr).not.toContain("error");
    expect(code).toBe(0);
    expect((await workspace.json("health", "acme")).document).toMatchObject({
      tenants: [{ health: { tableCount: 1 } }],
    });
  });

  it("finishes the tenant in hand when interrupted, and says where it stopped", async () => {
    const slugs = ["a1", "a2", "a3", "a4"];
    await createTenants(...slugs);
    workspace.write(
      "migrations/tenant/20260101000001_slow.sql",
      "-- migrate:up\ncreate table slow (id int);\nselect pg_sleep(0.7);\n",
    );
    const running = workspace.start("migrate", "--all", "--concurrency", "1");
    await expect.poll(() => running.stderr(), { timeout: 15_000 }).toContain("[1/4]");
    running.child.kill("SIGINT");
    const { code, stderr, stdout } = await running.outcome;
    expect(stderr).toContain("Stopping after the tenants in hand; press Ctrl-C again");
    expect(stdout).toMatch(/Stopped after a\d\. Not reached: /);
    expect(code).toBe(1);
    const { document } = await workspace.json("status");
    const { behind } = document as { behind: { count: number } };
    expect(behind.count).toBeGreaterThan(0);
    expect(behind.count).toBeLessThan(slugs.length);
    expect(stdout).toContain("`kirayedar migrate --all --resume` takes up");
    const resumed = await workspace.run("migrate", "--all", "--resume");
    expect(resumed.stdout).toMatch(/^Took up run \d+\.$/m);
    expect(resumed.stdout).toContain(
      `${behind.count} tenants: ${behind.count} migrated`.replace(/^1 tenants/, "1 tenant"),
    );
    expect(resumed.code).toBe(0);
    expect((await workspace.run("status", "--check")).code).toBe(0);
    const again = await workspace.run("migrate", "--all", "--resume");
    expect(again.stdout).toBe("There is no run to take up: all of them ended well.\n");
    expect(again.code).toBe(0);
  });

  it("goes on when nobody reads what it says any more", async () => {
    writeMigrations(workspace, 0);
    await createTenants("acme", "globex", "initech");
    writeMigrations(workspace, 1);
    workspace.write("migrations/tenant/20260101000009_slow.sql", "select pg_sleep(0.2);\n");
    const command = workspace.start("migrate", "--all", "--concurrency", "1", "--verbose");
    command.child.stdout.destroy();
    command.child.stderr.destroy();
    expect((await command.outcome).code).toBe(0);
    expect((await workspace.run("status", "--check")).code).toBe(0);
  });

  it("ends at once with 130 when interrupted twice", async () => {
    await createTenants("acme");
    workspace.write(
      "migrations/tenant/20260101000001_slow.sql",
      "-- migrate:up\nselect pg_sleep(20);\n",
    );
    const running = workspace.start("migrate", "acme");
    await waitForSleep(database.url);
    running.child.kill("SIGINT");
    await expect.poll(() => running.stderr(), { timeout: 5000 }).toContain("Stopping after");
    running.child.kill("SIGINT");
    expect((await running.outcome).code).toBe(130);
  });
});

async function waitForSleep(url: string): Promise<void> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const text =
      "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
    await expect.poll(async () => (await client.query(text)).rowCount, { timeout: 15_000 }).toBe(1);
  } finally {
    await client.end();
  }
}

describe("rollback and redo", () => {
  it("undo the newest migration of a tenant, and of all with --yes", async () => {
    writeMigrations(workspace);
    await createTenants("acme", "globex");
    const plan = await workspace.run("rollback", "--all", "--dry-run");
    expect(plan.stdout).toMatch(/^20260101000003 +20260101000003 +2 +acme, globex$/m);
    expect(plan.stdout).toMatch(/\(undone\)\ndrop table tags;$/m);
    const one = await workspace.run("rollback", "acme");
    expect(one.stdout).toMatch(/^acme +rolled back +.* 20260101000003$/m);
    expect(one.code).toBe(0);
    const all = await workspace.json("rollback", "--all", "--to", "20260101000002", "--yes");
    expect(all).toMatchObject({ code: 0, document: { tenants: { counts: { changed: 2 } } } });
    const rest = await workspace.json("rollback", "acme", "--everything", "--yes");
    expect(rest.document).toMatchObject({
      tenants: { results: [{ versions: ["20260101000001"] }] },
    });
  });

  it("redo the newest migration", async () => {
    writeMigrations(workspace);
    await createTenants("acme");
    const { code, stdout } = await workspace.run("redo", "acme");
    expect(stdout).toMatch(/^acme +redone +.*20260101000003/m);
    expect(code).toBe(0);
    expect((await workspace.json("redo", "acme", "--steps", "2")).code).toBe(0);
  });

  it("fail for a migration that cannot be undone", async () => {
    workspace.write(
      "migrations/tenant/20260101000001_one_way.sql",
      "-- migrate:up\ncreate table one_way (id int);\n",
    );
    await createTenants("acme");
    const { code, stderr } = await workspace.run("rollback", "acme");
    expect(stderr).toMatch(/\[MIGRATION_IRREVERSIBLE\]/);
    expect(code).toBe(1);
  });
});

describe("status", () => {
  it("counts versions of the fleet, and names who is behind", async () => {
    writeMigrations(workspace, 1);
    await createTenants("acme", "globex");
    writeMigrations(workspace);
    await workspace.run("migrate", "globex");
    const { code, stdout } = await workspace.run("status");
    expect(stdout).toMatch(/^20260101000003 +1 +newest$/m);
    expect(stdout).toMatch(/^20260101000001 +1 +behind$/m);
    expect(stdout).toContain("2 tenants: 1 behind, 0 failed.");
    expect(stdout).toContain("Behind: acme.");
    expect(code).toBe(0);
    expect(await workspace.json("status", "--check")).toMatchObject({
      code: 1,
      document: {
        behind: { count: 1, slugs: ["acme"] },
        failed: { count: 0, tenants: [] },
        latestVersion: "20260101000003",
        tenants: 2,
      },
    });
  });

  it("finds what the versions do not tell, in suspended tenants too", async () => {
    writeMigrations(workspace, 1);
    await createTenants("acme");
    await workspace.run("suspend", "acme");
    expect((await workspace.run("status", "--check")).code).toBe(0);
    workspace.write("migrations/tenant/20250101000000_late.sql", "select 1;\n");
    expect(await workspace.json("status", "--check")).toMatchObject({
      code: 1,
      document: { behind: { slugs: ["acme"] } },
    });
  });

  it("lists each migration of a tenant, missing and changed files too", async () => {
    writeMigrations(workspace, 2);
    await createTenants("acme");
    const { rmSync } = await import("node:fs");
    rmSync(`${workspace.folder}/migrations/tenant/20260101000001_create_posts.sql`);
    workspace.write(
      "migrations/tenant/20260101000002_add_title.sql",
      "-- migrate:up\nalter table posts add title varchar;\n",
    );
    workspace.write("migrations/tenant/20260101000003_later.sql", "-- migrate:up\nselect 1;\n");
    const { code, stdout } = await workspace.run("status", "acme");
    expect(stdout).toMatch(/^20260101000001 +create_posts +applied, FILE NOT FOUND +\d{4}-/m);
    expect(stdout).toMatch(/^20260101000002 +add_title +applied, FILE CHANGED +\d{4}-/m);
    expect(stdout).toMatch(/^20260101000003 +later +pending +-$/m);
    expect(code).toBe(0);
    expect(await workspace.json("status", "acme", "--check")).toMatchObject({
      code: 1,
      document: {
        histories: [
          {
            migrations: [{ state: "missing" }, { state: "changed" }, { state: "pending" }],
            tenant: "acme",
          },
        ],
      },
    });
  });

  it("lists the global migrations, and has something to say before there are tenants", async () => {
    await createTenants();
    const fleet = await workspace.run("status");
    expect(fleet.stdout).toMatch(/^Global schema: \d+ applied, 0 pending\.\nNo tenants\.$/m);
    const { document } = await workspace.json("status", "--global");
    expect(document).toMatchObject({ histories: [{ tenant: null }] });
  });
});

describe("health", () => {
  it("finds tenants that are not well", async () => {
    writeMigrations(workspace, 1);
    await createTenants("acme", "globex");
    const well = await workspace.run("health");
    expect(well).toMatchObject({ code: 0, stdout: "✓ 2 tenants: 2 well, 0 not.\n" });
    writeMigrations(workspace, 2);
    await workspace.run("migrate", "globex");
    const unwell = await workspace.run("health");
    expect(unwell.stdout).toMatch(
      /^acme +active +tenant_acme +1 +20260101000001 +pending: 20260101000002$/m,
    );
    expect(unwell.stdout).not.toMatch(/^globex/m);
    expect(unwell.code).toBe(1);
    const named = await workspace.json("health", "globex", "nobody");
    expect(named).toMatchObject({
      code: 1,
      document: {
        ok: false,
        tenants: [
          { health: { tableCount: 1 }, tenant: "globex", well: true },
          { error: { code: "TENANT_NOT_FOUND" }, tenant: "nobody", well: false },
        ],
      },
    });
  });

  it("minds what is pending also where tenants are migrated on request, and migrates nobody", async () => {
    workspace.remove();
    workspace = createWorkspace(database.url, 'migrations: { migrate: "on-request" }');
    await createTenants("acme");
    writeMigrations(workspace, 1);
    for (let turn = 0; turn < 2; turn += 1) {
      const { code, document } = await workspace.json("health");
      expect(code).toBe(1);
      expect(JSON.stringify(document)).toContain('"pending":["20260101000001"]');
    }
  });
});

describe("generate migration", () => {
  it("makes a file that migrates", async () => {
    const { code, document } = await workspace.json("generate", "migration", "create_notes");
    expect(code).toBe(0);
    const { file } = document as { file: string };
    expect(file).toMatch(/migrations\/tenant\/\d{14}_create_notes\.sql$/);
    expect(existsSync(file)).toBe(true);
    expect(readFileSync(file, "utf8")).toContain("-- migrate:up");
    await createTenants("acme");
    const text = await workspace.run("generate", "migration", "add_plans", "--global");
    expect(text.stdout).toMatch(/^✓ Made migrations\/global\/\d{14}_add_plans\.sql\.\n$/);
    const typed = await workspace.run("generate", "migration", "typed", "--kind", "ts");
    expect(typed.stdout).toMatch(/_typed\.ts\.\n$/);
    expect((await workspace.run("migrate", "--global", "--all")).code).toBe(0);
  });

  it("refuses a name that is no file name, and a missing one", async () => {
    const odd = await workspace.run("generate", "migration", "../evil");
    expect(odd.code).not.toBe(0);
    expect(odd.stdout).toBe("");
    expect((await workspace.run("generate", "migration")).code).toBe(2);
  });
});
