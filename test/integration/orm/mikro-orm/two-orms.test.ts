import { afterAll, beforeAll, expect, it } from "vitest";
import { POSTGRES } from "../../../support/engines.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";
import { openMikroOrm, type TestMikroOrm } from "../../../support/orm/mikro-orm.ts";
import { describePeers } from "../../../support/peers.ts";

let world: OrmWorld;
let otherWorld: OrmWorld;
beforeAll(async () => {
  world = await openOrmWorld(POSTGRES);
  otherWorld = await openOrmWorld(POSTGRES);
  await otherWorld.admin.query("update tenant_two.books set title = 'other'");
});
afterAll(async () => {
  await closeOrmWorld(world);
  await closeOrmWorld(otherWorld);
});

describePeers("a transaction of MikroORM", "@mikro-orm/core", (peers) => {
  let mikroOrm: TestMikroOrm;
  let other: TestMikroOrm;
  beforeAll(async () => {
    mikroOrm = await openMikroOrm(peers, world.tenancy);
    other = await openMikroOrm(peers, otherWorld.tenancy);
  });
  afterAll(async () => {
    await mikroOrm.orm.close();
    await other.orm.close();
  });

  it("is not one of the ORM of another tenancy", async () => {
    const { BookSchema, em } = other;
    await world.tenancy.withTenant("one", () =>
      mikroOrm.em.transactional(() =>
        otherWorld.tenancy.withTenant("two", async () => {
          expect((await em.findOneOrFail(BookSchema, 1)).title).toBe("other");
          expect(await em.execute("select distinct owner, title from books")).toEqual([
            { owner: "tenant_two", title: "other" },
          ]);
          await em.transactional(async (inner) => {
            expect((await inner.findOneOrFail(BookSchema, 2)).title).toBe("other");
          });
        }),
      ),
    );
  });

  it("of a bound manager is not one of others, whatever context they look for", async () => {
    const { BookSchema, em, forTenant } = mikroOrm;
    const [one, two] = [await forTenant("one"), await forTenant("two")];
    const inOne = <T>(fn: () => Promise<T>): Promise<T> => world.tenancy.withTenant("one", fn);
    await two.transactional(async () => {
      const fork = em.fork({ useContext: true });
      const [inScope, boundToOne, boundToTwo, ambient] = [
        await inOne(() => fork.findOneOrFail(BookSchema, 1)),
        await one.fork({ useContext: true }).findOneOrFail(BookSchema, 1),
        await inOne(() => two.fork({ useContext: true }).findOneOrFail(BookSchema, 1)),
        await inOne(() => em.findOneOrFail(BookSchema, 1)),
      ].map(({ owner }) => owner);
      expect([inScope, boundToOne, boundToTwo, ambient]).toEqual([
        "tenant_one",
        "tenant_one",
        "tenant_two",
        "tenant_one",
      ]);
      for (const manager of [em, em.fork({ useContext: true })]) {
        await expect(manager.findOne(BookSchema, 1)).rejects.toMatchObject({
          code: "TENANT_REQUIRED",
        });
      }
    });
    const bound = one.fork({ useContext: true });
    const found = await world.tenancy.withTenant("two", () => bound.findOneOrFail(BookSchema, 1));
    expect(found.owner).toBe("tenant_one");
  });
});
