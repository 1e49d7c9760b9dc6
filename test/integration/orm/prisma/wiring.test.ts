import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Scope } from "../../../../src/core/scope.ts";
import type { BoundPool } from "../../../../src/core/tenancy.ts";
import { tenantPrisma } from "../../../../src/integrations/orm/prisma/index.ts";
import { MARIADB } from "../../../support/engines.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";
import { describeMysqlPeers, describePeers } from "../../../support/peers.ts";
import type { TestClient } from "./prisma-client.ts";
import { loadMariadb, loadPostgres, postgresOf, type PrismaPeers } from "./prisma-world.ts";

describePeers("wiring, PrismaPg", "@prisma/adapter-pg", (peers) => {
  let world: OrmWorld;
  let prisma: PrismaPeers;

  beforeAll(async () => {
    world = await openOrmWorld(postgresOf(peers));
    prisma = await loadPostgres(peers);
  });
  afterAll(() => closeOrmWorld(world));

  /** Reads in a tenant with clients that are made so. */
  const readWith = async (make: (bound: BoundPool) => object): Promise<unknown> => {
    const { forTenant } = tenantPrisma(world.tenancy, make as (bound: BoundPool) => TestClient);
    return await (await forTenant("one")).author.findMany();
  };
  const clientWith = (adapter: object): object => new prisma.PrismaClient({ adapter });
  const wrong: Record<string, [make: (bound: BoundPool) => object, what: RegExp]> = {
    "an adapter without a schema, which reads `public`": [
      ({ pool }) => clientWith(prisma.adapter(pool)),
      /was made with no schema/,
    ],
    "another schema's adapter": [
      ({ pool }) => clientWith(prisma.adapter(pool, { schema: "public" })),
      /was made with the schema "public"/,
    ],
    "the tenancy's pool in place of the scope's": [
      ({ schemaName }) => clientWith(prisma.adapter(world.tenancy.pool, { schema: schemaName })),
      /does not use the pool/,
    ],
    "a pool of the application's own": [
      ({ schemaName }) =>
        clientWith(
          prisma.adapter({ connectionString: world.database.url }, { schema: schemaName }),
        ),
      /does not use the pool/,
    ],
    "a client that connects at once, without a schema": [
      ({ pool }) => {
        const client = new prisma.PrismaClient({ adapter: prisma.adapter(pool) });
        client.$connect().catch(() => undefined);
        return client;
      },
      /no schema/,
    ],
    "something else than a client": [() => ({}), /returned no `PrismaClient`/],
    "a promise of a client": [async () => ({}), /returned no `PrismaClient`/],
  };

  it.each(Object.entries(wrong))("refuses %s, before any query", async (_, [make, what]) => {
    await expect(readWith(make)).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringMatching(what) as string,
    });
  });

  it("refuses one client, or one adapter, for two tenants", async () => {
    for (const isAdapter of [true, false]) {
      let adapter: object | undefined;
      let client: TestClient | undefined;
      const { forTenant } = tenantPrisma(world.tenancy, (bound) => {
        adapter ??= prisma.adapterOf(bound);
        if (isAdapter) return new prisma.PrismaClient({ adapter });
        return (client ??= new prisma.PrismaClient({ adapter }));
      });
      await (await forTenant("one")).author.findMany();
      await expect(forTenant("two")).rejects.toMatchObject({ code: "INVALID_CONFIG" });
    }
  });

  it("refuses another major version", async () => {
    const old = { $disconnect: async () => undefined, $extends: {}, _clientVersion: "6.19.0" };
    await expect(readWith(() => old)).rejects.toMatchObject({ code: "UNSUPPORTED_PEER" });
  });

  it("has no pool for what is no scope", () => {
    const scope = { kind: "nobody" } as unknown as Scope;
    expect(() => world.tenancy.bindPool(scope)).toThrow(/\[TENANT_REQUIRED\]/);
  });

  it("refuses a client that sends queries in a way that is not known", async () => {
    const strange = { $disconnect: async () => undefined, $extends: {}, _clientVersion: "7.99.0" };
    const make = (bound: BoundPool): object => ({
      ...strange,
      _engineConfig: { adapter: prisma.adapterOf(bound) },
      _originalClient: { $connect: async () => undefined },
    });
    await expect(readWith(make)).rejects.toMatchObject({ code: "UNSUPPORTED_PEER" });
  });

  it("refuses a nonsensical number of clients", () => {
    const make = (): TestClient => new prisma.PrismaClient({});
    for (const maxClients of [0, -1, 1.5, Number.NaN]) {
      expect(() => tenantPrisma(world.tenancy, make, { maxClients })).toThrow(/maxClients/);
    }
  });

  it("takes clients that are extended", async () => {
    const extension = { model: { author: { shout: () => "HEY" } } };
    const { forTenant } = tenantPrisma(world.tenancy, (bound) => {
      return new prisma.PrismaClient({ adapter: prisma.adapterOf(bound) }).$extends(extension);
    });
    const one = await forTenant("one");
    expect(await one.author.count()).toBe(1);
    expect((one.author as unknown as { shout: () => string }).shout()).toBe("HEY");
  });

  it("is not passed by: an adapter on the pool of all tenants is refused before its first query", async () => {
    for (const options of [undefined, { schema: "public" }]) {
      const client = new prisma.PrismaClient({
        adapter: prisma.adapter(world.tenancy.pool, options),
      });
      const read = world.tenancy.withTenant("one", () => client.author.findMany());
      await expect(read).rejects.toMatchObject({
        code: "INVALID_CONFIG",
        message: expect.stringContaining("tenantPrisma") as string,
      });
    }
  });

  it.runIf(peers.set === "oldest")("refuses a pool of another copy of `pg`", async () => {
    const adapterPool = new pg.Pool({ connectionString: world.database.url });
    await expect(
      readWith(({ schemaName }) => clientWith(prisma.adapter(adapterPool, { schema: schemaName }))),
    ).rejects.toMatchObject({ code: "INVALID_CONFIG" });
    await adapterPool.end();
  });
});

