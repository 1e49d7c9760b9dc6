import type { Options, Sequelize } from "sequelize";
import { afterAll, beforeAll, expect, it } from "vitest";
import { tenantSequelize } from "../../../../src/integrations/orm/sequelize/index.ts";
import { POSTGRES } from "../../../support/engines.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";
import { describePeers } from "../../../support/peers.ts";
import { loadSequelize, wire } from "./sequelize-world.ts";

describePeers("wiring of Sequelize", "sequelize", (peers) => {
  let world: OrmWorld;

  beforeAll(async () => {
    world = await openOrmWorld(POSTGRES);
  });
  afterAll(() => closeOrmWorld(world));

  const wrong: Record<string, Options> = {
    "a pool of its own": { pool: { max: 3 } },
    "a prepended search path": { dialectOptions: { prependSearchPath: true } },
    "a schema for every model": { define: { schema: "public" } },
    "another dialect": { dialect: "mysql" },
    "options of connections": { dialectOptions: { statement_timeout: 1 } },
    replication: { replication: { read: [], write: {} } },
    "a schema": { schema: "public" },
  };
  it.each(Object.entries(wrong))("refuses a Sequelize with %s", async (_, options) => {
    await expect(wire(world.tenancy, peers, POSTGRES, options)).rejects.toMatchObject({
      code: "INVALID_CONFIG",
    });
  });

  it("refuses what is no Sequelize, another version, and the same one twice", async () => {
    const { Sequelize: Original } = await loadSequelize(peers);
    class Seven {
      static readonly version = "7.0.0-alpha.46";
      readonly models = {};
      getDialect(): string {
        return "postgres";
      }
    }
    const made = (value: unknown) => (): unknown =>
      tenantSequelize(world.tenancy, () => value as Sequelize);
    expect(made({})).toThrow(/\[INVALID_CONFIG\]/);
    expect(made(Promise.resolve({}))).toThrow(/\[INVALID_CONFIG\]/);
    expect(made(new Seven())).toThrow(/\[UNSUPPORTED_PEER\]/);
    const sequelize = new Original({ dialect: "postgres" });
    made(sequelize)();
    expect(made(sequelize)).toThrow(/\[INVALID_CONFIG\]/);
  });

  it("refuses a Sequelize whose parts have other names, and lets none connect by itself", async () => {
    const { Sequelize: Original } = await loadSequelize(peers);
    const parts = (made: Sequelize): Parts => ({
      connectionManager: (made as unknown as Parts).connectionManager,
      queryGenerator: made.getQueryInterface().queryGenerator as Parts["queryGenerator"],
    });
    for (const [part, method] of [
      ["connectionManager", "getConnection"],
      ["queryGenerator", "getForeignKeysQuery"],
    ] as const) {
      const sequelize = new Original({ dialect: "postgres" });
      parts(sequelize)[part][method] = undefined;
      expect(() => tenantSequelize(world.tenancy, () => sequelize)).toThrow(/\[UNSUPPORTED_PEER\]/);
    }
    const { sequelize } = await wire(world.tenancy, peers, POSTGRES);
    const pool = parts(sequelize).connectionManager["pool"] as { acquire(): Promise<unknown> };
    await expect(pool.acquire()).rejects.toMatchObject({ code: "INVALID_CONFIG" });
  });

  it("leaves the tenancy's pool when it is closed", async () => {
    const { Book, sequelize } = await wire(world.tenancy, peers, POSTGRES);
    await sequelize.close();
    await world.tenancy.withTenant("one", async () => {
      await expect(Book.findAll()).rejects.toMatchObject({ code: "TENANCY_CLOSED" });
      expect((await world.tenancy.query("select 1")).rows).toHaveLength(1);
    });
  });

  it("refuses a transaction of a Sequelize that is none of the tenancy's", async () => {
    const { Book } = await wire(world.tenancy, peers, POSTGRES);
    const { Sequelize: Original } = await loadSequelize(peers);
    const elsewhere = new Original(world.database.url, { dialect: "postgres", logging: false });
    const transaction = await elsewhere.transaction();
    const read = world.tenancy.withTenant("one", () => Book.findAll({ transaction }));
    await expect(read).rejects.toMatchObject({ code: "WRONG_TENANT" });
    await transaction.rollback();
    await elsewhere.close();
  });
});

/** Parts of a Sequelize that are replaced. */
interface Parts {
  readonly connectionManager: Record<string, unknown>;
  readonly queryGenerator: Record<string, unknown>;
}
