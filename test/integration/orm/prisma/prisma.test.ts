import type pg from "pg";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { TenantPrisma } from "../../../../src/integrations/orm/prisma/index.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";
import { describePeers } from "../../../support/peers.ts";
import type { Book, TestClient } from "./prisma-client.ts";
import { loadPostgres, postgresOf, wire } from "./prisma-world.ts";

describePeers("Prisma over a tenancy", "@prisma/client", (peers) => {
  let world: OrmWorld;
  let subject: TenantPrisma<TestClient>;
  let prisma: TestClient;

  beforeAll(async () => {
    world = await openOrmWorld(postgresOf(peers));
    subject = wire(world.tenancy, await loadPostgres(peers));
    ({ prisma } = subject);
  });
  afterAll(async () => {
    await subject?.close();
    await closeOrmWorld(world);
  });

  const byId = { where: { id: 1 } };

  it("answers many tenants of one moment each from its own tables", async () => {
    const owners = await Promise.all(
      world.tenants.map((tenant) =>
        world.tenancy.withTenant(tenant, async () => {
          const [found, [batched]] = await Promise.all([
            prisma.author.findUnique(byId),
            prisma.$transaction([prisma.author.findUniqueOrThrow(byId)]),
          ]);
          return [found?.owner, batched.owner];
        }),
      ),
    );
    expect(owners).toEqual(world.tenants.map(({ schemaName }) => [schemaName, schemaName]));
  });

  it("runs a query in the tenant that it was made in, wherever it is awaited", async () => {
    const query = await world.tenancy.withTenant("one", () => ({
      later: prisma.author.findUniqueOrThrow(byId),
    }));
    const raw = await world.tenancy.withTenant("one", () => ({
      later: prisma.$queryRaw<{ owner: string }[]>`select owner from authors where id = 1`,
    }));
    const found = await world.tenancy.withTenant("two", async () => [
      (await query.later).owner,
      (await raw.later)[0]?.owner,
    ]);
    expect(found).toEqual(["tenant_one", "tenant_one"]);
  });

  it("follows the scope with a model, and a method, that were kept", async () => {
    const { author } = await world.tenancy.withTenant("one", () => prisma);
    // oxlint-disable-next-line typescript/unbound-method -- Prisma's methods need no `this`
    const { findUniqueOrThrow } = author;
    for (const slug of ["one", "two"]) {
      const owners = await world.tenancy.withTenant(slug, async () => [
        (await author.findUniqueOrThrow(byId)).owner,
        (await findUniqueOrThrow(byId)).owner,
      ]);
      expect(owners).toEqual([`tenant_${slug}`, `tenant_${slug}`]);
    }
  });

  it("refuses queries without a scope, and can be looked at without one", async () => {
    expect(() => prisma.author.findMany()).toThrow(/\[TENANT_REQUIRED\]/);
    expect(() => prisma.$queryRaw`select 1`).toThrow(/\[TENANT_REQUIRED\]/);
    expect(() => prisma.$transaction([])).toThrow(/\[TENANT_REQUIRED\]/);
    // As a function that is awaited returns it.
    expect(await (async () => prisma)()).toBe(prisma);
    await prisma.$connect();
    await prisma.$disconnect();
  });

  it("refuses queries of two tenants in one transaction", async () => {
    const wrong = { code: "WRONG_TENANT" };
    const other = await world.tenancy.withTenant("two", () => ({
      author: prisma.author.findUnique(byId) as unknown as { books(): Promise<Book[]> },
      query: prisma.author.findUniqueOrThrow(byId),
    }));
    await world.tenancy.withTenant("one", async () => {
      const own = prisma.author.findUniqueOrThrow(byId);
      await expect(prisma.$transaction([own, other.query])).rejects.toMatchObject(wrong);
      const fluent = other.author.books();
      await expect(prisma.$transaction([fluent])).rejects.toMatchObject(wrong);
    });
    const one = await subject.forTenant("one");
    await expect(one.$transaction([other.query])).rejects.toMatchObject(wrong);
  });

  it("stays in its tenant inside an interactive transaction", async () => {
    const seen = await world.tenancy.withTenant("one", () =>
      prisma.$transaction(async (tx) => {
        const made = await tx.author.create({ data: { name: "Zoe", owner: "tenant_one" } });
        const [row] = await tx.$queryRaw<{ count: number }[]>`
          select count(*)::int as count from authors where id = ${made.id}`;
        // Another tenant's client runs in a transaction of nobody.
        const two = await subject.forTenant("two");
        return [row?.count, await two.author.count({ where: { id: made.id } })];
      }),
    );
    expect(seen).toEqual([1, 0]);
  });

  it("reads the global schema in the global scope", async () => {
    const owner = await world.tenancy.scopeGlobal(async () => {
      const [row] = await prisma.$queryRaw<{ owner: string }[]>`select owner from authors`;
      return [row?.owner, (await prisma.author.findFirst())?.owner];
    });
    expect(owner).toEqual(["GLOBAL", "GLOBAL"]);
  });

  it("extends the client of every tenant", async () => {
    const calls: string[] = [];
    const extended = prisma.$extends({
      query: {
        author: {
          findUnique: async ({ args, query }: { args: object; query: (a: object) => unknown }) => {
            calls.push(world.tenancy.requireTenant().slug);
            return await query(args);
          },
        },
      },
    });
    for (const slug of ["one", "two"]) {
      const found = await world.tenancy.withTenant(slug, () => extended.author.findUnique(byId));
      expect(found?.owner).toBe(`tenant_${slug}`);
    }
    expect(calls).toEqual(["one", "two"]);
  });

  it("refuses to listen to one tenant's client alone", () => {
    expect(() => prisma.$on("query", () => undefined)).toThrow(/\[INVALID_CONFIG\]/);
  });

  it("stays in its tenant inside a transaction, whatever the scope becomes there", async () => {
    const owners = await world.tenancy.withTenant("one", () =>
      prisma.$transaction(async (tx) => {
        const nested = await world.tenancy.withTenant("two", () => tx.author.findFirst());
        await world.tenancy.putTenant("two");
        return [nested, await tx.author.findFirst(), await prisma.author.findFirst()];
      }),
    );
    expect(owners.map((author) => author?.owner)).toEqual([
      "tenant_one",
      "tenant_one",
      "tenant_two",
    ]);
  });

  it("gives the connection of a transaction back that takes too long", async () => {
    const pool = world.tenancy.pool as pg.Pool;
    const late = world.tenancy.withTenant("one", () =>
      prisma.$transaction(
        async (tx) => {
          await tx.author.create({ data: { name: "Late", owner: "tenant_one" } });
          await vi.waitFor(() => expect(tx.author.count()).rejects.toThrow());
          return await tx.author.count();
        },
        { timeout: 50 },
      ),
    );
    await expect(late).rejects.toMatchObject({ code: "P2028" });
    await vi.waitFor(() => expect(pool.idleCount).toBe(pool.totalCount));
    const left = { where: { name: "Late" } };
    expect(await world.tenancy.withTenant("one", () => prisma.author.count(left))).toBe(0);
  });

  // The oldest waits for its connection first, and looks at the time then.
  it.runIf(peers.set === "newest")("gives a connection back that comes too late", async () => {
    const pool = world.tenancy.pool as pg.Pool;
    const held = await world.tenancy.withTenant("two", () =>
      Promise.all(Array.from({ length: 4 }, () => pool.connect())),
    );
    const waiting = world.tenancy.withTenant("one", () =>
      prisma.$transaction((tx) => tx.author.count(), { maxWait: 20 }),
    );
    await expect(waiting).rejects.toMatchObject({ code: "P2028" });
    for (const client of held) client.release();
    await vi.waitFor(() => expect(pool.idleCount).toBe(pool.totalCount));
  });

  it("compares columns by the fields of a model", async () => {
    // A filter by a field that is not there would be none.
    expect(() => prisma.book.fields["owner"]).toThrow(/\[TENANT_REQUIRED\]/);
    const books = await world.tenancy.withTenant("one", () =>
      prisma.book.findMany({ where: { title: { lte: prisma.book.fields["owner"] as string } } }),
    );
    expect(books).toHaveLength(3);
  });

  it("binds a client to one tenant, and refuses as `withTenant` does", async () => {
    const one = await subject.forTenant("one");
    const owners = await world.tenancy.withTenant("two", async () => [
      (await one.author.findUnique(byId))?.owner,
      (await one.$queryRaw<{ owner: string }[]>`select owner from authors`)[0]?.owner,
      (await prisma.author.findUnique(byId))?.owner,
    ]);
    expect(owners).toEqual(["tenant_one", "tenant_one", "tenant_two"]);
    await expect(subject.forTenant("nobody")).rejects.toMatchObject({ code: "TENANT_NOT_FOUND" });
  });

  it("refuses a raw query that would leave its tenant's search path to the next one", async () => {
    await world.tenancy.withTenant("one", async () => {
      await prisma.$executeRaw`set search_path to public`.catch(() => undefined);
    });
    const owner = await world.tenancy.withTenant("two", async () => {
      const rows = await Promise.all(
        Array.from(
          { length: 8 },
          () => prisma.$queryRaw<{ owner: string }[]>`
          select owner from authors where id = 1`,
        ),
      );
      return [...new Set(rows.map(([row]) => row?.owner))];
    });
    expect(owner).toEqual(["tenant_two"]);
  });
});
