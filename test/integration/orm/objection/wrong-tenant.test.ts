import createKnex, { type Knex } from "knex";
import type * as ObjectionModule from "objection";
import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tenantOf } from "../../../../src/core/records.ts";
import type { Tenancy } from "../../../../src/core/tenancy.ts";
import { tenantKnex, type TenantKnex } from "../../../../src/integrations/orm/knex/index.ts";
import { tenantModel } from "../../../../src/integrations/orm/objection/index.ts";
import { POSTGRES } from "../../../support/engines.ts";
import {
  type AuthorRecord,
  type BookRecord,
  type Models,
  objectionModels,
} from "../../../support/orm/objection-models.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";
import { describePeers } from "../../../support/peers.ts";

const WRONG = { code: "WRONG_TENANT" };

let world: OrmWorld;
let tenancy: Tenancy<Pool>;
let own: TenantKnex<Knex>;

beforeAll(async () => {
  world = await openOrmWorld(POSTGRES);
  tenancy = world.tenancy as Tenancy<Pool>;
  own = tenantKnex(tenancy, (connectionPool) =>
    createKnex({ client: "pg", connectionPool, log: { warn: () => undefined } }),
  );
});

afterAll(() => closeOrmWorld(world));

/** Everything in a tenant's two tables, as others see it. */
async function contentOf(schema: string): Promise<unknown> {
  const texts = [
    `select * from ${schema}.authors order by id`,
    `select * from ${schema}.books order by id`,
  ];
  return Promise.all(texts.map(async (text) => (await world.admin.query(text)).rows));
}

