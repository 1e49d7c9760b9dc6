import type * as KyselyModule from "kysely";
import type { Kysely } from "kysely";
import pg, { type Pool } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tenantKysely } from "../../../../src/integrations/orm/kysely/index.ts";
import type { Tenancy } from "../../../../src/core/tenancy.ts";
import { POSTGRES } from "../../../support/engines.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";
import { describePeers } from "../../../support/peers.ts";

interface Database {
  readonly books: { readonly id: number; readonly owner: string };
}

let world: OrmWorld;
let tenancy: Tenancy<Pool>;

beforeAll(async () => {
  world = await openOrmWorld(POSTGRES);
  tenancy = world.tenancy as Tenancy<Pool>;
});

afterAll(() => closeOrmWorld(world));

describePeers("tenantKysely", "kysely", (peers) => {
  let kysely: typeof KyselyModule;
  beforeAll(async () => {
    kysely = await peers.load<typeof KyselyModule>("kysely");
  });

  const open = (options: Partial<KyselyModule.PostgresDialectConfig> = {}) =>
    tenantKysely(tenancy, (pool) => {
      const dialect = new kysely.PostgresDialect({ pool, ...options });
      return new kysely.Kysely<Database>({ dialect });
    });
  const ownersOf = async (db: Kysely<Database>): Promise<string[]> =>
    (await db.selectFrom("books").select("owner").distinct().execute()).map(({ owner }) => owner);

  it("names the schema in the bound form, and only there", async () => {
    const { db, forTenant } = open();
    const bound = await forTenant("one");
    expect(bound.selectFrom("books").selectAll().compile().sql).toContain('"tenant_one"."books"');
    expect(db.selectFrom("books").selectAll().compile().sql).toContain('from "books"');
  });

  it("binds raw text, which holds no schema's name", async () => {
    const bound = await open().forTenant("two");
    const query = kysely.sql<{ owner: string }>`select distinct owner from books`;
    const { rows } = await tenancy.withTenant("one", () => query.execute(bound));
    expect(rows).toEqual([{ owner: "tenant_two" }]);
  });

  it("makes the bound form once for each tenant, and checks the tenant each time", async () => {
    const { forTenant } = open();
    expect(await forTenant("three")).toBe(await forTenant("three"));
    await tenancy.suspend("three");
    await expect(forTenant("three")).rejects.toMatchObject({ code: "TENANT_NOT_ACTIVE" });
    expect(await ownersOf(await forTenant("three", { allow: ["suspended"] }))).toEqual([
      "tenant_three",
    ]);
    await tenancy.resume("three");
    await expect(forTenant("nobody")).rejects.toMatchObject({ code: "TENANT_NOT_FOUND" });
  });

  it("follows a rename", async () => {
    const { forTenant } = open();
    await forTenant("four");
    await tenancy.rename("four", { schemaName: "tenant_4" });
    const bound = await forTenant("four");
    expect(bound.selectFrom("books").selectAll().compile().sql).toContain('"tenant_4"."books"');
    expect(await ownersOf(bound)).toEqual(["tenant_four"]);
    await tenancy.rename("four", { schemaName: "tenant_four" });
  });

  it("leaves the pool open when it is destroyed itself", async () => {
    const { db, forTenant } = open();
    const bound = await forTenant("one");
    await tenancy.withTenant("one", () => ownersOf(db));
    await ownersOf(bound);
    await db.destroy();
    await bound.destroy();
    expect(await tenancy.withTenant("one", () => ownersOf(open().db))).toEqual(["tenant_one"]);
    expect(await ownersOf(await forTenant("one"))).toEqual(["tenant_one"]);
  });

  it("runs `onCreateConnection` for every connection that is taken, in the scope", async () => {
    const schemas: unknown[] = [];
    const { db } = open({
      onCreateConnection: async (connection) => {
        const text = "select current_schema() as schema";
        const { rows } = await connection.executeQuery<{ schema: string }>(
          kysely.CompiledQuery.raw(text),
        );
        schemas.push(rows[0]?.schema);
      },
    });
    await tenancy.withTenant("one", () => ownersOf(db));
    await tenancy.withTenant("two", () => ownersOf(db));
    expect(schemas).toEqual(["tenant_one", "tenant_two"]);
  });

  describe("bad input", () => {
    it("withholds what another pool has answered, and asks it no more", async () => {
      const foreign = new pg.Pool({ connectionString: world.database.url, max: 1 });
      const { db, forTenant } = tenantKysely(tenancy, (pool) => {
        // To listen to a pool is not to use it.
        pool.on("error", () => undefined);
        const dialect = new kysely.PostgresDialect({ pool: foreign });
        return new kysely.Kysely<Database>({ dialect });
      });
      const refused = { code: "INVALID_CONFIG" };
      const read = async () => ownersOf(db);
      await expect(tenancy.withTenant("one", read)).rejects.toMatchObject(refused);
      await expect(tenancy.withTenant("one", read)).rejects.toMatchObject(refused);
      await expect(ownersOf(await forTenant("one"))).rejects.toMatchObject(refused);
      await foreign.end();
    });

    it("refuses a function that takes no pool, and a Kysely that is too old", () => {
      const make = () => new kysely.Kysely<Database>({ dialect: undefined as never });
      expect(() => tenantKysely(tenancy, make)).toThrow(
        expect.objectContaining({ code: "INVALID_CONFIG" }),
      );
      const old = { withPlugin: () => old, withSchema: () => old };
      expect(() => tenantKysely(tenancy, (_pool) => old)).toThrow(
        expect.objectContaining({ code: "UNSUPPORTED_PEER" }),
      );
    });
  });
});
