import { afterAll, beforeAll, expect, it } from "vitest";
import { tenantPrisma, type TenantPrisma } from "../../../../src/integrations/orm/prisma/index.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";
import { describePeers } from "../../../support/peers.ts";
import type { TestClient } from "./prisma-client.ts";
import { loadPostgres, postgresOf, type PrismaPeers, wire } from "./prisma-world.ts";

describePeers("extensions of Prisma", "@prisma/client", (peers) => {
  let world: OrmWorld;
  let loaded: PrismaPeers;
  let subject: TenantPrisma<TestClient>;

  beforeAll(async () => {
    world = await openOrmWorld(postgresOf(peers));
    loaded = await loadPostgres(peers);
    subject = wire(world.tenancy, loaded);
  });
  afterAll(async () => {
    await subject?.close();
    await closeOrmWorld(world);
  });

  const inTenant = <T>(slug: string, fn: () => T | PromiseLike<T>): Promise<Awaited<T>> =>
    world.tenancy.withTenant(slug, fn);
  const byId = { where: { id: 1 } };

  /** An extension that reads by the ambient client beside each query, as one that writes an audit does. */
  const auditing = (seen: (string | undefined)[]): object => ({
    query: {
      $allOperations: async ({ args, query }: { args: object; query: (a: object) => unknown }) => {
        seen.push((await subject.prisma.author.findUnique(byId))?.owner);
        return await query(args);
      },
    },
  });

  it("query in the tenant of the query, wherever that is awaited", async () => {
    const seen: (string | undefined)[] = [];
    const extended = subject.prisma.$extends(auditing(seen));
    const query = await inTenant("one", () => ({
      later: extended.author.findUniqueOrThrow(byId),
      raw: extended.$queryRaw`select 1`,
    }));
    const found = await inTenant("two", async () => [(await query.later).owner, await query.raw]);
    expect(found[0]).toBe("tenant_one");
    expect(seen).toEqual(["tenant_one", "tenant_one"]);
  });

  it("query in the tenant of the client that `forTenant` has bound", async () => {
    const seen: (string | undefined)[] = [];
    const { close, forTenant } = tenantPrisma(world.tenancy, (bound) =>
      new loaded.PrismaClient({ adapter: loaded.adapterOf(bound) }).$extends(auditing(seen)),
    );
    const one = await forTenant("one");
    const work = async (): Promise<void> => {
      await one.author.findFirst();
      await one.$transaction([one.author.count(), one.$queryRaw`select 1`]);
      await one.$transaction(async (tx) => tx.author.count());
    };
    await work();
    await inTenant("two", work);
    expect(seen).toEqual(Array(8).fill("tenant_one"));
    await close();
  });

  it("leave the scope of a transaction's own function as it is", async () => {
    const one = await subject.forTenant("one");
    const slug = await inTenant("two", () =>
      one.$transaction(async () => world.tenancy.currentTenant()?.slug),
    );
    expect(slug).toBe("two");
  });

  it("may be of a model, of results and of the client, kept since before there was a scope", async () => {
    const extended = subject.prisma.$extends({
      client: { whose: async () => (await subject.prisma.author.findFirst())?.owner },
      model: {
        author: {
          async first(this: { findFirst(): Promise<unknown> }) {
            return await this.findFirst();
          },
        },
      },
      result: {
        author: {
          loud: {
            compute: ({ owner }: { owner: string }) => owner.toUpperCase(),
            needs: { owner: true },
          },
        },
      },
    }) as unknown as {
      whose: () => Promise<string>;
      author: { first(): Promise<{ loud: string }> };
    };
    const { author, whose } = extended;
    for (const slug of ["one", "two"]) {
      const found = await inTenant(slug, async () => [await whose(), (await author.first()).loud]);
      expect(found).toEqual([`tenant_${slug}`, `TENANT_${slug.toUpperCase()}`]);
    }
    expect(() => whose()).toThrow(/\[TENANT_REQUIRED\]/);
  });

  it("may be in one transaction with queries that are not extended", async () => {
    const extended = subject.prisma.$extends({ query: {} });
    const counts = await inTenant("one", () =>
      subject.prisma.$transaction([extended.author.count(), subject.prisma.author.count()]),
    );
    expect(counts).toEqual([1, 1]);
  });
});
