import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { createWorkspace, type Workspace } from "./workspace.ts";

let database: TestDatabase;
let workspace: Workspace;

const FOLDERS = new URL("../../../src/migrate/folders/index.ts", import.meta.url).href;

beforeAll(async () => {
  database = await createTestDatabase();
  workspace = createWorkspace(
    database.url,
    `migrations: { tenant: (await import(${JSON.stringify(FOLDERS)})).prismaFolder("prisma/migrations") }`,
  );
  workspace.write("prisma/migrations/migration_lock.toml", 'provider = "postgresql"\n');
  workspace.write(
    "prisma/migrations/20260101000000_init/migration.sql",
    'CREATE TABLE "public"."Note" ("id" SERIAL PRIMARY KEY, "text" TEXT);\n',
  );
  await workspace.run("migrate", "--global");
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query('create table "Note" (id serial primary key, text text)');
  await client.end();
});

afterAll(async () => {
  workspace.remove();
  await database.drop();
});

const ADOPT = ["adopt", "--schema", "public", "--as", "acme"];

it("says what to do where the tool has no history", async () => {
  const { code, stderr } = await workspace.run(...ADOPT, "--dry-run");
  expect(stderr).toMatch(/^error: There is no table public\._prisma_migrations.*--applied/);
  expect(code).toBe(1);
});

it("refuses what cannot be meant", async () => {
  const both = await workspace.run(...ADOPT, "--move", "--in-place", "--dry-run");
  expect([both.code, both.stderr]).toEqual([2, expect.stringContaining("exclude each other")]);
  const missing = await workspace.run("adopt", "--as", "acme");
  expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining("--schema")]);
  const unasked = await workspace.run(...ADOPT, "--applied", "all");
  expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining("--yes")]);
});

it("leaves new migrations to the tool", async () => {
  const { code, stderr } = await workspace.run("generate", "migration", "more");
  expect([code, stderr]).toEqual([2, expect.stringContaining("written by prisma itself")]);
});

it("tells what would be moved, moves it, and tells what was", async () => {
  const args = [...ADOPT, "--applied", "all", "--name", "Acme"];
  const dry = await workspace.run(...args, "--dry-run");
  expect(dry.stdout).toMatch(/^Would make the tenant acme: moved from public to tenant_acme\.$/m);
  expect(dry.stdout).toMatch(/^table +Note$/m);
  expect(dry.stdout).toMatch(/^table +tenants +is the toolkit's own$/m);
  expect(dry.stdout).toMatch(/^20260101000000 +20260101000000_init +applied$/m);
  expect((await workspace.run("list")).stdout).toContain("No tenants");

  const { code, document } = await workspace.json(...args, "--yes");
  expect(code).toBe(0);
  expect(document).toMatchObject({
    adopted: [{ kind: "table", name: "Note" }],
    dryRun: false,
    how: "move",
    pending: [],
    schemaName: "tenant_acme",
    tenant: { name: "Acme", slug: "acme", state: "active" },
  });
  const again = await workspace.run(...args, "--yes");
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("TENANT_EXISTS")]);
  const status = await workspace.run("migrate", "acme");
  expect(status.code).toBe(0);
});
