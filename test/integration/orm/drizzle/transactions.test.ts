import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { Tenancy } from "../../../../src/core/tenancy.ts";
import type { Tenant } from "../../../../src/core/tenant.ts";
import {
  tenantDrizzle,
  type TenantDrizzle,
  tenantTables,
  type WithTables,
} from "../../../../src/integrations/orm/drizzle/index.ts";
import {
  describeDrizzle,
  type DrizzleKit,
  drizzleForMysql,
  drizzleForPostgres,
  type DrizzleLine,
  mysql2For,
  postgresFor,
  type ShopDb,
  type ShopTables,
} from "../../../support/drizzle.ts";
import type { Engine } from "../../../support/engines.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";

describeDrizzle("transactions on PostgreSQL", (line) => {
  suite(line, postgresFor(line), drizzleForPostgres);
});

describe.skipIf(inject("mysql") === undefined)("on MySQL or MariaDB", () => {
  describeDrizzle(
    "transactions",
    (line) => {
      suite(line, mysql2For(line), drizzleForMysql);
    },
    ["0.45", "1.0"],
  );
});

function suite(
  line: DrizzleLine,
  engine: Engine,
  load: (line: DrizzleLine) => Promise<DrizzleKit>,
): void {
  let world: OrmWorld;
  let tenancy: Tenancy;
  let shop: TenantDrizzle<ShopDb & WithTables<ShopTables>>;
  let kit: DrizzleKit;
  let acme: Tenant;
  let globex: Tenant;
  let gone: Tenant;

  beforeAll(async () => {
    world = await openOrmWorld(engine);
    kit = await load(line);
    tenancy = world.tenancy;
    [acme, globex, gone] = world.tenants as [Tenant, Tenant, Tenant];
    const tables = tenantTables(kit.schemaOf, kit.define);
    shop = tenantDrizzle(tenancy, (client, own) => kit.make({ client, tables: own }), { tables });
  });

  afterAll(() => closeOrmWorld(world));

  const ownersOf = async (read: PromiseLike<{ owner: string }[]>): Promise<string[]> => [
    ...new Set((await read).map(({ owner }) => owner)),
  ];
  const authors = (): ShopTables["authors"] => shop.db.$tables.authors;

  it("are undone as a whole", async () => {
    const { db } = shop;
    const count = (): Promise<number> => tenancy.withTenant(acme, () => db.$count(authors()));
    const before = await count();
    const failing = tenancy.withTenant(acme, () =>
      db.transaction(async (tx) => {
        await tx.insert(authors()).values({ name: "Eve", owner: acme.schemaName });
        throw new Error("no");
      }),
    );
    await expect(failing).rejects.toThrow("no");
    expect(await count()).toBe(before);
  });

  it("stay with the tenant in which they began", async () => {
    const { db } = shop;
    const owners = await tenancy.withTenant(acme, () =>
      db.transaction((tx) =>
        tenancy.withTenant(globex, () => ownersOf(tx.select().from(authors()))),
      ),
    );
    expect(owners).toEqual([acme.schemaName]);
  });

  it("run a query that was built elsewhere in the scope where it is awaited", async () => {
    const { db } = shop;
    const query = await tenancy.withTenant(acme, () => ({ built: db.select().from(authors()) }));
    expect(await tenancy.withTenant(globex, () => ownersOf(query.built))).toEqual([
      globex.schemaName,
    ]);
    // And one that is returned unawaited in the scope that returned it.
    const rows = await tenancy.withTenant(globex, () =>
      tenancy.withTenant(acme, () => db.select().from(authors())),
    );
    expect(rows[0]?.owner).toBe(acme.schemaName);
  });

  it("are those of one tenant in its own database, with its schema's name in every query", async () => {
    const bound = await shop.forTenant(acme);
    expect(await shop.forTenant(acme.slug)).toBe(bound);
    const read = bound.select().from(bound.$tables.authors);
    expect(read.toSQL().sql).toContain(acme.schemaName);
    const owners = await tenancy.withTenant(globex, () =>
      bound.transaction((tx) => ownersOf(tx.select().from(bound.$tables.authors))),
    );
    expect(owners).toEqual([acme.schemaName]);
    await expect(shop.forTenant("nobody")).rejects.toMatchObject({ code: "TENANT_NOT_FOUND" });
  });

  it("refuse a function that does not use the pool that it is given", async () => {
    const { forTenant } = tenantDrizzle(tenancy, () =>
      kit.make({ client: tenancy.pool, tables: kit.define(kit.schemaOf("any")) }),
    );
    await expect(forTenant(acme)).rejects.toMatchObject({ code: "INVALID_CONFIG" });
  });

  it("give their connection back when they cannot begin", { timeout: 20_000 }, async () => {
    const { admin } = world;
    const quoted = engine.family === "postgres" ? `"${gone.schemaName}"` : `\`${gone.schemaName}\``;
    const bound = await shop.forTenant(gone);
    await admin.query(
      engine.family === "postgres" ? `drop schema ${quoted} cascade` : `drop database ${quoted}`,
    );
    // More than there are connections.
    for (let number = 0; number < 6; number += 1) {
      await expect(bound.transaction(async () => undefined)).rejects.toSatisfy((error: Error) =>
        [error, error.cause].some(
          (at) => (at as { code?: unknown } | undefined)?.code === "SCHEMA_NOT_FOUND",
        ),
      );
    }
    const read = tenancy.withTenant(acme, () => ownersOf(shop.db.select().from(authors())));
    expect(await read).toEqual([acme.schemaName]);
  });
}
