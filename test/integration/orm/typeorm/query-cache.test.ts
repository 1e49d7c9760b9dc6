import { afterAll, beforeAll, expect, it } from "vitest";
import { POSTGRES } from "../../../support/engines.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";
import { openTypeorm } from "../../../support/orm/typeorm.ts";
import { describePeers } from "../../../support/peers.ts";

interface Entry {
  readonly identifier?: string;
  readonly query?: string;
}

/** A cache in memory, as an application may bring one. */
class MemoryCache {
  readonly entries = new Map<string, Entry>();
  connect = async (): Promise<void> => undefined;
  disconnect = async (): Promise<void> => undefined;
  synchronize = async (): Promise<void> => undefined;
  getFromCache = async (entry: Entry): Promise<Entry | undefined> =>
    this.entries.get(entry.identifier ?? entry.query ?? "");
  storeInCache = async (entry: Entry): Promise<void> => {
    this.entries.set(entry.identifier ?? entry.query ?? "", entry);
  };
  isExpired = (): boolean => false;
  clear = async (): Promise<void> => this.entries.clear();
  remove = async (identifiers: string[]): Promise<void> => {
    for (const identifier of identifiers) this.entries.delete(identifier);
  };
}

let world: OrmWorld;
beforeAll(async () => {
  world = await openOrmWorld(POSTGRES);
});
afterAll(() => closeOrmWorld(world));

describePeers("the query cache of TypeORM", "typeorm", (peers) => {
  const cache = new MemoryCache();
  let typeorm: Awaited<ReturnType<typeof openTypeorm>>;
  beforeAll(async () => {
    typeorm = await openTypeorm(peers, world.tenancy, {
      cache: { provider: () => cache } as never,
    });
  });
  afterAll(() => typeorm.dataSource.destroy());
  const ownersIn = (slug: string, named: boolean | string = true): Promise<string[]> =>
    world.tenancy.withTenant(slug, async () => {
      const books = typeorm.dataSource.getRepository(typeorm.BookSchema);
      const found = await books.find({
        cache: named === true ? true : { id: String(named), milliseconds: 60_000 },
      });
      return [...new Set(found.map(({ owner }) => owner))];
    });

  it.each([true, "books"])("answers each tenant with its own rows, named %s", async (named) => {
    for (const _round of [1, 2]) {
      for (const slug of ["one", "two", "three"]) {
        expect(await ownersIn(slug, named)).toEqual([`tenant_${slug}`]);
      }
    }
    expect(cache.entries.size).toBe(3);
    await cache.clear();
  });

  it("is keyed by the tenant of a bound manager, and asks the database once", async () => {
    const one = await typeorm.forTenant("one");
    const find = () =>
      one.find(typeorm.BookSchema, {
        cache: { id: "bound", milliseconds: 60_000 },
        order: { id: "asc" },
      });
    const [first] = await world.tenancy.withTenant("two", find);
    first!.title = "only in memory";
    await world.admin.query("update tenant_one.books set title = 'newer' where id = 1");
    expect((await find())[0]).toMatchObject({ owner: "tenant_one", title: "A" });
    expect(await ownersIn("two", "bound")).toEqual(["tenant_two"]);
    await cache.clear();
    await world.admin.query("update tenant_one.books set title = 'A' where id = 1");
  });

  it("forgets a name in one tenant alone", async () => {
    await ownersIn("one", "named");
    await ownersIn("two", "named");
    await world.tenancy.withTenant("one", () =>
      typeorm.dataSource.queryResultCache!.remove(["named"]),
    );
    expect([...cache.entries.keys()]).toEqual([`tenant:${world.tenants[1]!.id}:named`]);
    await cache.clear();
  });

  it("answers nobody without a scope", async () => {
    await ownersIn("one", "scoped");
    const books = typeorm.dataSource.getRepository(typeorm.BookSchema);
    await expect(books.find({ cache: { id: "scoped", milliseconds: 1000 } })).rejects.toMatchObject(
      { code: "TENANT_REQUIRED" },
    );
  });

  it("may also be a table, of which each tenant has its own", async () => {
    const made = await openTypeorm(peers, world.tenancy, { cache: true });
    const { BookSchema, dataSource } = made;
    const books = () => dataSource.getRepository("Book").find({ cache: 60_000 });
    for (const slug of ["four", "five", "four", "five"]) {
      await world.tenancy.withTenant(slug, async () => {
        const queryRunner = dataSource.createQueryRunner();
        await dataSource.queryResultCache!.synchronize(queryRunner);
        await queryRunner.release();
        for (const book of await books()) expect(book).toMatchObject({ owner: `tenant_${slug}` });
        const cached = await dataSource.query('select count(*)::int n from "query-result-cache"');
        expect(cached).toEqual([{ n: 1 }]);
      });
    }
    const four = await made.forTenant("four");
    await world.tenancy.withTenant("five", () => four.find(BookSchema, { cache: true, take: 1 }));
    for (const [slug, n] of [
      ["four", "2"],
      ["five", "1"],
    ]) {
      const { rows } = await world.admin.query(
        `select count(*) as n from tenant_${slug}."query-result-cache"`,
      );
      expect([slug, rows]).toEqual([slug, [{ n }]]);
    }
    for (const slug of ["four", "five"]) {
      await world.admin.query(`drop table tenant_${slug}."query-result-cache"`);
    }
    // And there is none in the global schema, nor in those without it.
    await expect(
      made.forTenant("three").then((three) => three.find(BookSchema, { cache: true })),
    ).rejects.toThrow("query-result-cache");
    await dataSource.destroy();
  });
});
