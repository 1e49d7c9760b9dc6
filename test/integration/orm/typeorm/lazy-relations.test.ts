import { afterAll, beforeAll, expect, it } from "vitest";
import { tenantOf } from "../../../../src/core/records.ts";
import { tenantTypeorm } from "../../../../src/integrations/orm/typeorm/index.ts";
import type * as typeormModule from "typeorm";
import { POSTGRES } from "../../../support/engines.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";
import { describePeers } from "../../../support/peers.ts";

class Author {
  id!: number;
  owner!: string;
  books!: Promise<Book[]>;
}

class Book {
  id!: number;
  owner!: string;
  author!: Promise<Author>;
}

let world: OrmWorld;
beforeAll(async () => {
  world = await openOrmWorld(POSTGRES);
});
afterAll(() => closeOrmWorld(world));

describePeers("lazy relations of TypeORM", "typeorm", (peers) => {
  let typeorm: ReturnType<typeof open>;
  beforeAll(async () => {
    typeorm = open(await peers.load<typeof typeormModule>("typeorm"));
    await typeorm.dataSource.initialize();
  });
  afterAll(() => typeorm.dataSource.destroy());

  function open({ DataSource, EntitySchema }: typeof typeormModule) {
    const id = { primary: true, type: "int" } as const;
    const owner = { type: "varchar" } as const;
    const authors = new EntitySchema<Author>({
      columns: { id, owner },
      name: "Author",
      relations: {
        books: { inverseSide: "author", lazy: true, target: "Book", type: "one-to-many" },
      },
      tableName: "authors",
      target: Author,
    });
    const books = new EntitySchema<Book>({
      columns: { id, owner },
      name: "Book",
      relations: {
        author: {
          inverseSide: "books",
          joinColumn: { name: "author_id" },
          lazy: true,
          target: "Author",
          type: "many-to-one",
        },
      },
      tableName: "books",
      target: Book,
    });
    return tenantTypeorm(
      world.tenancy,
      (driver) => new DataSource({ driver, entities: [authors, books], type: "postgres" }),
    );
  }

  const load = (): Promise<Book> =>
    world.tenancy.withTenant("one", () =>
      typeorm.dataSource.getRepository(Book).findOneByOrFail({ id: 1 }),
    );

  it("load from the tenant of their entity, whatever scope is in force", async () => {
    for (const scope of ["one", "two", null]) {
      const book = await load();
      const author = await world.tenancy.withTenant(scope, () => book.author);
      expect([author.owner, tenantOf(author)?.slug]).toEqual(["tenant_one", "one"]);
      const books = await world.tenancy.withTenant("two", () => author.books);
      expect([...new Set(books.map(({ owner }) => owner))]).toEqual(["tenant_one"]);
    }
    const book = await load();
    expect((await book.author).owner).toBe("tenant_one");
  });

  it("load over the connection of a transaction while that is open", async () => {
    await world.tenancy.withTenant("one", () =>
      typeorm.dataSource.transaction(async (manager) => {
        const book = await manager.findOneByOrFail(Book, { id: 1 });
        await manager.query("update authors set owner = 'changed' where id = 1");
        const author = await world.tenancy.withTenant("two", () => book.author);
        expect(author.owner).toBe("changed");
        await manager.query("update authors set owner = 'tenant_one' where id = 1");
      }),
    );
  });

  it("do not lead to another tenant when they are assigned as promises", async () => {
    const author = await world.tenancy.withTenant("one", async () => (await load()).author);
    await world.tenancy.withTenant("two", async () => {
      const books = typeorm.dataSource.getRepository(Book);
      const book = await books.findOneByOrFail({ id: 2 });
      book.author = Promise.resolve(author);
      await expect(books.save(book)).rejects.toMatchObject({ code: "WRONG_TENANT" });
    });
  });

  it("are not loaded for records of two tenants at once", async () => {
    const one = await load();
    const two = await (await typeorm.forTenant("two")).findOneByOrFail(Book, { id: 1 });
    const { relationLoader } = typeorm.dataSource;
    const { relations } = typeorm.dataSource.getMetadata(Book);
    await expect(relationLoader.load(relations[0]!, [one, two])).rejects.toMatchObject({
      code: "WRONG_TENANT",
    });
  });
});
