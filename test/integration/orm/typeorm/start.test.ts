import type { EventEmitter } from "node:events";
import type pg from "pg";
import type * as typeormModule from "typeorm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tenantTypeorm } from "../../../../src/integrations/orm/typeorm/index.ts";
import { describeEngines, MARIADB, MYSQL2, POSTGRES } from "../../../support/engines.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";
import { openTypeorm, TYPEORM_ENGINES } from "../../../support/orm/typeorm.ts";
import { describePeers, peersOf } from "../../../support/peers.ts";
import { createTenancy } from "../../../../src/tenancy/create-tenancy.ts";

describeEngines(
  "TypeORM over a tenancy",
  (engine) => {
    let world: OrmWorld;
    beforeAll(async () => {
      world = await openOrmWorld(engine);
    });
    afterAll(() => closeOrmWorld(world));

    describePeers("starts and ends", "typeorm", (peers) => {
      it("in no scope, and as often as one likes; the pool goes on", async () => {
        const pool = world.tenancy.pool as EventEmitter;
        const listeners = pool.listenerCount("error");
        const { BookSchema, dataSource } = await openTypeorm(peers, world.tenancy);
        await dataSource.destroy();
        await world.tenancy.withTenant("one", () => dataSource.initialize());
        const books = dataSource.getRepository(BookSchema);
        await expect(books.find()).rejects.toMatchObject({ code: "TENANT_REQUIRED" });
        expect(await world.tenancy.withTenant("two", () => books.countBy({ id: 1 }))).toBe(1);
        await dataSource.destroy();
        expect(pool.listenerCount("error")).toBe(listeners);
        await world.tenancy.withTenant("one", () => world.tenancy.query("select 1"));
      });

      it("and a stream that is left early gives back its connection", async () => {
        const { BookSchema, dataSource } = await openTypeorm(peers, world.tenancy);
        const books = dataSource.getRepository(BookSchema);
        // More often than there are connections.
        for (let round = 0; round < 6; round += 1) {
          await world.tenancy.withTenant(round % 2 === 0 ? "one" : "two", async () => {
            const stream = await books.createQueryBuilder("book").stream();
            for await (const row of stream as AsyncIterable<{ book_owner: string }>) {
              expect(row.book_owner).toMatch(round % 2 === 0 ? /_one$/ : /_two$/);
              break;
            }
          });
        }
        await dataSource.destroy();
      });

      it("runs TypeORM's migrations in each tenant", async () => {
        class Labels1700000000000 {
          up = (runner: typeormModule.QueryRunner): Promise<unknown> =>
            runner.query(`create table labels_${peers.set} (id int)`);
          down = (runner: typeormModule.QueryRunner): Promise<unknown> =>
            runner.query(`drop table labels_${peers.set}`);
        }
        const options = { migrations: [Labels1700000000000], migrationsTableName: peers.set };
        const typeorm = await openTypeorm(peers, world.tenancy, options);
        const { dataSource } = typeorm;
        for (const slug of ["one", "two"]) {
          const ran = await world.tenancy.withTenant(slug, () => dataSource.runMigrations());
          expect(ran).toHaveLength(1);
          const again = await world.tenancy.withTenant(slug, () => dataSource.runMigrations());
          expect(again).toHaveLength(0);
        }
        const three = (await typeorm.forTenant("three")).dataSource;
        expect(await three.runMigrations()).toHaveLength(1);
        expect(await three.showMigrations()).toBe(false);
        await three.undoLastMigration();
        expect(await three.showMigrations()).toBe(true);
        for (const { schemaName, slug } of world.tenants.slice(0, 4)) {
          const { rows } = await world.admin.query<{ n: number | string }>(
            `select count(*) as n from information_schema.tables
             where table_schema = '${schemaName}' and table_name in ('labels_${peers.set}', '${peers.set}')`,
          );
          expect([slug, Number(rows[0]!.n)]).toEqual([
            slug,
            { four: 0, one: 2, three: 1, two: 2 }[slug],
          ]);
        }
        await dataSource.destroy();
      });

      it("makes tables in the tenant that is asked to", async () => {
        const { EntitySchema } = await peers.load<typeof typeormModule>("typeorm");
        const Note = new EntitySchema({
          columns: { id: { primary: true, type: "int" } },
          name: "Note",
          tableName: `notes_${peers.set}`,
        });
        const typeorm = await openTypeorm(peers, world.tenancy, { entities: [Note] });
        const { dataSource } = await typeorm.forTenant("five");
        await dataSource.synchronize();
        await dataSource.synchronize();
        expect(await dataSource.manager.count(Note)).toBe(0);
        const { rows } = await world.admin.query<{ name: string }>(
          `select table_schema as name from information_schema.tables where table_name = 'notes_${peers.set}'`,
        );
        expect(rows.map(({ name }) => name)).toEqual([world.tenants[4]!.schemaName]);
      });
    });
  },
  TYPEORM_ENGINES,
);

