import type * as KyselyModule from "kysely";
import type { Pool } from "mysql2";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Tenancy } from "../../../../src/core/tenancy.ts";
import { tenantKysely } from "../../../../src/integrations/orm/kysely/index.ts";
import { MYSQL2 } from "../../../support/engines.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";
import { describeMysqlPeers } from "../../../support/peers.ts";

describeMysqlPeers("Kysely, MysqlDialect", "kysely", (peers) => {
  let world: OrmWorld;

  beforeAll(async () => {
    world = await openOrmWorld(MYSQL2);
  });
  afterAll(() => closeOrmWorld(world));

  it("gives the connection of a transaction back that cannot begin", async () => {
    const { Kysely, MysqlDialect } = await peers.load<typeof KyselyModule>("kysely");
    const tenancy = world.tenancy as Tenancy<Pool>;
    const { db } = tenantKysely(tenancy, (pool) => {
      return new Kysely<{ books: { owner: string } }>({ dialect: new MysqlDialect({ pool }) });
    });
    const [kept, gone] = [world.tenants[0]!, world.tenants[4]!];
    await world.admin.query(`drop database \`${gone.schemaName}\``);
    // More than there are connections.
    for (let number = 0; number < 6; number += 1) {
      const begun = tenancy.withTenant(gone, () => db.startTransaction().execute());
      await expect(begun).rejects.toMatchObject({ code: "SCHEMA_NOT_FOUND" });
    }
    const read = db.selectFrom("books").select("owner").distinct();
    expect(await tenancy.withTenant(kept, () => read.execute())).toEqual([
      { owner: kept.schemaName },
    ]);
  });
});
