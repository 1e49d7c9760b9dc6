import { createTenancy, type Tenancy, type TenancyConfig } from "kirayedar";
import { pg as pgDriver } from "kirayedar/pg";
import pg from "pg";
import { createDatabase } from "../test/support/create-database.ts";
import { type LatencyProxy, startLatencyProxy } from "../test/support/latency-proxy.ts";
import { startPostgres } from "../test/support/postgres-server.ts";
import { findPsql, type Psql } from "./fleet-psql.ts";
import {
  changeMigrations,
  type FleetMigration,
  tableMigrations,
  toMigration,
} from "./fleet-tables.ts";

/** As a real server writes: a commit is on the disk when it is answered. */
const DURABLE_SETTINGS: Readonly<Record<string, string>> = {
  fsync: "on",
  full_page_writes: "on",
  max_wal_size: "4GB",
  shared_buffers: "512MB",
  synchronous_commit: "on",
};

/** Tenants that are made at the same time. */
const MAKERS = 3;

/** One database with a fleet of tenants that grows, on a server of its own. */
export interface FleetWorld {
  /** A superuser's address of the database. */
  readonly url: string;
  /** The same through a proxy that delays everything by 1 ms each way. */
  readonly slowUrl: string;
  /** The server's version. */
  readonly version: string;
  /** The server's own program, if it is installed. */
  readonly psql: Psql | undefined;
  /** How many tenants there are. */
  readonly tenants: number;
  /** How many rounds of changes all tenants have. */
  readonly rounds: number;
  /** Opens a tenancy that knows the first so many rounds of changes. */
  open(rounds: number, options?: OpenOptions): Tenancy;
  /** Returns the schemas of the first so many tenants. */
  readonly schemas: (count?: number) => string[];
  /** Begins a round of changes, which the toolkit will have applied to all tenants. */
  nextRound(): number;
  /** Makes tenants until there are so many. */
  growTo(tenants: number): Promise<void>;
  /** Removes everything. */
  close(): Promise<void>;
}

/** How a tenancy of the fleet differs from the usual one. */
export interface OpenOptions {
  /** Address of the database. Default: that without a delay. */
  readonly url?: string;
  /** More of its configuration. */
  readonly config?: Omit<TenancyConfig, "database" | "migrations">;
}

/** Opens a tenancy on a fleet, which knows so many rounds of changes. */
export function openFleet(url: string, rounds: number, config: OpenOptions["config"]): Tenancy {
  return createTenancy({
    ...config,
    database: pgDriver({ connectionString: url }),
    migrations: { global: [], tenant: fleetMigrations(rounds).map(toMigration) },
  });
}

/** Returns the slug of a tenant, by its number from 0. */
export function slugOf(tenant: number): string {
  return `shop${tenant}`;
}

/** Returns the schema of a tenant, by its number from 0. */
export function schemaOf(tenant: number): string {
  return `tenant_${slugOf(tenant)}`;
}

/** Starts a server with an empty fleet. */
export async function createFleetWorld(): Promise<FleetWorld> {
  const server = await startPostgres({ settings: DURABLE_SETTINGS });
  const database = await createDatabase(server.url);
  const proxy = await startProxy(database.url);
  const psql = findPsql();
  const slowUrl = new URL(database.url);
  slowUrl.host = `127.0.0.1:${proxy.port}`;
  let rounds = 0;
  let tenants = 0;
  const first = openFleet(database.url, 0, {});
  await first.migrateGlobal();
  await first.close();
  return {
    close: async () => {
      psql?.close();
      await proxy.close();
      await database.drop();
      await server.stop();
    },
    growTo: async (count) => {
      await makeTenants(database.url, rounds, tenants, count);
      tenants = count;
    },
    nextRound: () => (rounds += 1),
    open: (known, { config, url = database.url } = {}) => openFleet(url, known, config),
    psql,
    get rounds() {
      return rounds;
    },
    schemas: (count = tenants) => Array.from({ length: count }, (_, index) => schemaOf(index)),
    slowUrl: slowUrl.href,
    get tenants() {
      return tenants;
    },
    url: database.url,
    version: server.version,
  };
}

async function startProxy(url: string): Promise<LatencyProxy> {
  return await startLatencyProxy({ delayMs: 1, targetPort: Number(new URL(url).port || 5432) });
}

function fleetMigrations(rounds: number): FleetMigration[] {
  const changes = Array.from({ length: rounds }, (_, index) =>
    changeMigrations("toolkit", index + 1, 0),
  );
  return [...tableMigrations(), ...changes.flat()];
}

/** Makes the tenants from one number to below another, with all that the others have. */
async function makeTenants(url: string, rounds: number, from: number, to: number): Promise<void> {
  const tenancy = openFleet(url, rounds, {});
  let next = from;
  const make = async (): Promise<void> => {
    while (next < to) {
      const tenant = next;
      next += 1;
      await tenancy.create(slugOf(tenant));
    }
  };
  try {
    await Promise.all(Array.from({ length: MAKERS }, make));
  } finally {
    await tenancy.close();
  }
  await settle(url);
}

/** Has the server do now what it would otherwise do in the middle of a measurement. */
async function settle(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const catalogs = ["attribute", "class", "constraint", "depend", "index", "namespace", "type"];
    for (const name of catalogs) await client.query(`vacuum (analyze) pg_${name}`);
    await client.query("vacuum (analyze) tenants");
    await client.query("checkpoint");
  } finally {
    await client.end();
  }
}
