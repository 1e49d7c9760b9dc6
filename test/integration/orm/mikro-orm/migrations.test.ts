import type * as migrationsModule from "@mikro-orm/migrations";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeEngines, MYSQL2, POSTGRES } from "../../../support/engines.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";
import { openMikroOrm } from "../../../support/orm/mikro-orm.ts";
import { describePeers } from "../../../support/peers.ts";

describeEngines(
  "MikroORM's migrations",
  (engine) => {
    let world: OrmWorld;
    beforeAll(async () => {
      world = await openOrmWorld(engine);
    });
    afterAll(() => closeOrmWorld(world));

    describePeers("of a bound manager", "@mikro-orm/core", (peers) => {
      it("are the tenant's own, and so is their table", async () => {
        const { Migration, Migrator } =
          await peers.load<typeof migrationsModule>("@mikro-orm/migrations");
        const [table, history] = [`labels_${peers.set}`, `history_${peers.set}`];
        class Labels extends Migration {
          override up(): void {
            this.addSql(`create table ${table} (id int)`);
          }
          override down(): void {
            this.addSql(`drop table ${table}`);
          }
        }
        const mikroOrm = await openMikroOrm(
          peers,
          world.tenancy,
          engine.family === "postgres" ? "postgresql" : "mysql",
          {
            dbName: world.database.name,
            extensions: [Migrator],
            migrations: {
              migrationsList: [Labels],
              silent: true,
              snapshot: false,
              tableName: history,
            },
          },
        );
        const migratorOf = async (slug: string) => new Migrator(await mikroOrm.forTenant(slug));
        for (const count of [1, 0]) {
          for (const slug of ["one", "two", "three"]) {
            expect(await (await migratorOf(slug)).up()).toHaveLength(count);
          }
        }
        await (await migratorOf("three")).down();
        expect(await (await migratorOf("three")).getPending()).toHaveLength(1);
        expect(await (await migratorOf("one")).getPending()).toHaveLength(0);
        const { rows } = await world.admin.query<{ name: string; place: string }>(
          `select table_name as name, table_schema as place from information_schema.tables
           where table_name in ('${table}', '${history}') order by 2, 1`,
        );
        const schemas = world.tenants.map(({ schemaName }) => schemaName);
        expect(
          rows.map(({ name, place }) => `${name} in ${schemas.indexOf(place)}`).toSorted(),
        ).toEqual([
          `${history} in 0`,
          `${history} in 1`,
          `${history} in 2`,
          `${table} in 0`,
          `${table} in 1`,
        ]);
        await mikroOrm.orm.close();
      });
    });
  },
  [POSTGRES, MYSQL2],
);
