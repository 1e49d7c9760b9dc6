import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { Driver } from "../../../src/core/driver.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { pglite } from "../../../src/drivers/pglite/index.ts";
import { createTenancy } from "../../../src/tenancy/create-tenancy.ts";
import { type Engine, MARIADB, MYSQL2, POSTGRES } from "../../support/engines.ts";
import { CREATE_NOTE } from "../lifecycle/world.ts";

interface Opened {
  readonly driver: Driver;
  readonly tenantPrefix: string;
  readonly drop: () => Promise<void>;
}

/** One connection for the application, and one for operations. */
async function open(engine: Engine): Promise<Opened> {
  const { drop, driver, tenantPrefix } = await engine.open();
  return { driver: driver({ maintenanceConnections: 1, max: 1 }), drop, tenantPrefix };
}

const DRIVERS: Readonly<Record<string, () => Promise<Opened>>> = {
  mariadb: () => open(MARIADB),
  mysql2: () => open(MYSQL2),
  pg: () => open(POSTGRES),
  pglite: async () => ({
    driver: pglite(),
    drop: () => Promise.resolve(),
    tenantPrefix: "tenant_",
  }),
};
const HERE = Object.entries(DRIVERS).filter(
  ([name]) => name.startsWith("pg") || inject("mysql") !== undefined,
);
const SLUGS = ["acme", "globex", "initech", "umbrella", "hooli"];

describe.each(HERE)("tenants migrated on request, over one connection of %s", (_, openDriver) => {
  let opened: Opened;
  let tenancy: Tenancy;

  beforeAll(async () => {
    opened = await openDriver();
    tenancy = createTenancy({
      database: opened.driver,
      migrations: {
        global: [],
        migrate: "on-request",
        tenant: [
          CREATE_NOTE,
          {
            name: "whose",
            up: async (db) => {
              await db.script(`insert into note (body) values ('${db.tenant?.slug ?? ""}')`);
            },
            version: "20260101000002",
          },
        ],
      },
      tenantPrefix: opened.tenantPrefix,
    });
    await tenancy.migrateGlobal();
  });
  afterAll(async () => {
    await tenancy.close();
    await opened.drop();
  });

  it("are each their own, many at once, and none stands in another's way", async () => {
    for (const slug of SLUGS) await tenancy.create(slug, { migrate: false });
    const jobs = Array.from({ length: 50 }, async (_, job) => {
      const slug = SLUGS[job % SLUGS.length] ?? "";
      const rows = await tenancy.withTenant(slug, async () => {
        const { rows } = await tenancy.query("select body from note order by id");
        return rows.map(({ body }) => body);
      });
      expect(rows).toEqual(["first", slug]);
    });
    await Promise.all(jobs);
    for (const slug of SLUGS) {
      const lines = await tenancy.migrationStatus(slug);
      expect(lines.map(({ state }) => state)).toEqual(["applied", "applied"]);
    }
  });
});
