import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { pg as pgDriver } from "../../../../src/drivers/pg/index.ts";
import {
  tenantCache,
  tenantDrizzle,
  tenantTables,
} from "../../../../src/integrations/orm/drizzle/index.ts";
import {
  describeDrizzle,
  drizzleForPostgres,
  type DrizzleKit,
  type ShopTables,
} from "../../../support/drizzle.ts";
import { memoryCache } from "../../../support/memory-cache.ts";
import { createTenancy } from "../../../../src/tenancy/create-tenancy.ts";
import type { Tenancy } from "../../../../src/core/tenancy.ts";

const noop = (): Promise<void> => Promise.resolve();

describeDrizzle("what is refused at start", (line) => {
  let tenancy: Tenancy;
  let kit: DrizzleKit;
  let tables: ShopTables;

  // Nothing here connects.
  beforeAll(async () => {
    const { default: own } = await line.peers.load<{ default: typeof pg }>("pg");
    tenancy = createTenancy({ database: pgDriver({ pg: own }) });
    kit = await drizzleForPostgres(line);
    tables = tenantTables(kit.schemaOf, kit.define).unqualified;
  });

  afterAll(() => tenancy.close());

  const refused = (make: (client: unknown) => object): unknown => {
    try {
      return tenantDrizzle(tenancy, make);
    } catch (error) {
      return error;
    }
  };

  it("a pool of the application's own", async () => {
    const client = new pg.Pool();
    expect(refused(() => kit.make({ client, tables }))).toMatchObject({ code: "INVALID_CONFIG" });
    await client.end();
  });

  it("something that has the methods of a pool", () => {
    const imitation = { connect: noop, query: noop };
    const error = refused(() => kit.make({ client: imitation, tables }));
    expect(error).toMatchObject({ code: "INVALID_CONFIG" });
  });

  it("a pool that Drizzle takes for one connection", () => {
    // Of another copy of `pg` than Drizzle's, and with a name that a bundler gave it.
    const mangled = Object.create({ constructor: { name: "a" } }) as object;
    const disguised = Object.create(mangled, { connect: { value: noop }, query: { value: noop } });
    const lender: Tenancy = { ...tenancy, pool: disguised };
    expect(() => tenantDrizzle(lender, (client) => kit.make({ client, tables }))).toThrow(
      "Drizzle does not recognise the pool as one.",
    );
  });

  // Newer ones go by the name of the class too.
  it.runIf(line.peers.set === "oldest")(
    "a pool of another copy of `pg` than Drizzle's",
    async () => {
      const other = createTenancy({ database: pgDriver({ pg }) });
      expect(() => tenantDrizzle(other, (client) => kit.make({ client, tables }))).toThrow(
        "Drizzle does not recognise the pool as one.",
      );
      await other.close();
    },
  );

  it("replicas", async () => {
    const { withReplicas } = await line.load<{
      withReplicas: (primary: object, replicas: object[]) => object;
    }>("pg-core");
    const error = refused((client) => {
      const db = kit.make({ client, tables });
      return withReplicas(db, [db]);
    });
    expect(error).toMatchObject({ code: "INVALID_CONFIG" });
  });

  it("a cache that knows of no tenants, or of another tenancy's", async () => {
    const bare = refused((client) => kit.make({ cache: memoryCache(), client, tables }));
    expect(bare).toMatchObject({ code: "INVALID_CONFIG" });
    const other = createTenancy({ database: pgDriver() });
    const cache = tenantCache(other, memoryCache());
    expect(refused((client) => kit.make({ cache, client, tables }))).toMatchObject({
      code: "INVALID_CONFIG",
    });
    await other.close();
  });

  it("what is no database of these versions", () => {
    for (const made of [undefined, null, {}, { $client: tenancy.pool, session: {} }]) {
      expect(refused(() => made as object)).toMatchObject({ code: "UNSUPPORTED_PEER" });
    }
    // Before 0.44 there was no cache.
    const older = refused((client) => {
      const { $client, session } = kit.make({ client, tables }) as unknown as Record<
        string,
        unknown
      >;
      return { $client, session };
    });
    expect(older).toMatchObject({ code: "UNSUPPORTED_PEER" });
  });
});