describe("a bound manager", () => {
  let world: OrmWorld;
  beforeAll(async () => {
    world = await openOrmWorld(POSTGRES);
  });
  afterAll(() => closeOrmWorld(world));

  describePeers("of TypeORM", "typeorm", (peers) => {
    it("holds no connection between its queries, and cannot be ended", async () => {
      const typeorm = await openTypeorm(peers, world.tenancy);
      const { BookSchema, dataSource } = typeorm;
      const pool = world.tenancy.pool as pg.Pool;
      const managers = await Promise.all(world.tenants.map((tenant) => typeorm.forTenant(tenant)));
      for (const manager of managers) await manager.find(BookSchema);
      expect(pool.totalCount).toBe(pool.idleCount);
      await managers[0]!.dataSource.destroy();
      expect(await managers[0]!.count(BookSchema)).toBe(3);
      await dataSource.destroy();
    });

    it("follows a rename, and is refused where the tenant is", async () => {
      const typeorm = await openTypeorm(peers, world.tenancy);
      const { BookSchema } = typeorm;
      const slug = `renamed-${peers.set}`;
      await world.tenancy.create(slug);
      await typeorm.forTenant(slug);
      await world.tenancy.rename(slug, { schemaName: `other_${peers.set}` });
      expect(await (await typeorm.forTenant(slug)).count(BookSchema)).toBe(0);
      await world.tenancy.suspend(slug);
      await expect(typeorm.forTenant(slug)).rejects.toMatchObject({ code: "TENANT_NOT_ACTIVE" });
      const allowed = await typeorm.forTenant(slug, { allow: ["suspended"] });
      expect(await allowed.count(BookSchema)).toBe(0);
      await expect(typeorm.forTenant("nobody")).rejects.toMatchObject({ code: "TENANT_NOT_FOUND" });
    });
  });
});

describe("what would pass by the tenant is refused at the start", () => {
  let world: OrmWorld;
  beforeAll(async () => {
    world = await openOrmWorld(POSTGRES);
  });
  afterAll(() => closeOrmWorld(world));

  describePeers("with", "typeorm", (peers) => {
    const start = async (options: object, tenancy = world.tenancy): Promise<unknown> => {
      const { DataSource } = await peers.load<typeof typeormModule>("typeorm");
      return tenantTypeorm(
        tenancy,
        (driver) => new DataSource({ driver, type: "postgres", ...options } as never),
      );
    };

    it.each([
      ["a pool of its own", { driver: undefined }],
      ["another driver's type", { type: "mysql" }],
      ["another engine", { type: "better-sqlite3" }],
      ["replication", { replication: { master: {}, slaves: [] } }],
      ["a schema for all", { schema: "app" }],
      ["synchronize", { synchronize: true }],
      ["dropSchema", { dropSchema: true }],
      ["migrationsRun", { migrationsRun: true }],
    ])("%s", async (_name, options) => {
      await expect(start(options)).rejects.toMatchObject({ code: "INVALID_CONFIG" });
    });

    it("options that are changed before it is initialised", async () => {
      const { DataSource } = await peers.load<typeof typeormModule>("typeorm");
      const { dataSource } = tenantTypeorm(
        world.tenancy,
        (driver) => new DataSource({ driver, type: "postgres" }),
      );
      dataSource.setOptions({ synchronize: true });
      await expect(dataSource.initialize()).rejects.toMatchObject({ code: "INVALID_CONFIG" });
    });

    it("another version of TypeORM", () => {
      const old = { driver: {}, manager: { connection: {} }, options: { type: "postgres" } };
      expect(() => tenantTypeorm(world.tenancy, () => old as never)).toThrow(
        expect.objectContaining({ code: "UNSUPPORTED_PEER" }),
      );
    });
  });
});

describeEngines(
  "TypeORM refuses",
  (engine) => {
    it("a driver that it cannot use, or cannot use safely", async () => {
      const database = await engine.open();
      const tenancy = createTenancy({ database: database.driver() });
      const { DataSource } = await peersOf("newest").load<typeof typeormModule>("typeorm");
      expect(() =>
        tenantTypeorm(tenancy, (driver) => new DataSource({ driver, type: "mariadb" } as never)),
      ).toThrow(expect.objectContaining({ code: "INVALID_CONFIG" }));
      await tenancy.close();
      await database.drop();
    });
  },
  [MYSQL2, MARIADB],
);
