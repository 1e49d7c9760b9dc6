import type { Options } from "@mikro-orm/core";
import type * as coreModule from "@mikro-orm/core";
import pg, { type Pool } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tenantMikroOrm } from "../../../../src/integrations/orm/mikro-orm/index.ts";
import { describeEngines, MYSQL2, POSTGRES } from "../../../support/engines.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";
import { mikroOrmOptions, openMikroOrm } from "../../../support/orm/mikro-orm.ts";
import { describePeers } from "../../../support/peers.ts";

describe("MikroORM over a tenancy", () => {
  let world: OrmWorld;
  beforeAll(async () => {
    world = await openOrmWorld(POSTGRES);
  });
  afterAll(() => closeOrmWorld(world));

  describePeers("is", "@mikro-orm/core", (peers) => {
    it("closed, and the pool goes on", async () => {
      const { BookSchema, em, orm, ...rest } = await openMikroOrm(peers, world.tenancy);
      const bound = await rest.forTenant("one");
      expect(await bound.count(BookSchema)).toBe(3);
      expect(await world.tenancy.withTenant("two", () => em.count(BookSchema))).toBe(3);
      const pool = world.tenancy.pool as Pool;
      expect(pool.totalCount).toBe(pool.idleCount);
      await orm.close();
      expect(await bound.count(BookSchema)).toBe(3);
      await world.tenancy.withTenant("one", () => world.tenancy.query("select 1"));
    });

    it("bound with qualified names and with raw text, and follows a rename", async () => {
      const mikroOrm = await openMikroOrm(peers, world.tenancy);
      const slug = `renamed-${peers.set}`;
      await world.tenancy.create(slug);
      const bound = await mikroOrm.forTenant(slug);
      const builder = bound.createQueryBuilder(mikroOrm.BookSchema);
      expect(builder.getFormattedQuery()).not.toContain("public");
      await bound.insert(mikroOrm.AuthorSchema, { name: "Ann", owner: slug });
      await world.tenancy.rename(slug, { schemaName: `other_${peers.set}` });
      const again = await mikroOrm.forTenant(slug);
      expect(await again.count(mikroOrm.AuthorSchema)).toBe(1);
      expect(await again.execute("select owner from authors")).toEqual([{ owner: slug }]);
      expect(await again.execute("select current_schema() as name")).toEqual([
        { name: `other_${peers.set}` },
      ]);
      await world.tenancy.suspend(slug);
      await expect(mikroOrm.forTenant(slug)).rejects.toMatchObject({ code: "TENANT_NOT_ACTIVE" });
      await expect(mikroOrm.forTenant("nobody")).rejects.toMatchObject({
        code: "TENANT_NOT_FOUND",
      });
      await mikroOrm.orm.close();
    });

    it.each(["*", undefined])("right for entities of the schema %s", async (entitySchema) => {
      const options = entitySchema === undefined ? {} : { entitySchema };
      const mikroOrm = await openMikroOrm(peers, world.tenancy, "postgresql", options);
      const { AuthorSchema, BookSchema, em } = mikroOrm;
      const two = await mikroOrm.forTenant("two");
      const [book] = await two.find(BookSchema, {}, { populate: ["author"], orderBy: { id: 1 } });
      expect([book!.owner, book!.author.unwrap().owner]).toEqual(["tenant_two", "tenant_two"]);
      await world.tenancy.withTenant("one", async () => {
        const [found] = await em.find(BookSchema, {}, { populate: ["author"] });
        expect([found!.owner, found!.author.unwrap().owner]).toEqual(["tenant_one", "tenant_one"]);
        const author = em.create(AuthorSchema, { name: "of any schema", owner: "tenant_one" });
        await em.flush();
        await em.remove(author).flush();
      });
      await mikroOrm.orm.close();
    });

    it("one whose transactions and streams end where they fail", async () => {
      const { BookSchema, em, orm } = await openMikroOrm(peers, world.tenancy);
      const pool = world.tenancy.pool as Pool;
      await world.tenancy.withTenant("one", async () => {
        for await (const _book of em.stream(BookSchema)) break;
        await expect(em.execute("select nonsense")).rejects.toThrow("nonsense");
        await expect(em.transactional(() => em.execute("select nonsense"))).rejects.toThrow(
          "nonsense",
        );
      });
      expect(pool.totalCount).toBe(pool.idleCount);
      await orm.close();
    });
  });
});

