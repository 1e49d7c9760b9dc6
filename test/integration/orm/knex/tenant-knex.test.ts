import createKnex, { type Knex } from "knex";
import { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Tenancy } from "../../../../src/core/tenancy.ts";
import { tenantKnex } from "../../../../src/integrations/orm/knex/index.ts";
import { POSTGRES } from "../../../support/engines.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";

let world: OrmWorld;
let tenancy: Tenancy<Pool>;

beforeAll(async () => {
  world = await openOrmWorld(POSTGRES);
  tenancy = world.tenancy as Tenancy<Pool>;
});

afterAll(() => closeOrmWorld(world));

const open = (options: Knex.Config = {}) =>
  tenantKnex(tenancy, (connectionPool) =>
    createKnex({ client: "pg", connectionPool, log: { warn: () => undefined }, ...options }),
  );
const ownerOf = async (knex: Knex): Promise<string | undefined> =>
  (await knex<{ owner: string }>("books").first("owner"))?.owner;

describe("tenantKnex", () => {
  it("binds to a tenant, whatever the ambient one is", async () => {
    const { forTenant, knex } = open();
    const bound = await forTenant("two");
    await tenancy.withTenant("one", async () => {
      expect([await ownerOf(knex), await ownerOf(bound)]).toEqual(["tenant_one", "tenant_two"]);
    });
    expect(await forTenant("two")).toBe(bound);
    await expect(forTenant("nobody")).rejects.toMatchObject({ code: "TENANT_NOT_FOUND" });
  });

  it("runs a query where it is awaited, and a transaction where it is begun", async () => {
    const { knex } = open();
    const query = await tenancy.withTenant("one", () => ({ lazy: knex("books").first("owner") }));
    expect(await tenancy.withTenant("two", () => query.lazy)).toEqual({ owner: "tenant_two" });
    const trx = await tenancy.withTenant("one", () => knex.transaction());
    expect(await tenancy.withTenant("two", () => ownerOf(trx))).toBe("tenant_one");
    await trx.commit();
  });

  it("leaves the pool open when it is destroyed itself", async () => {
    const { forTenant, knex } = open();
    const bound = await forTenant("one");
    await tenancy.withTenant("one", () => ownerOf(knex));
    await Promise.all([knex.destroy(), bound.destroy()]);
    expect(await tenancy.withTenant("one", () => ownerOf(open().knex))).toBe("tenant_one");
  });

  it("asks the server for its version once, and not for each tenant", async () => {
    const { forTenant, knex } = open();
    await tenancy.withTenant("one", () => ownerOf(knex));
    const bound = await forTenant("three");
    const texts: string[] = [];
    expect((bound.client as { version?: string }).version).toMatch(/^\d/);
    bound.on("query", ({ sql }: { sql: string }) => texts.push(sql));
    const prototype = Object.getPrototypeOf(bound.client) as { checkVersion(): unknown };
    const check = vi.spyOn(prototype, "checkVersion");
    await ownerOf(bound);
    expect([check.mock.calls, texts.length]).toEqual([[], 1]);
    check.mockRestore();
  });

  it("gives each connection back once, though Knex releases that of a stream twice", async () => {
    const { knex } = open();
    const read = async (): Promise<void> => {
      for await (const row of knex("books").select("owner").stream()) {
        expect(row).toEqual({ owner: "tenant_one" });
      }
    };
    await tenancy.withTenant("one", () => Promise.all(Array.from({ length: 60 }, read)));
    expect(tenancy.pool.waitingCount).toBe(0);
    expect(tenancy.pool.idleCount).toBe(tenancy.pool.totalCount);
  });

  it("gives the connection of a stream back that is abandoned, or fails", async () => {
    const { knex } = open();
    const abandon = async (): Promise<void> => {
      for await (const row of knex("books").select("owner").stream()) {
        expect(row).toBeDefined();
        break;
      }
    };
    const fail = async (): Promise<void> => {
      const stream = knex("books").select(knex.raw("1 / (id - id)")).stream();
      await expect(stream.toArray()).rejects.toThrow("division by zero");
    };
    await tenancy.withTenant("one", async () => {
      for (let round = 0; round < 6; round += 1) await Promise.all([abandon(), fail()]);
    });
    await expect.poll(() => tenancy.pool.idleCount).toBe(tenancy.pool.totalCount);
    expect(await tenancy.withTenant("two", () => ownerOf(knex))).toBe("tenant_two");
  });

  it("makes a tenant's Knex anew when somebody has destroyed it", async () => {
    const { forTenant } = open();
    const bound = await forTenant("one");
    await bound.destroy();
    expect(await ownerOf(await forTenant("one"))).toBe("tenant_one");
  });

  it("says in the stream that there is no scope", async () => {
    const rows = open().knex("books").stream().toArray();
    await expect(rows).rejects.toMatchObject({ code: "TENANT_REQUIRED" });
  });
});

describe("bad input", () => {
  const refusal = (code: string): unknown => expect.objectContaining({ code });

  it("refuses a Knex that has connections of its own", async () => {
    const own = createKnex({ client: "pg", connection: world.database.url });
    const foreign = new Pool({ connectionString: world.database.url });
    const other = createKnex({ client: "pg", connectionPool: foreign });
    expect(() => tenantKnex(tenancy, () => own)).toThrow(refusal("INVALID_CONFIG"));
    expect(() => tenantKnex(tenancy, () => other)).toThrow(refusal("INVALID_CONFIG"));
    await Promise.all([own.destroy(), foreign.end()]);
  });

  it("refuses the settings of a pool that leave it without one", () => {
    expect(() => open({ pool: { max: 0 } })).toThrow(refusal("INVALID_CONFIG"));
  });

  it("refuses a Knex that does not know `connectionPool`", () => {
    const old = { client: { config: {}, pool: {} } };
    expect(() => tenantKnex(tenancy, () => old)).toThrow(refusal("UNSUPPORTED_PEER"));
    expect(() => tenantKnex(tenancy, () => undefined as never)).toThrow(
      refusal("UNSUPPORTED_PEER"),
    );
  });
});
