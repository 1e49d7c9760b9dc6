import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type pg from "pg";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { tenantPrisma } from "../../../../src/integrations/orm/prisma/index.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";
import { describePeers } from "../../../support/peers.ts";
import type { TestClient } from "./prisma-client.ts";
import { loadPostgres, postgresOf, type PrismaPeers, wire } from "./prisma-world.ts";

describePeers("clients of Prisma", "@prisma/client", (peers) => {
  let world: OrmWorld;
  let loaded: PrismaPeers;

  beforeAll(async () => {
    world = await openOrmWorld(postgresOf(peers));
    loaded = await loadPostgres(peers);
  });
  afterAll(() => closeOrmWorld(world));

  /** Listeners that clients have on the pool. */
  const listeners = (): number => (world.tenancy.pool as pg.Pool).listenerCount("error");

  it("makes one client for all requests of a new tenant", async () => {
    const made: string[] = [];
    const { close, forTenant, prisma } = tenantPrisma(world.tenancy, (bound) => {
      made.push(bound.schemaName);
      return new loaded.PrismaClient({ adapter: loaded.adapterOf(bound) });
    });
    const read = (): Promise<number> =>
      world.tenancy.withTenant("one", () => prisma.author.count());
    await Promise.all([read(), read(), forTenant("one"), read()]);
    expect(made).toEqual(["tenant_one"]);
    await close();
  });

  it("leaves the tenancy's pool when it is closed, and can be used again", async () => {
    const before = listeners();
    const { close, forTenant } = wire(world.tenancy, loaded);
    const one = await forTenant("one");
    await one.author.count();
    expect(listeners()).toBe(before + 1);
    await close();
    expect(listeners()).toBe(before);
    expect(await one.author.count()).toBe(1);
    expect((await (await world.tenancy.tenant("one")).query("select 1")).rows).toHaveLength(1);
  });

  it("does not warn of listeners, however many tenants there are", async () => {
    const warned = vi.fn<() => void>();
    process.on("warning", warned);
    const { close, forTenant, prisma } = wire(world.tenancy, loaded);
    const other = Array.from({ length: 3 }, () => wire(world.tenancy, loaded));
    for (const { slug } of world.tenants) {
      await (await forTenant(slug)).author.count();
      for (const { forTenant: more } of other) await (await more(slug)).author.count();
    }
    await world.tenancy.scopeGlobal(() => prisma.author.count());
    await new Promise(setImmediate);
    process.off("warning", warned);
    expect(warned).not.toHaveBeenCalled();
    await Promise.all([close(), ...other.map((one) => one.close())]);
  });

  it("lets a client finish that others have pushed out", async () => {
    const { close, forTenant, prisma } = wire(world.tenancy, loaded, { maxClients: 1 });
    const made = await world.tenancy.withTenant("one", () =>
      prisma.$transaction(async (tx) => {
        const { id } = await tx.author.create({ data: { name: "Late", owner: "tenant_one" } });
        for (const slug of ["two", "three"]) await (await forTenant(slug)).author.count();
        return await tx.author.findUniqueOrThrow({ where: { id } });
      }),
    );
    const one = await forTenant("one");
    expect(await one.author.findFirst({ where: { id: made.id } })).toEqual(made);
    await one.author.deleteMany({ where: { id: made.id } });
    await close();
  });

  it("lets go of the pool when nobody holds a client any more", { timeout: 60_000 }, async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const before = listeners();
    const { close, prisma } = wire(world.tenancy, loaded, { maxClients: 1 });
    for (const tenant of world.tenants) {
      await world.tenancy.withTenant(tenant, () => prisma.author.count());
    }
    expect(listeners()).toBeGreaterThan(before);
    await vi.waitFor(
      () => {
        collect();
        expect(listeners()).toBeLessThanOrEqual(before + 1);
      },
      { interval: 50, timeout: 20_000 },
    );
    await close();
    expect(listeners()).toBe(before);
  });

  it("refuses a kept client when the tenant was dropped, and made again", async () => {
    const { close, forTenant } = wire(world.tenancy, loaded);
    await world.tenancy.create("fleeting");
    const kept = await forTenant("fleeting");
    await kept.author.create({ data: { name: "Eve", owner: "fleeting" } });
    await world.tenancy.drop("fleeting");
    await expect(kept.author.count()).rejects.toMatchObject({ code: "SCHEMA_NOT_FOUND" });
    await world.tenancy.create("fleeting");
    await expect(kept.author.count()).rejects.toMatchObject({ code: "SCHEMA_NOT_FOUND" });
    expect(await (await forTenant("fleeting")).author.count()).toBe(0);
    await close();
  });

  it("makes another client when a tenant's schema was renamed", async () => {
    const { close, forTenant } = wire(world.tenancy, loaded);
    await world.tenancy.create("moving");
    const before: TestClient = await forTenant("moving");
    await before.author.create({ data: { name: "Eve", owner: "moving" } });
    await world.tenancy.rename("moving", { schemaName: "tenant_moved" });
    // Whoever takes the old name next is somebody else.
    await world.tenancy.create("next", { schemaName: "tenant_moving" });
    expect(await (await forTenant("moving")).author.count()).toBe(1);
    expect(await (await forTenant("next")).author.count()).toBe(0);
    await close();
  });
});
