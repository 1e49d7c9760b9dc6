import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { Tenant } from "../../../src/core/tenant.ts";
import {
  tenantCache,
  tenantDrizzle,
  type TenantDrizzle,
  tenantTables,
  type WithTables,
} from "../../../src/integrations/orm/drizzle/index.ts";
import {
  describeDrizzle,
  drizzleForPostgres,
  type DrizzleKit,
  postgresFor,
  type ShopDb,
  type ShopTables,
} from "../../support/drizzle.ts";
import { type MemoryCache, memoryCache } from "../../support/memory-cache.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../support/orm-isolation.ts";

type Shop = ShopDb & WithTables<ShopTables>;

describeDrizzle("the cache", (line) => {
  let world: OrmWorld;
  let kit: DrizzleKit;
  let cache: MemoryCache;
  let shop: TenantDrizzle<Shop>;
  let acme: Tenant;
  let globex: Tenant;
  let onGet = (): void => undefined;

  beforeAll(async () => {
    world = await openOrmWorld(postgresFor(line));
    kit = await drizzleForPostgres(line);
    [acme, globex] = world.tenants as [Tenant, Tenant];
  });

  beforeEach(() => {
    cache = memoryCache(() => onGet());
    const tables = tenantTables(kit.schemaOf, kit.define);
    shop = tenantDrizzle(
      world.tenancy,
      (client, own) => kit.make({ cache: tenantCache(world.tenancy, cache), client, tables: own }),
      { tables },
    );
  });

  afterAll(() => closeOrmWorld(world));

  const booksOf = (db: Pick<ShopDb, "select">): Promise<{ owner: string }[]> =>
    db.select().from(shop.db.$tables.books);
  const ownersIn = async (tenant: Tenant, read: () => Promise<{ owner: string }[]>) => {
    const rows = await world.tenancy.withTenant(tenant, read);
    return new Set(rows.map(({ owner }) => owner));
  };
  /** Tenants, over and over. */
  const everyone = (): Tenant[] => Array.from({ length: 100 }, (_, n) => world.tenants[n % 5]!);

  it("shows the rows of others unless it knows of tenants", async () => {
    const db = kit.make({
      cache,
      client: world.tenancy.pool,
      tables: tenantTables(kit.schemaOf, kit.define).unqualified,
    });
    let foreign = 0;
    for (const tenant of everyone()) {
      const owners = await ownersIn(tenant, () => booksOf(db));
      if (!owners.has(tenant.schemaName)) foreign += 1;
    }
    expect(foreign).toBe(80);
  });

  it("shows no rows of others", async () => {
    const reads = everyone().map(async (tenant, number) => {
      const owners = await ownersIn(tenant, async () => {
        if (number % 3 === 0) return shop.db.transaction((tx) => booksOf(tx));
        return booksOf(number % 3 === 1 ? shop.db : await shop.forTenant(tenant));
      });
      expect(owners).toEqual(new Set([tenant.schemaName]));
    });
    await Promise.all(reads);
    for (const tenant of everyone()) {
      expect(await ownersIn(tenant, () => booksOf(shop.db))).toEqual(new Set([tenant.schemaName]));
    }
    expect(cache.hits).toBeGreaterThanOrEqual(95);
  });

  it("keeps rows for the tenant that they were read in, though the scope changes meanwhile", async () => {
    const { admin, tenancy } = world;
    const asked = new Promise<void>((resolve) => {
      onGet = resolve;
    });
    await admin.query(`begin; lock table "${acme.schemaName}".books`);
    await tenancy.withTenant(acme, async () => {
      const reading = booksOf(shop.db).then((rows) => rows);
      await asked;
      await setImmediate();
      await tenancy.putTenant(globex);
      await admin.query("commit");
      await reading;
    });
    expect(await ownersIn(globex, () => booksOf(shop.db))).toEqual(new Set([globex.schemaName]));
  });

  it("keeps what a transaction reads for the tenant in which it began", async () => {
    const { tenancy } = world;
    const rows = await tenancy.withTenant(acme, () =>
      shop.db.transaction((tx) => tenancy.withTenant(globex, () => booksOf(tx))),
    );
    expect(new Set(rows.map(({ owner }) => owner))).toEqual(new Set([acme.schemaName]));
    expect(await ownersIn(globex, () => booksOf(shop.db))).toEqual(new Set([globex.schemaName]));
    await tenancy.withTenant(globex, () =>
      shop.db.transaction((tx) => tenancy.withTenant(acme, () => booksOf(tx))),
    );
    expect(cache.hits).toBe(1);
  });

  it("knows the tenant of a bound database, wherever it is used", async () => {
    const bound = await shop.forTenant(acme);
    await world.tenancy.withTenant(globex, () => booksOf(bound));
    await booksOf(bound);
    expect(cache.hits).toBe(1);
    expect(await ownersIn(globex, () => booksOf(shop.db))).toEqual(new Set([globex.schemaName]));
    await bound.$cache.invalidate({ tables: bound.$tables.books });
    expect([...cache.entries.keys()]).toEqual([expect.stringContaining(globex.id)]);
  });

  it("forgets a tenant's rows with its next write, under either name of the table", async () => {
    const bound = await shop.forTenant(acme);
    const add = { name: "Eve", owner: acme.schemaName };
    const read = (): Promise<unknown[]> => bound.select().from(bound.$tables.authors);
    await world.tenancy.withTenant(globex, () => shop.db.select().from(shop.db.$tables.authors));
    const before = (await read()).length;
    await world.tenancy.withTenant(acme, () => shop.db.insert(shop.db.$tables.authors).values(add));
    expect(await read()).toHaveLength(before + 1);
    await bound.insert(bound.$tables.authors).values(add);
    expect(await read()).toHaveLength(before + 2);
    expect(cache.entries.size).toBe(2);
  });

  it("forgets the tags of one tenant", async () => {
    const read = (): Promise<unknown> =>
      shop.db.select().from(shop.db.$tables.books).$withCache({ tag: "books" });
    for (const tenant of [acme, globex]) await world.tenancy.withTenant(tenant, read);
    await world.tenancy.withTenant(acme, () => shop.db.$cache.invalidate({ tags: "books" }));
    expect([...cache.entries.keys()]).toEqual([expect.stringContaining(globex.id)]);
  });

  it("refuses to be asked in no scope", async () => {
    await expect(booksOf(shop.db)).rejects.toMatchObject({ code: "TENANT_REQUIRED" });
    await expect(shop.db.$cache.invalidate({ tags: "books" })).rejects.toMatchObject({
      code: "TENANT_REQUIRED",
    });
  });
});
