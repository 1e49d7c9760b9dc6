import { afterAll, beforeAll, expect, it } from "vitest";
import { tenantOf } from "../../../../src/core/records.ts";
import { describeEngines } from "../../../support/engines.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";
import { type Book, openTypeorm, TYPEORM_ENGINES } from "../../../support/orm/typeorm.ts";
import { describePeers } from "../../../support/peers.ts";

const WRONG_TENANT = { code: "WRONG_TENANT" };

describeEngines(
  "records of TypeORM",
  (engine) => {
    let world: OrmWorld;
    beforeAll(async () => {
      world = await openOrmWorld(engine);
    });
    afterAll(() => closeOrmWorld(world));
    const inOne = <T>(fn: () => Promise<T>): Promise<T> => world.tenancy.withTenant("one", fn);
    const inTwo = <T>(fn: () => Promise<T>): Promise<T> => world.tenancy.withTenant("two", fn);

    describePeers("remember their tenant", "typeorm", (peers) => {
      let typeorm: Awaited<ReturnType<typeof openTypeorm>>;
      beforeAll(async () => {
        typeorm = await openTypeorm(peers, world.tenancy);
      });
      afterAll(() => typeorm.dataSource.destroy());
      const repository = () => typeorm.dataSource.getRepository(typeorm.BookSchema);
      const authors = () => typeorm.dataSource.getRepository(typeorm.AuthorSchema);
      const load = (): Promise<Book> => repository().findOneByOrFail({ id: 1 });
      const titles = async (): Promise<string[]> =>
        (await repository().find({ order: { id: "asc" } })).map(({ title }) => title);

      it("whether they were loaded, saved, or reached by a relation", async () => {
        const [author] = await inOne(() => authors().find({ relations: { books: true } }));
        expect(tenantOf(author!)?.slug).toBe("one");
        expect(author!.books!.map((book) => tenantOf(book)?.slug)).toContain("one");
        const made = await inTwo(() =>
          repository().save({ author_id: 1, owner: "tenant_two", title: "made" }),
        );
        expect(tenantOf(made)?.slug).toBe("two");
        await inTwo(() => repository().remove(made));
      });

      it("and are not written in another, before anything is sent", async () => {
        const book = await inOne(load);
        const before = await inTwo(titles);
        await expect(inTwo(() => repository().save(book))).rejects.toMatchObject(WRONG_TENANT);
        book.title = "stolen";
        await expect(inTwo(() => repository().save(book))).rejects.toMatchObject(WRONG_TENANT);
        await expect(inTwo(() => repository().save([book]))).rejects.toMatchObject(WRONG_TENANT);
        await expect(inTwo(() => repository().remove(book))).rejects.toMatchObject(WRONG_TENANT);
        await expect(inTwo(() => repository().softRemove(book))).rejects.toMatchObject(
          WRONG_TENANT,
        );
        await expect(inTwo(() => repository().recover(book))).rejects.toMatchObject(WRONG_TENANT);
        await expect(
          inTwo(() => typeorm.dataSource.manager.save(typeorm.BookSchema, book)),
        ).rejects.toMatchObject(WRONG_TENANT);
        expect(await inTwo(titles)).toEqual(before);
        await expect(inOne(() => repository().save(book))).resolves.toBe(book);
      });

      it("nor by what takes them for values or conditions", async () => {
        const book = await inOne(load);
        const { BookSchema, dataSource } = typeorm;
        const { manager } = dataSource;
        const builder = () => manager.createQueryBuilder();
        const writes: readonly (() => Promise<unknown>)[] = [
          () => repository().insert(book),
          () => repository().upsert(book, ["id"]),
          () => repository().update({ id: 1 }, book),
          () => manager.update(BookSchema, book, { title: "stolen" }),
          () => manager.delete(BookSchema, book),
          () => builder().insert().into(BookSchema).values(book).execute(),
        ];
        for (const write of writes) {
          await expect(inTwo(async () => write())).rejects.toMatchObject(WRONG_TENANT);
        }
      });

      it("nor by a cascade, nor as what a new record refers to", async () => {
        const book = await inOne(load);
        const stranger = await inOne(() => authors().findOneByOrFail({ id: 1 }));
        const author = await inTwo(() => authors().findOneByOrFail({ id: 1 }));
        author.books = [book];
        await expect(inTwo(() => authors().save(author))).rejects.toMatchObject(WRONG_TENANT);
        const added = { author: stranger, owner: "tenant_two", title: "with a stranger" } as Book;
        await expect(inTwo(() => repository().save(added))).rejects.toMatchObject(WRONG_TENANT);
        expect(await inTwo(titles)).not.toContain("with a stranger");
      });

      it("nor as what values or a condition refer to", async () => {
        const stranger = await inOne(() => authors().findOneByOrFail({ id: 1 }));
        const { BookSchema, dataSource } = typeorm;
        const { manager } = dataSource;
        const values = { author: stranger, owner: "two", title: "referring" };
        const changed = { author: stranger };
        const builder = () => manager.createQueryBuilder();
        const writes: readonly (() => Promise<unknown>)[] = [
          () => manager.insert(BookSchema, values),
          () => manager.upsert(BookSchema, values, ["id"]),
          () => manager.update(BookSchema, { id: 2 }, changed),
          () => manager.update(BookSchema, changed, { title: "B" }),
          () => manager.delete(BookSchema, changed),
          () => manager.preload(BookSchema, { ...changed, id: 2 }),
          () => builder().insert().into(BookSchema).values(values).execute(),
          () => builder().update(BookSchema).set(changed).where({ id: 2 }).execute(),
        ];
        for (const write of writes) {
          await expect(inTwo(async () => write())).rejects.toMatchObject(WRONG_TENANT);
        }
        expect(await inTwo(titles)).not.toContain("referring");
      });

      it("also if they were inserted alone", async () => {
        const { BookSchema, dataSource } = typeorm;
        const book = { author_id: 1, owner: "tenant_one", title: "inserted" } as Book;
        await inOne(() => dataSource.manager.insert(BookSchema, book));
        expect(tenantOf(book)?.slug).toBe("one");
        await expect(inTwo(() => repository().save(book))).rejects.toMatchObject(WRONG_TENANT);
        await inOne(() => repository().remove(book));
      });

      it("and the scope is the one that the connection is taken in", async () => {
        const book = await inOne(load);
        const before = await inTwo(titles);
        await inOne(async () => {
          const saving = repository().save(Object.assign(book, { title: "late" }));
          await Promise.all([
            world.tenancy.putTenant("two"),
            expect(saving).rejects.toMatchObject(WRONG_TENANT),
          ]);
        });
        expect(await inTwo(titles)).toEqual(before);
      });

      it("of a transaction, whatever scope is in force where it is used", async () => {
        const book = await inOne(load);
        const stranger = await inTwo(load);
        await inOne(() =>
          typeorm.dataSource.transaction(async (manager) => {
            const { BookSchema } = typeorm;
            await manager.find(BookSchema);
            await inTwo(async () => {
              const found = await manager.findOneByOrFail(BookSchema, { id: 2 });
              expect(found.owner).toMatch(/_one$/);
              expect(tenantOf(found)?.slug).toBe("one");
              await manager.save(BookSchema, book);
              await expect(manager.save(BookSchema, stranger)).rejects.toMatchObject(WRONG_TENANT);
            });
          }),
        );
      });

      it("of a manager that is bound to one", async () => {
        const { BookSchema } = typeorm;
        const one = await typeorm.forTenant("one");
        const two = await typeorm.forTenant("two");
        const book = await inTwo(() => one.findOneByOrFail(BookSchema, { id: 1 }));
        expect(book.owner).toMatch(/_one$/);
        expect(tenantOf(book)?.slug).toBe("one");
        await expect(two.save(BookSchema, book)).rejects.toMatchObject(WRONG_TENANT);
        await expect(inTwo(() => one.save(BookSchema, book))).resolves.toBe(book);
        await expect(
          two.transaction((manager) => manager.remove(BookSchema, book)),
        ).rejects.toMatchObject(WRONG_TENANT);
      });
    });
  },
  TYPEORM_ENGINES,
);
