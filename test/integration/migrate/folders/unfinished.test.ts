import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { knexFolder } from "../../../../src/migrate/folders/index.ts";
import { createWorld, type World } from "../../lifecycle/world.ts";

let world: World;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kirayedar-unfinished-"));
});
afterEach(async () => {
  await world.close();
  await rm(folder, { force: true, recursive: true });
});

/** Makes a tenant by a migration of Knex. */
async function create(up: string): Promise<unknown> {
  await writeFile(join(folder, "1_init.mjs"), `export async function up(knex) { ${up} }`);
  world = await createWorld({ migrations: { global: [], tenant: knexFolder(folder) } });
  await world.run("create table only_here (id int)");
  return await world.tenancy.create("acme").then(
    () => undefined,
    (error: unknown) => error,
  );
}

const tablesOf = async (schema: string): Promise<string[]> => {
  const { rows } = await world.admin.query<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = $1 and table_name not like 'kirayedar%' order by 1",
    [schema],
  );
  return rows.map(({ name }) => name);
};

it("waits for what a migration began and did not wait for", async () => {
  const up =
    "knex.raw('select pg_sleep(0.05)').then(() => knex.raw('create table late (id int)')).then(() => {}); knex.schema.createTable('later', (t) => t.increments()).then(() => {});";
  expect(await create(up)).toBeUndefined();
  expect(await tablesOf("tenant_acme")).toEqual(["late", "later"]);
});

it("fails with what failed, although nobody waited for it", async () => {
  expect(await create("knex.raw('select nothing').catch(() => {});")).toMatchObject({
    code: "MIGRATION_FAILED",
  });
});

it("refuses a migration that leaves a transaction open", async () => {
  const error = await create("const trx = await knex.transaction(); await trx.raw('select 1');");
  expect(error).toMatchObject({ code: "MIGRATION_INVALID" });
  expect((error as Error).message).toContain("leaves a transaction open");
});

it("looks in the tenant's schema for what it asks the catalog", async () => {
  const up = `
    const schema = knex.schema.withSchema('public');
    if (await schema.hasTable('only_here')) throw new Error('It looks in public.');
    await knex.schema.withSchema('public').createTable('own', (t) => t.increments());
    if (!(await knex.schema.withSchema('public').hasTable('own'))) throw new Error('It looks elsewhere.');
    if (!(await knex.schema.withSchema('public').hasColumn('own', 'id'))) throw new Error('No column.');`;
  expect(await create(up)).toBeUndefined();
  expect(await tablesOf("tenant_acme")).toEqual(["own"]);
});

it("does not run what comes after the end", async () => {
  const up = "globalThis.kept = knex;";
  expect(await create(up)).toBeUndefined();
  const { kept } = globalThis as unknown as { kept: { raw(text: string): Promise<unknown> } };
  await expect(kept.raw("create table stray (id int)")).rejects.toThrow(/Unable to acquire/);
  expect([...(await tablesOf("tenant_acme")), ...(await tablesOf("public"))]).not.toContain(
    "stray",
  );
});
