import pg from "pg";
import { createDatabase } from "../test/support/create-database.ts";
import { type LatencyProxy, startLatencyProxy } from "../test/support/latency-proxy.ts";
import { startPostgres } from "../test/support/postgres-server.ts";

/** How the program is connected to the server. */
export type Network = "local" | "loopback" | "1ms";

/** Tables of every tenant: `note`, which queries read, and others for what backends remember. */
export const TABLES: readonly string[] = ["note", "author", "tag", "comment"];

/** Rows of `note` in every tenant, with ids from 1. */
export const NOTES = 20;

/** One database full of tenants, on a server of its own. */
export interface World {
  /** A superuser's address of the server. */
  readonly url: string;
  /** The server's version. */
  readonly version: string;
  /** How many tenants there are. */
  readonly tenants: number;
  /** Networks that can be measured here; a server by address has no local socket. */
  readonly networks: readonly Network[];
  /** The proxy behind network `1ms`, which counts round trips. */
  readonly proxy: LatencyProxy;
  /** Options of a pool over one of the networks. */
  connection(network: Network): pg.PoolConfig;
  /** Removes everything. */
  close(): Promise<void>;
}

/** Returns the schema of a tenant, by its number. */
export function schemaOf(tenant: number): string {
  return `tenant_${tenant}`;
}

/** Starts a server and makes `tenants` tenants in it. */
export async function createWorld(tenants: number): Promise<World> {
  // As a real server does it, apart from waiting for the disk: nothing here measures writing.
  const server = await startPostgres({ settings: { shared_buffers: "512MB" } });
  const database = await createDatabase(server.url);
  const address = new URL(database.url);
  const port = Number(address.port || 5432);
  const proxy = await startLatencyProxy({ delayMs: 1, targetPort: port });
  const common = {
    database: database.name,
    password: decodeURIComponent(address.password),
    user: decodeURIComponent(address.username),
  };
  await createSchemas(database.url, tenants);
  const { socketDir } = server;
  return {
    close: async () => {
      await proxy.close();
      await database.drop();
      await server.stop();
    },
    connection: (network) => {
      if (network === "local") return { ...common, host: socketDir ?? "", port };
      if (network === "loopback") return { ...common, host: address.hostname, port };
      return { ...common, host: "127.0.0.1", port: proxy.port };
    },
    networks: socketDir === undefined ? ["loopback", "1ms"] : ["local", "loopback", "1ms"],
    proxy,
    tenants,
    url: server.url,
    version: server.version,
  };
}

async function createSchemas(url: string, tenants: number): Promise<void> {
  // A backend that makes tables slows down with their number.
  const perConnection = 250;
  for (let first = 0; first < tenants; first += perConnection) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      for (let tenant = first; tenant < Math.min(first + perConnection, tenants); tenant += 1) {
        await client.query(schemaText(schemaOf(tenant)));
      }
      if (first + perConnection >= tenants) await client.query("analyze");
    } finally {
      await client.end();
    }
  }
}

function schemaText(schema: string): string {
  const tables = TABLES.map(
    (table) =>
      `create table ${schema}.${table} (id integer primary key, owner text not null, body text);`,
  );
  return (
    `create schema ${schema};${tables.join("")}` +
    `insert into ${schema}.note select n, '${schema}', 'note ' || n from generate_series(1, ${NOTES}) n`
  );
}
