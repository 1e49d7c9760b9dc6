import createKnex, { type Knex } from "knex";
import type { Pool } from "mysql2";
import { expect, it } from "vitest";
import type { Tenancy } from "../../../../src/core/tenancy.ts";
import { tenantKnex } from "../../../../src/integrations/orm/knex/index.ts";
import { describeEngines, MYSQL2 } from "../../../support/engines.ts";
import { closeOrmWorld, openOrmWorld } from "../../../support/orm-isolation.ts";

describeEngines(
  "Knex, client mysql2",
  (engine) => {
    it("finds the columns of the tenant's own table", async () => {
      const world = await openOrmWorld(engine);
      const tenancy = world.tenancy as Tenancy<Pool>;
      const { forTenant, knex } = tenantKnex(tenancy, (pool) =>
        createKnex({ client: "mysql2", connectionPool: pool as unknown as Knex.MySQLPoolLike }),
      );
      const columnsOf = async (on: Knex): Promise<string[]> =>
        Object.keys(await on("authors").columnInfo());
      try {
        await tenancy.withTenant("one", async () => {
          await knex.raw("alter table authors add column born int");
          expect(await columnsOf(knex)).toEqual(["id", "owner", "name", "born"]);
        });
        expect(await columnsOf(await forTenant("two"))).toEqual(["id", "owner", "name"]);
        const trx = await tenancy.withTenant("one", () => knex.transaction());
        expect(await columnsOf(trx)).toContain("born");
        await trx.rollback();
      } finally {
        await closeOrmWorld(world);
      }
    });
  },
  [MYSQL2],
);