describeEngines(
  "MikroORM reads rows as over its own pool",
  (engine) => {
    let world: OrmWorld;
    beforeAll(async () => {
      world = await openOrmWorld(engine);
      const { schemaName } = world.tenants[0]!;
      await world.admin.query(
        `create table ${schemaName}.stamps (id int primary key, day date, at timestamp null, big bigint, data json)`,
      );
    });
    afterAll(() => closeOrmWorld(world));

    describePeers("with", "@mikro-orm/core", (peers) => {
      it("dates, large numbers and JSON", async () => {
        const name = engine.family === "postgres" ? "postgresql" : "mysql";
        const { EntitySchema } = await peers.load<typeof coreModule>("@mikro-orm/core");
        const Stamp = new EntitySchema({
          name: "Stamp",
          properties: {
            at: { type: "datetime" },
            big: { type: "bigint" },
            data: { type: "json" },
            day: { type: "date" },
            id: { autoincrement: false, primary: true, type: "integer" },
          },
          tableName: "stamps",
        });
        const own = { at: new Date("2024-03-10T01:02:03Z"), day: "2024-03-10" };
        const row = { ...own, big: 9_007_199_254_740_993n, data: { a: [1] }, id: 1 };
        const options = await mikroOrmOptions(peers, name, {
          entities: [Stamp],
          forceUtcTimezone: true,
        });
        const mikroOrm = await tenantMikroOrm(world.tenancy, options);
        const { em, orm } = mikroOrm;
        await world.tenancy.withTenant("one", async () => {
          await em.nativeDelete(Stamp, {});
          await em.insert(Stamp, row);
          for (const manager of [em.fork(), await mikroOrm.forTenant("one")]) {
            const read = await manager.findOneOrFail(Stamp, 1);
            expect({ ...(read as object) }).toMatchObject(row);
          }
          for await (const read of em.stream(Stamp)) {
            expect({ ...(read as object) }).toMatchObject(row);
          }
        });
        await orm.close();
      });
    });
  },
  [POSTGRES, MYSQL2],
);

describe("what would pass by the tenant is refused at the start", () => {
  let world: OrmWorld;
  beforeAll(async () => {
    world = await openOrmWorld(POSTGRES);
  });
  afterAll(() => closeOrmWorld(world));

  describePeers("with", "@mikro-orm/core", (peers) => {
    const entities = async (): Promise<Partial<Options>> => {
      const { EntitySchema } = await peers.load<typeof coreModule>("@mikro-orm/core");
      const properties = { id: { primary: true, type: "integer" } } as const;
      return { entities: [new EntitySchema({ name: "Note", properties })] };
    };

    it.each([
      ["one identity map for all", { allowGlobalContext: true }],
      ["a hook that is not called", { onReserveConnection: () => undefined }],
      ["a hook that is not called either", { onCreateConnection: () => undefined }],
      ["replicas", { replicas: [{ host: "elsewhere" }] }],
      ["a schema for all", { schema: "app" }],
      ["sessions that are reset", { sessionContext: "connection" }],
      ["a pool of its own", { driverOptions: {} }],
    ])("%s", async (_name, options) => {
      const own = await mikroOrmOptions(peers, "postgresql", {
        ...(await entities()),
        ...options,
      } as Partial<Options>);
      await expect(tenantMikroOrm(world.tenancy, own)).rejects.toMatchObject({
        code: "INVALID_CONFIG",
      });
    });

    it("a dialect with a pool of its own", async () => {
      const own = await mikroOrmOptions(peers, "postgresql", await entities());
      const pool = new pg.Pool({ connectionString: world.database.url });
      await expect(
        tenantMikroOrm(world.tenancy, { ...own, dialect: () => own.dialect(pool) }),
      ).rejects.toMatchObject({ code: "INVALID_CONFIG" });
      expect(pool.totalCount).toBe(pool.idleCount);
      await pool.end();
    });

    it("a dialect that is the same for every pool", async () => {
      const own = await mikroOrmOptions(peers, "postgresql", await entities());
      let dialect: object | undefined;
      await expect(
        tenantMikroOrm(world.tenancy, {
          ...own,
          dialect: (pool) => (dialect ??= own.dialect(pool)),
        }),
      ).rejects.toMatchObject({ code: "INVALID_CONFIG" });
    });

    it("another version of MikroORM", async () => {
      const old = { config: { get: () => undefined }, driver: {}, em: {} };
      await expect(
        tenantMikroOrm(world.tenancy, { dialect: () => ({}), init: () => old }),
      ).rejects.toMatchObject({ code: "UNSUPPORTED_PEER" });
    });
  });
});