describePeers("records of Objection", "objection", (peers) => {
  let models: Models;
  const one = <T>(fn: () => PromiseLike<T>) => tenancy.withTenant("one", fn);
  const two = <T>(fn: () => PromiseLike<T>) => tenancy.withTenant("two", fn);
  const load = (): Promise<AuthorRecord> =>
    one(() => models.Author.query().findById(1).withGraphFetched("books").throwIfNotFound());

  beforeAll(async () => {
    const { Model } = await peers.load<typeof ObjectionModule>("objection");
    models = objectionModels({ Model }, tenancy);
    models.Author.knex(own.knex);
    models.Book.knex(own.knex);
  });

  describe("remember their tenant", () => {
    it("when they are loaded, alone, in a page or with others", async () => {
      const author = await load();
      const joined = await one(() => models.Author.query().findById(1).withGraphJoined("books"));
      const page = await one(() => models.Book.query().page(0, 2));
      const related = await one(() => author.$relatedQuery<BookRecord>("books"));
      const records = [
        author,
        ...author.books!,
        joined!,
        ...joined!.books!,
        ...page.results,
        ...related,
      ];
      expect(records).toHaveLength(13);
      expect(records.map((record) => tenantOf(record)?.slug)).toEqual(records.map(() => "one"));
    });

    it("when they are saved, and when they are copied", async () => {
      const fresh = models.Author.fromJson({ name: "New", owner: "tenant_one" });
      expect(tenantOf(fresh)).toBeUndefined();
      const made = await one(() => models.Author.query().insert(fresh));
      expect(tenantOf(made)?.slug).toBe("one");
      const copy = (await load()).$clone();
      expect([copy, ...copy.books!].map((record) => tenantOf(record)?.slug)).toEqual(
        Array.from({ length: 4 }, () => "one"),
      );
      await one(() => made.$query().delete());
    });

    it("of the global scope", async () => {
      const author = await tenancy.scopeGlobal(() => models.Author.query().first());
      expect(tenantOf(author!)).toBeNull();
      await expect(one(() => author!.$query().patch({ name: "Z" }))).rejects.toMatchObject(WRONG);
    });
  });

  const uses: Readonly<Record<string, (author: AuthorRecord) => PromiseLike<unknown>>> = {
    $fetchGraph: (author) => author.$fetchGraph("books"),
    "$query().delete": (author) => author.$query().delete(),
    "$query().patch": (author) => author.$query().patch({ name: "Z" }),
    "$query().patchAndFetch": (author) => author.$query().patchAndFetch({ name: "Z" }),
    "$query().update": (author) => author.$query().update({ name: "Z", owner: "tenant_two" }),
    "$query() that reads": (author) => author.$query(),
    "$relatedQuery that reads": (author) => author.$relatedQuery("books"),
    "$relatedQuery().delete": (author) => author.$relatedQuery("books").delete(),
    "$relatedQuery().insert": (author) =>
      author.$relatedQuery("books").insert({ owner: "tenant_two", title: "Z" }),
    "$relatedQuery().relate": (author) => author.$relatedQuery("books").relate(1),
    "a copy's query": (author) => author.$clone().$query().patch({ name: "Z" }),
    "a query that was copied": (author) => author.$query().clone().patch({ name: "Z" }),
    fetchGraph: (author) => models.Author.fetchGraph([author], "books"),
    insert: (author) => models.Author.query().insert(author),
    insertGraph: (author) =>
      models.Author.query().insertGraph([{ books: author.books!, name: "Z" }]),
    "patch with the record's values": (author) =>
      models.Author.query().patch(author).where("id", 1),
    "relatedQuery().for": (author) =>
      models.Author.relatedQuery("books")
        .for(author as never)
        .delete(),
    updateAndFetchById: (author) => models.Author.query().updateAndFetchById(1, author),
    upsertGraph: (author) => models.Author.query().upsertGraph(author),
    "upsertGraph of a plain object with the record in it": (author) =>
      models.Author.query().upsertGraph({ books: author.books!.slice(0, 1), id: 1 }),
    "upsertGraph that removes what is not in it": (author) => {
      author.$set({ books: [] });
      return models.Author.query().upsertGraphAndFetch(author);
    },
  };

  it.each(Object.keys(uses))("are refused in another tenant: %s", async (name) => {
    const author = await load();
    const before = await contentOf("tenant_two");
    await expect(two(() => uses[name]!(author))).rejects.toMatchObject(WRONG);
    expect(await contentOf("tenant_two")).toEqual(before);
  });

  it.each(Object.keys(uses))(
    "are refused by a class that is bound to another: %s",
    async (name) => {
      const author = await load();
      const bound = await own.forTenant("two");
      const { Author, Book } = models;
      const before = await contentOf("tenant_two");
      models = { Author: Author.bindKnex(bound), Book: Book.bindKnex(bound) };
      try {
        // The record's own methods use its own class, which follows the ambient scope.
        const refused =
          name.startsWith("$") || name.startsWith("a ")
            ? two(() => uses[name]!(author))
            : one(() => uses[name]!(author));
        await expect(refused).rejects.toMatchObject(WRONG);
      } finally {
        models = { Author, Book };
      }
      expect(await contentOf("tenant_two")).toEqual(before);
    },
  );

  it("are at home in their own tenant, whichever way it is entered", async () => {
    const author = await load();
    const bound = await own.forTenant("one");
    await one(() => author.$query().patch({ name: "Amy" }));
    await two(() => author.$query(bound).patch({ name: "Eve" }));
    await author.$query(bound).patch({ name: "Ann" });
    const ofBound = await models.Author.bindKnex(bound).query().findById(1).throwIfNotFound();
    await ofBound.$query().patch({ name: "Ann" });
    await two(() => ofBound.$query().patch({ name: "Ann" }));
    expect(tenantOf(ofBound)?.slug).toBe("one");
  });

  it("are of the tenant of their transaction, whatever scope is in force by now", async () => {
    const author = await load();
    const trx = await one(() => models.Author.startTransaction());
    await two(async () => author.$query(trx).patch({ name: "Amy" }));
    const loaded = await two(async () => models.Author.query(trx).findById(1));
    expect(tenantOf(loaded!)?.slug).toBe("one");
    const other = await two(() => models.Author.startTransaction());
    await expect(one(() => author.$query(other).patch({ name: "Z" }))).rejects.toMatchObject(WRONG);
    const inner = await other.transaction();
    await expect(one(() => author.$query(inner).patch({ name: "Z" }))).rejects.toMatchObject(WRONG);
    await inner.rollback();
    await trx.rollback();
    await other.rollback();
  });

  it("are checked when the query runs, not when it is made", async () => {
    const author = await load();
    const { query } = await one(async () => ({ query: author.$query().patch({ name: "Z" }) }));
    await expect(two(() => query)).rejects.toMatchObject(WRONG);
    await expect(Promise.resolve(query)).rejects.toMatchObject({ code: "TENANT_REQUIRED" });
  });

  it("are written where they were checked, though the scope changes before the query is sent", async () => {
    const author = await load();
    const before = await contentOf("tenant_two");
    let isBefore = (): void => undefined;
    const hook = new Promise<void>((resolve) => (isBefore = resolve));
    let goOn = (): void => undefined;
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    class Slow extends models.Author {
      override async $beforeUpdate(): Promise<void> {
        isBefore();
        await gate;
      }
    }
    const written = await one(async () => {
      const update = Slow.query().patchAndFetchById(author.id, { name: "Amy" }).execute();
      await hook;
      await tenancy.putTenant("two");
      goOn();
      return await update;
    });
    expect(await contentOf("tenant_two")).toEqual(before);
    expect(tenantOf(written)?.slug).toBe("one");
    expect((await load()).name).toBe("Amy");
    await one(() => author.$query().patch({ name: "Ann" }));
  });

  it("are not written where no scope was in force as the query began, whatever comes meanwhile", async () => {
    const author = await load();
    const before = await contentOf("tenant_two");
    let goOn = (): void => undefined;
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    class Slow extends models.Author {
      override async $beforeUpdate(): Promise<void> {
        await gate;
      }
    }
    await tenancy.scope(async () => {
      const update = Slow.query().patchAndFetchById(author.id, { name: "Amy" }).execute();
      const put = tenancy.putTenant("two").then(goOn);
      await expect(update).rejects.toMatchObject({ code: "TENANT_REQUIRED" });
      await put;
    });
    expect(await contentOf("tenant_two")).toEqual(before);
  });

  it("joins a related table as it is, and not as a subselect", () => {
    const query = models.Author.query(own.knex).joinRelated("books").toKnexQuery();
    expect(query.toSQL().sql).toContain('inner join "books" on');
  });

  describe("bad input", () => {
    it("refuses models on a Knex that is not the tenancy's", async () => {
      const foreign = createKnex({ client: "pg", connection: world.database.url });
      await expect(one(() => models.Author.query(foreign))).rejects.toMatchObject({
        code: "INVALID_CONFIG",
      });
      const elsewhere = await openOrmWorld(POSTGRES);
      const other = tenantKnex(elsewhere.tenancy as Tenancy<Pool>, (connectionPool) =>
        createKnex({ client: "pg", connectionPool }),
      );
      await expect(one(() => models.Author.query(other.knex))).rejects.toMatchObject({
        code: "INVALID_CONFIG",
      });
      await foreign.destroy();
      await closeOrmWorld(elsewhere);
    });

    it("refuses what is not Objection's `Model`", () => {
      expect(() => tenantModel(tenancy, Map as never)).toThrow(
        expect.objectContaining({ code: "UNSUPPORTED_PEER" }),
      );
    });
  });
});