describeMysqlPeers(
  "wiring, PrismaMariaDb",
  "@prisma/adapter-mariadb",
  (peers) => {
    let world: OrmWorld;
    let prisma: PrismaPeers;

    beforeAll(async () => {
      world = await openOrmWorld(MARIADB);
      prisma = await loadMariadb(peers);
    });
    afterAll(() => closeOrmWorld(world));

    it("refuses an adapter without the scope's database", async () => {
      const { forTenant } = tenantPrisma(world.tenancy, ({ pool }) => {
        return new prisma.PrismaClient({ adapter: prisma.adapter(pool) });
      });
      const one = await forTenant("one");
      await expect(one.author.findMany()).rejects.toMatchObject({ code: "INVALID_CONFIG" });
    });

    it("refuses a client that was connected before, to whatever it was", async () => {
      const client = new prisma.PrismaClient({ adapter: prisma.adapter(world.tenancy.pool) });
      await world.tenancy.withTenant("two", () => client.$connect());
      const { forTenant } = tenantPrisma(world.tenancy, () => client);
      const one = await forTenant("one");
      await world.tenancy.withTenant("two", async () => {
        for (const query of [() => one.author.findMany(), () => one.$queryRaw`select 1`]) {
          await expect(query()).rejects.toMatchObject({ code: "INVALID_CONFIG" });
        }
      });
      await client.$disconnect();
    });

    it("refuses one client for two tenants", async () => {
      let client: TestClient | undefined;
      const { forTenant } = tenantPrisma(world.tenancy, (bound) => {
        return (client ??= new prisma.PrismaClient({ adapter: prisma.adapterOf(bound) }));
      });
      await (await forTenant("one")).author.findMany();
      await expect(forTenant("two")).rejects.toMatchObject({ code: "INVALID_CONFIG" });
    });

    it("is needed: one client for all answers several tenants from the first one's", async () => {
      const client = new prisma.PrismaClient({ adapter: prisma.adapter(world.tenancy.pool) });
      const foreign = await Promise.all(
        Array.from({ length: 50 }, (_, number) => {
          const tenant = world.tenants[number % 5];
          return world.tenancy.withTenant(tenant?.slug ?? "", async () => {
            const found = await client.author.findUnique({ where: { id: 1 } });
            return found?.owner !== tenant?.schemaName;
          });
        }),
      );
      expect(foreign).toContain(true);
      await client.$disconnect();
    });
  },
  ["newest"],
);
