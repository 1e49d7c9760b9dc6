import { afterAll, beforeAll, expect, it } from "vitest";
import { POSTGRES } from "../../../support/engines.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";
import { openMikroOrm, type TestMikroOrm } from "../../../support/orm/mikro-orm.ts";
import { describePeers } from "../../../support/peers.ts";

let world: OrmWorld;
beforeAll(async () => {
  world = await openOrmWorld(POSTGRES);
});
afterAll(() => closeOrmWorld(world));

describePeers("the result cache of MikroORM", "@mikro-orm/core", (peers) => {
  let mikroOrm: TestMikroOrm;
  let global: TestMikroOrm;
  beforeAll(async () => {
    mikroOrm = await openMikroOrm(peers, world.tenancy);
    global = await openMikroOrm(peers, world.tenancy, "postgresql", {
      resultCache: { global: 60_000 },
    });
  });
  afterAll(async () => {
    await mikroOrm.orm.close();
    await global.orm.close();
  });

  it.each([60_000, ["books", 60_000] as [string, number], true])(
    "answers each tenant with its own rows, with the option %j",
    async (cache) => {
      const { BookSchema, em } = mikroOrm;
      for (const _round of [1, 2]) {
        for (const slug of ["one", "two", "three"]) {
          const owner = `tenant_${slug}`;
          await world.tenancy.withTenant(slug, async () => {
            for (const book of await em.find(BookSchema, {}, { cache })) {
              expect(book.owner).toBe(owner);
            }
            const one = Array.isArray(cache) ? (["one", 60_000] as [string, number]) : cache;
            const book = await em.fork().findOneOrFail(BookSchema, 1, { cache: one });
            expect(book.owner).toBe(owner);
            const found = await em.createQueryBuilder(BookSchema, "b").cache(cache).getResult();
            for (const each of found) expect(each.owner).toBe(owner);
          });
          const bound = await mikroOrm.forTenant(slug);
          for (const book of await bound.find(BookSchema, {}, { cache })) {
            expect(book.owner).toBe(owner);
          }
        }
      }
    },
  );

  it("forgets a name in one tenant alone", async () => {
    const { AuthorSchema, em } = mikroOrm;
    const count = (slug: string): Promise<number> =>
      world.tenancy.withTenant(slug, () =>
        em.count(AuthorSchema, {}, { cache: [`authors ${peers.set}`, 60_000] }),
      );
    const before = await count("one");
    expect(await count("two")).toBe(1);
    for (const schema of ["tenant_one", "tenant_two"]) {
      await world.admin.query(
        `insert into ${schema}.authors (owner, name) values ('${schema}', 'B')`,
      );
    }
    await world.tenancy.withTenant("one", () => em.clearCache(`authors ${peers.set}`));
    expect(await count("one")).toBe(before + 1);
    expect(await count("two")).toBe(1);
    await world.admin.query("delete from tenant_two.authors where name = 'B'");
  });

  it("answers each tenant with its own rows where it is always on", async () => {
    for (const slug of ["four", "five", "four", "five"]) {
      const [book] = await world.tenancy.withTenant(slug, () =>
        global.em.find(global.BookSchema, {}),
      );
      expect(book!.owner).toBe(`tenant_${slug}`);
    }
    await expect(global.em.find(global.BookSchema, {})).rejects.toMatchObject({
      code: "TENANT_REQUIRED",
    });
  });
});
