import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Tenancy } from "../../../../src/core/tenancy.ts";
import type { Tenant } from "../../../../src/core/tenant.ts";
import { tenantDrizzle, tenantTables } from "../../../../src/integrations/orm/drizzle/index.ts";
import { createTenancy } from "../../../../src/tenancy/create-tenancy.ts";
import {
  describeDrizzle,
  drizzleForPostgres,
  postgresFor,
  type ShopDb,
} from "../../../support/drizzle.ts";
import type { EngineDatabase } from "../../../support/engines.ts";

type Migrate = (db: ShopDb, config: object) => Promise<void>;

describeDrizzle("Drizzle's own migrate()", (line) => {
  const migrationsFolder = mkdtempSync(join(tmpdir(), "kirayedar-drizzle-"));
  let database: EngineDatabase;
  let tenancy: Tenancy;
  let db: ShopDb;
  let migrate: Migrate;

  beforeAll(async () => {
    database = await postgresFor(line).open();
    tenancy = createTenancy({ database: database.driver() });
    await tenancy.migrateGlobal();
    const kit = await drizzleForPostgres(line);
    const tables = tenantTables(kit.schemaOf, kit.define).unqualified;
    ({ db } = tenantDrizzle(tenancy, (client) => kit.make({ client, tables })));
    ({ migrate } = await line.load<{ migrate: Migrate }>("node-postgres/migrator"));
    writeMigration(migrationsFolder, line.isOne);
  });

  afterAll(async () => {
    await tenancy.close();
    await database.drop();
    rmSync(migrationsFolder, { force: true, recursive: true });
  });

  const hasNotes = async ({ slug }: Tenant): Promise<boolean> =>
    (await tenancy.healthCheck(slug)).tableCount > 0;

  it("skips every tenant but the first, silently", async () => {
    const one = await tenancy.create("one");
    const two = await tenancy.create("two");
    for (const tenant of [one, two]) {
      await tenancy.withTenant(tenant, () => migrate(db, { migrationsFolder }));
    }
    expect([await hasNotes(one), await hasNotes(two)]).toEqual([true, false]);
  });

  it("migrates each tenant whose schema has a journal of its own, some at once", async () => {
    const tenants = await Promise.all(
      ["three", "four", "five"].map((slug) => tenancy.create(slug)),
    );
    const runs = tenants.map(({ id, schemaName }) =>
      tenancy.withTenant({ id }, () =>
        migrate(db, { migrationsFolder, migrationsSchema: schemaName }),
      ),
    );
    await Promise.all(runs);
    expect(await Promise.all(tenants.map(hasNotes))).toEqual([true, true, true]);
  });
});

/** Writes what `drizzle-kit generate` of each line writes, in as much as it is read. */
function writeMigration(folder: string, isOne: boolean): void {
  const text = "CREATE TABLE notes (id serial PRIMARY KEY, text text NOT NULL);";
  if (isOne) {
    mkdirSync(join(folder, "20260101000000_first"));
    writeFileSync(join(folder, "20260101000000_first", "migration.sql"), text);
    return;
  }
  const entry = { breakpoints: true, idx: 0, tag: "0000_first", version: "7", when: 1767225600000 };
  mkdirSync(join(folder, "meta"));
  writeFileSync(
    join(folder, "meta", "_journal.json"),
    JSON.stringify({ dialect: "postgresql", entries: [entry], version: "7" }),
  );
  writeFileSync(join(folder, "0000_first.sql"), text);
}
