import type { SqlSchemaGenerator } from "@mikro-orm/sql";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeEngines, MYSQL2, POSTGRES } from "../../../support/engines.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";
import { openMikroOrm } from "../../../support/orm/mikro-orm.ts";
import { describePeers } from "../../../support/peers.ts";

const INVALID_QUERY = { code: "INVALID_QUERY" };

describeEngines(
  "MikroORM's schema generator",
  (engine) => {
    let world: OrmWorld;
    beforeAll(async () => {
      world = await openOrmWorld(engine);
    });
    afterAll(() => closeOrmWorld(world));

    describePeers("of", "@mikro-orm/core", (peers) => {
      it("changes no other tenant's tables, and no database", async () => {
        const name = engine.family === "postgres" ? "postgresql" : "mysql";
        const { em, forTenant, orm } = await openMikroOrm(peers, world.tenancy, name);
        const bound = await forTenant("one");
        const generators = [orm.schema, bound.config.getExtension("@mikro-orm/schema-generator")];
        await world.tenancy.withTenant("one", async () => {
          for (const generator of generators as SqlSchemaGenerator[]) {
            const uses: readonly (() => Promise<unknown>)[] = [
              () => generator.update(),
              () => generator.getUpdateSchemaSQL(),
              () => generator.getUpdateSchemaMigrationSQL(),
              () => generator.dropDatabase(),
              () => generator.drop({ dropDb: true }),
            ];
            for (const use of uses) await expect(use()).rejects.toMatchObject(INVALID_QUERY);
            expect(await generator.ensureDatabase()).toBe(false);
          }
          expect(await em.execute("select distinct owner from books")).toHaveLength(1);
        });
        await orm.close();
      });
    });
  },
  [POSTGRES, MYSQL2],
);
