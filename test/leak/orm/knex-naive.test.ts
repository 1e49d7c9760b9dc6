import createKnex from "knex";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { POSTGRES } from "../../support/engines.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../support/orm-isolation.ts";

/** What the suite is there to find: the recipe that people use without a tenancy. */
describe("a Knex of its own, which sets the search path when it takes a connection", () => {
  let world: OrmWorld;
  beforeAll(async () => {
    world = await openOrmWorld(POSTGRES);
  });
  afterAll(() => closeOrmWorld(world));

  it("shows rows of other tenants", async () => {
    const { database, tenancy, tenants } = world;
    const knex = createKnex({
      client: "pg",
      connection: database.url,
      pool: {
        max: 4,
        // It runs in the async context of whoever released the connection.
        validate: async (client: { query(text: string): Promise<unknown> }) => {
          const schemaName = tenancy.currentTenant()?.schemaName ?? "nowhere";
          await client.query(`set search_path to "${schemaName}"`);
          return true;
        },
      },
    });
    const jobs = Array.from({ length: 250 }, async (_, number) => {
      const tenant = tenants[number % tenants.length]!;
      const rows = await tenancy.withTenant(tenant, () =>
        knex<{ owner: string }>("books")
          .select("owner")
          .catch(() => []),
      );
      return rows.filter(({ owner }) => owner !== tenant.schemaName).length;
    });
    const foreign = (await Promise.all(jobs)).reduce((sum, count) => sum + count, 0);
    await knex.destroy();
    expect(foreign).toBeGreaterThan(0);
  });
});
