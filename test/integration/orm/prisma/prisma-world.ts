import type * as MariadbAdapter from "@prisma/adapter-mariadb";
import type * as PgAdapter from "@prisma/adapter-pg";
import type pg from "pg";
import type { BoundPool, Tenancy } from "../../../../src/core/tenancy.ts";
import { pg as pgDriver } from "../../../../src/drivers/pg/index.ts";
import {
  type PrismaOptions,
  tenantPrisma,
  type TenantPrisma,
} from "../../../../src/integrations/orm/prisma/index.ts";
import { type Engine, POSTGRES } from "../../../support/engines.ts";
import type { Peers } from "../../../support/peers.ts";
import { generateClient, type TestClient, type TestClientClass } from "./prisma-client.ts";

/** What one set of peers has for one engine. */
export interface PrismaPeers {
  readonly PrismaClient: TestClientClass;
  /** Makes an adapter, as an application does. */
  readonly adapter: (pool: unknown, options?: object) => object;
  /** Makes the adapter that belongs to a scope. */
  readonly adapterOf: (bound: BoundPool, options?: object) => object;
}

/** Loads Prisma and its adapter for PostgreSQL. */
export async function loadPostgres(peers: Peers): Promise<PrismaPeers> {
  const { PrismaPg } = await peers.load<typeof PgAdapter>("@prisma/adapter-pg");
  const adapter: PrismaPeers["adapter"] = (pool, options) => new PrismaPg(pool as pg.Pool, options);
  return {
    PrismaClient: await generateClient(peers, "postgresql"),
    adapter,
    adapterOf: ({ pool, schemaName }, options) => adapter(pool, { ...options, schema: schemaName }),
  };
}

/** Loads Prisma and its adapter for MySQL and MariaDB. */
export async function loadMariadb(peers: Peers): Promise<PrismaPeers> {
  const { PrismaMariaDb } = await peers.load<typeof MariadbAdapter>("@prisma/adapter-mariadb");
  const adapter: PrismaPeers["adapter"] = (pool, options) =>
    // It has types of its own copy of the client library.
    new PrismaMariaDb(pool as never, options);
  return {
    PrismaClient: await generateClient(peers, "mysql"),
    adapter,
    adapterOf: ({ pool, schemaName }, options) =>
      adapter(pool, { ...options, database: schemaName }),
  };
}

/** Wires Prisma as the documentation says. */
export function wire(
  tenancy: Tenancy,
  { adapterOf, PrismaClient }: PrismaPeers,
  { adapterOptions, ...options }: PrismaOptions & { readonly adapterOptions?: object } = {},
): TenantPrisma<TestClient> {
  return tenantPrisma(
    tenancy,
    (bound) =>
      new PrismaClient({
        adapter: adapterOf(bound, adapterOptions),
        // A thousand wait for a few connections, on a machine that may be slow.
        transactionOptions: { maxWait: 120_000, timeout: 120_000 },
      }),
    options,
  );
}

/** PostgreSQL through the `pg` of a set: an adapter knows its own copy of it alone. */
export function postgresOf(peers: Peers): Engine {
  return {
    ...POSTGRES,
    open: async () => {
      const database = await POSTGRES.open();
      const { default: own } = await peers.load<{ default: typeof pg }>("pg");
      return {
        ...database,
        driver: ({ max } = {}) =>
          pgDriver({ connectionString: database.url, max: max ?? 4, pg: own }),
      };
    },
  };
}
