import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createMariadbWorld, type MariadbWorld } from "../../support/mariadb-world.ts";

interface Note {
  readonly owner: string;
}

const OWNERS = "select owner from note order by id";

describe.skipIf(inject("mysql") === undefined)("the pool of `mariadb`", () => {
  let world: MariadbWorld;
  let own: readonly string[];

  beforeAll(async () => {
    world = await createMariadbWorld(["acme", "globex"], { connectionLimit: 1 });
    own = world.tenants.map(({ schemaName }) => schemaName);
  });
  afterAll(() => world.close());

  const owners = async (how: "query" | "execute" = "query"): Promise<string[]> => {
    const rows = await world.pool[how]<Note[]>(OWNERS);
    return [...new Set(rows.map(({ owner }) => owner))];
  };

  it("runs a query in the scope where it is called", async () => {
    for (const tenant of [0, 1, 0])
      expect(await world.in(tenant, () => owners())).toEqual([own[tenant]]);
    expect(await world.in("global", () => owners())).toEqual(["GLOBAL"]);
  });

  it("runs a prepared statement in the scope where it is called", async () => {
    for (const tenant of [0, 1, 0, 1, 0, 0, 1, 1, 0]) {
      expect(await world.in(tenant, () => owners("execute"))).toEqual([own[tenant]]);
    }
    expect(await world.in("global", () => owners("execute"))).toEqual(["GLOBAL"]);
  });

  it("refuses a query without a scope", async () => {
    await expect(world.pool.query("select 1")).rejects.toMatchObject({ code: "TENANT_REQUIRED" });
    await expect(world.pool.execute("select 1")).rejects.toMatchObject({ code: "TENANT_REQUIRED" });
    await expect(world.pool.getConnection()).rejects.toMatchObject({ code: "TENANT_REQUIRED" });
  });
});
