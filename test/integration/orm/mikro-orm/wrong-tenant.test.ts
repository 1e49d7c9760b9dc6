import { afterAll, beforeAll, expect, it } from "vitest";
import { tenantOf } from "../../../../src/core/records.ts";
import { describeEngines, MYSQL2, POSTGRES } from "../../../support/engines.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";
import { openMikroOrm, type TestMikroOrm } from "../../../support/orm/mikro-orm.ts";
import { describePeers } from "../../../support/peers.ts";

const WRONG_TENANT = { code: "WRONG_TENANT" };

describeEngines(
  "records of MikroORM",
  (engine) => {
    let world: OrmWorld;
    beforeAll(async () => {
      world = await openOrmWorld(engine);
    });
    afterAll(() => closeOrmWorld(world));
    const within = <T>(slug: string, fn: () => Promise<T>): Promise<T> =>
      world.tenancy.withTenant(slug, fn);
    const inTwo = <T>(fn: () => Promise<T>): Promise<T> => within("two", fn);

    describePeers("remember their tenant", "@mikro-orm/core", (peers) => {
      let mikroOrm: TestMikroOrm;
      beforeAll(async () => {
        const name = engine.family === "postgres" ? "postgresql" : "mysql";
        mikroOrm = await openMikroOrm(peers, world.tenancy, name);
      });
      afterAll(() => mikroOrm.orm.close());
      const load = (slug: string) =>
        within(slug, () =>
          mikroOrm.em.findOneOrFail(mikroOrm.BookSchema, 1, { populate: ["author"] }),
        );

      it("whether they were loaded, referred to, made or reached by a relation", async () => {
        const { AuthorSchema, BookSchema, em } = mikroOrm;
        const book = await load("one");
        expect(tenantOf(book)?.slug).toBe("one");
        expect(tenantOf(book.author.unwrap())?.slug).toBe("one");
        await inTwo(async () => {
          expect(tenantOf(em.getReference(BookSchema, 7))?.slug).toBe("two");
          const made = em.create(AuthorSchema, { name: "made", owner: "two" });
          await em.flush();
          expect(tenantOf(made)?.slug).toBe("two");
          await em.remove(made).flush();
        });
      });

      it("and are not taken by a manager of another, nor written", async () => {
        const { AuthorSchema, BookSchema, em } = mikroOrm;
        const book = await load("one");
        book.title = "stolen";
        const uses: readonly (() => unknown)[] = [
          () => em.persist(book),
          () => em.persist([book]),
          () => em.remove(book),
          () => em.merge(book),
          () => em.assign(book, { title: "stolen" }),
          () => em.refresh(book),
          () => em.insert(book),
          () => em.insert(BookSchema, book),
          () => em.upsert(book),
          () => em.upsertMany([book]),
          () => em.nativeUpdate(AuthorSchema, book.author, { name: "stolen" }),
          () => em.populate(book.author.unwrap(), ["books"]),
        ];
        for (const use of uses) {
          await expect(inTwo(async () => use())).rejects.toMatchObject(WRONG_TENANT);
        }
        expect((await load("two")).title).toBe("A");
      });

      it("nor referred to by a record of another", async () => {
        const { AuthorSchema, BookSchema, em } = mikroOrm;
        const stranger = await load("one");
        await inTwo(async () => {
          em.create(BookSchema, { author: stranger.author, owner: "two", title: "referring" });
          await expect(em.flush()).rejects.toMatchObject(WRONG_TENANT);
        });
        await inTwo(async () => {
          const book = await em.findOneOrFail(BookSchema, 1);
          book.author = stranger.author;
          await expect(em.flush()).rejects.toMatchObject(WRONG_TENANT);
        });
        await inTwo(async () => {
          const author = em.create(AuthorSchema, { name: "collecting", owner: "two" });
          expect(() => author.books.add(stranger)).toThrow(expect.objectContaining(WRONG_TENANT));
          await expect(em.flush()).rejects.toMatchObject(WRONG_TENANT);
        });
        const { author } = await load("two");
        expect(author.unwrap().name).toBe("Ann");
        expect(await inTwo(() => em.count(BookSchema, { title: "referring" }))).toBe(0);
        expect(await inTwo(() => em.count(AuthorSchema, { name: "collecting" }))).toBe(0);
      });

      it("nor referred to by data or a condition", async () => {
        const { BookSchema, em } = mikroOrm;
        const { author: reference } = await load("one");
        for (const author of [reference, reference.unwrap()]) {
          const data = { author, owner: "two", title: "referring" } as never;
          const changed = { author } as never;
          const uses: readonly (() => unknown)[] = [
            () => em.insert(BookSchema, data),
            () => em.insertMany(BookSchema, [data]),
            () => em.upsert(BookSchema, data),
            () => em.nativeUpdate(BookSchema, { id: 2 }, changed),
            () => em.nativeUpdate(BookSchema, changed, { title: "B" }),
            () => em.nativeDelete(BookSchema, changed),
            () => em.createQueryBuilder(BookSchema).insert(data).execute(),
            () => em.createQueryBuilder(BookSchema).update(changed).where({ id: 2 }).execute(),
          ];
          for (const use of uses) {
            await expect(inTwo(async () => use())).rejects.toMatchObject(WRONG_TENANT);
          }
        }
        expect(await inTwo(() => em.count(BookSchema, { title: "referring" }))).toBe(0);
      });

      it("of bound managers too", async () => {
        const { BookSchema } = mikroOrm;
        const one = await mikroOrm.forTenant("one");
        const two = await mikroOrm.forTenant("two");
        const book = await inTwo(() => one.findOneOrFail(BookSchema, 2));
        expect(tenantOf(book)?.slug).toBe("one");
        expect(() => two.persist(book)).toThrow(expect.objectContaining(WRONG_TENANT));
        book.title = "changed";
        await inTwo(() => one.flush());
        const found = await one.fork().findOneOrFail(BookSchema, 2);
        expect(found.title).toBe("changed");
        expect((await two.findOneOrFail(BookSchema, 2)).title).toBe("B");
      });
    });
  },
  [POSTGRES, MYSQL2],
);
