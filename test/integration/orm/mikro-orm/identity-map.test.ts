import type * as coreModule from "@mikro-orm/core";
import type { Pool } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { POSTGRES } from "../../../support/engines.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";
import { openMikroOrm, type TestMikroOrm } from "../../../support/orm/mikro-orm.ts";
import { describePeers } from "../../../support/peers.ts";

const WRONG_TENANT = { code: "WRONG_TENANT" };
const TENANT_REQUIRED = { code: "TENANT_REQUIRED" };

let world: OrmWorld;
beforeAll(async () => {
  world = await openOrmWorld(POSTGRES);
});
afterAll(() => closeOrmWorld(world));
const inOne = <T>(fn: () => Promise<T>): Promise<T> => world.tenancy.withTenant("one", fn);
const inTwo = <T>(fn: () => Promise<T>): Promise<T> => world.tenancy.withTenant("two", fn);

describePeers("identity maps of MikroORM", "@mikro-orm/core", (peers) => {
  let mikroOrm: TestMikroOrm;
  beforeAll(async () => {
    mikroOrm = await openMikroOrm(peers, world.tenancy);
  });
  afterAll(() => mikroOrm.orm.close());
  const load = (): Promise<{ owner: string }> =>
    mikroOrm.em.findOneOrFail(mikroOrm.BookSchema, { id: 1 });

  it("are one for each request, and for each tenant in it", async () => {
    await inOne(async () => {
      const book = await load();
      expect(book.owner).toBe("tenant_one");
      expect(await load()).toBe(book);
      expect(await inOne(load)).not.toBe(book);
      expect((await inTwo(load)).owner).toBe("tenant_two");
      expect((await world.tenancy.scopeGlobal(load)).owner).toBe("GLOBAL");
      await world.tenancy.putTenant("two");
      expect((await load()).owner).toBe("tenant_two");
      await world.tenancy.putTenant("one");
      expect(await load()).toBe(book);
    });
  });

  it("are no other within a RequestContext, as frameworks open it", async () => {
    const { RequestContext } = await peers.load<typeof coreModule>("@mikro-orm/core");
    await RequestContext.create(mikroOrm.em, async () => {
      await expect(load()).rejects.toMatchObject(TENANT_REQUIRED);
      expect((await inOne(load)).owner).toBe("tenant_one");
      expect((await inTwo(load)).owner).toBe("tenant_two");
    });
    await inOne(() =>
      RequestContext.create(mikroOrm.em, async () => {
        expect((await load()).owner).toBe("tenant_one");
        expect((await inTwo(load)).owner).toBe("tenant_two");
      }),
    );
  });

  it("are not used without a scope", async () => {
    await expect(load()).rejects.toMatchObject(TENANT_REQUIRED);
    const fork = mikroOrm.em.fork();
    await expect(fork.findOne(mikroOrm.BookSchema, 1)).rejects.toMatchObject(TENANT_REQUIRED);
    expect(() => mikroOrm.em.getReference(mikroOrm.BookSchema, 1)).toThrow(
      expect.objectContaining(TENANT_REQUIRED),
    );
  });

  it("of a fork belong to the tenant that it was first used in", async () => {
    const { AuthorSchema, BookSchema, em } = mikroOrm;
    const fork = em.fork();
    const book = await inOne(() => fork.findOneOrFail(BookSchema, 1, { populate: ["author"] }));
    const uses: readonly (() => unknown)[] = [
      () => fork.findOne(BookSchema, 1),
      () => fork.find(BookSchema, {}),
      () => fork.count(BookSchema),
      () => fork.getReference(BookSchema, 1),
      () => fork.create(AuthorSchema, { name: "Eve", owner: "nobody" }),
      () => fork.flush(),
      () => fork.persist(book),
      () => fork.execute("select 1"),
      () => fork.createQueryBuilder(BookSchema),
      () => fork.getUnitOfWork(),
      () => fork.transactional(async () => undefined),
      () => fork.begin(),
      () => fork.refresh(book),
      () => book.author.unwrap().books.loadItems(),
      () => fork.fork({ clear: false }),
      () => fork.stream(BookSchema).next(),
    ];
    for (const use of uses) {
      await expect(inTwo(async () => use())).rejects.toMatchObject(WRONG_TENANT);
    }
    await expect(fork.findOne(BookSchema, 1)).rejects.toMatchObject(TENANT_REQUIRED);
    expect(await inOne(() => fork.findOne(BookSchema, 1))).toBe(book);
  });

  it("are not reached by references that are loaded in another tenant", async () => {
    const { BookSchema, em } = mikroOrm;
    const [book, other] = await inOne(async () => [
      await em.findOneOrFail(BookSchema, 1),
      em.getReference(BookSchema, 2, { wrapped: true }),
    ]);
    await expect(inTwo(() => book.author.load())).rejects.toMatchObject(WRONG_TENANT);
    await expect(inTwo(() => other.load())).rejects.toMatchObject(WRONG_TENANT);
    await expect(inOne(() => book.author.load())).resolves.toMatchObject({ owner: "tenant_one" });
    await expect(inOne(() => other.load())).resolves.toMatchObject({ owner: "tenant_one" });
  });

  it("of a transaction stay its own, while another tenant is asked", async () => {
    const { AuthorSchema, BookSchema, em } = mikroOrm;
    await inOne(() =>
      em.transactional(async (inner) => {
        const book = await load();
        book.owner = "tenant_one";
        expect((await inTwo(load)).owner).toBe("tenant_two");
        await expect(inTwo(() => inner.find(BookSchema, {}))).rejects.toMatchObject(WRONG_TENANT);
        await inTwo(async () => {
          em.create(AuthorSchema, { name: "made in two", owner: "tenant_two" });
          await em.flush();
        });
        expect(await load()).toBe(book);
        expect(await em.count(AuthorSchema, { name: "made in two" })).toBe(0);
      }),
    );
    expect(await inTwo(() => em.count(AuthorSchema, { name: "made in two" }))).toBeGreaterThan(0);
  });

  it("of a transaction can be rolled back in any scope, so that its connection is free", async () => {
    const pool = world.tenancy.pool as Pool;
    await inOne(async () => {
      const fork = mikroOrm.em.fork();
      await fork.begin();
      await world.tenancy.putTenant("two");
      await expect(fork.commit()).rejects.toMatchObject(WRONG_TENANT);
      await fork.rollback();
      const { em } = mikroOrm;
      await expect(
        em.transactional(async () => world.tenancy.putTenant("one")),
      ).rejects.toMatchObject(WRONG_TENANT);
      await expect(em.transactional(async () => world.tenancy.clearTenant())).rejects.toMatchObject(
        TENANT_REQUIRED,
      );
    });
    expect(pool.totalCount).toBe(pool.idleCount);
  });

  it("of a bound manager are its tenant's, in every scope", async () => {
    const { BookSchema, em } = mikroOrm;
    const one = await mikroOrm.forTenant("one");
    const book = await inTwo(() => one.findOneOrFail(BookSchema, 1));
    expect(book.owner).toBe("tenant_one");
    expect((await inTwo(() => book.author.loadOrFail())).owner).toBe("tenant_one");
    expect((await book.author.unwrap().books.loadItems()).map(({ owner }) => owner)).toContain(
      "tenant_one",
    );
    const another = await mikroOrm.forTenant("one");
    expect(await another.findOneOrFail(BookSchema, 1)).not.toBe(book);
    await inTwo(() =>
      one.transactional(async (inner) => {
        expect((await inner.findOneOrFail(BookSchema, 2)).owner).toBe("tenant_one");
        expect((await em.findOneOrFail(BookSchema, 2)).owner).toBe("tenant_two");
      }),
    );
    expect((await one.fork().findOneOrFail(BookSchema, 2)).owner).toBe("tenant_one");
  });
});
