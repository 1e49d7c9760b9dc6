import { join } from "node:path";
import mysql from "mysql2/promise";
import { createMysqlDatabase } from "../test/support/create-mysql-database.ts";
import { type LatencyProxy, startLatencyProxy } from "../test/support/latency-proxy.ts";
import { startMysql } from "../test/support/mysql-server.ts";
import { type Network, NOTES, TABLES } from "./world.ts";

/** How to reach the server, in words that both client libraries have. */
export type MysqlAddress = {
  readonly user: string;
  readonly password: string;
} & ({ readonly host: string; readonly port: number } | { readonly socketPath: string });

/** Databases full of notes, one for each tenant, on a MySQL or MariaDB server of its own. */
export interface MysqlWorld {
  /** The server's name and version. */
  readonly version: string;
  /** Networks that can be measured here; a server by address, or in a container, has no local socket. */
  readonly networks: readonly Network[];
  /** The proxy behind network `1ms`, which counts round trips. */
  readonly proxy: LatencyProxy;
  /** The global scope's database. */
  readonly globalSchema: string;
  /** Returns the database of a tenant, by its number. */
  schemaOf(tenant: number): string;
  /** How to reach the server over one of the networks. */
  address(network: Network): MysqlAddress;
  /** Removes everything. */
  close(): Promise<void>;
}

/** Starts a server and makes `tenants` tenants on it, or says in a line why there is no server. */
export async function createMysqlWorld(
  tenants: number,
): Promise<MysqlWorld | { unavailable: string }> {
  const server = await startMysql();
  if ("unavailable" in server) return server;
  const database = await createMysqlDatabase(server.url);
  const { hostname, password, port, username } = new URL(server.url);
  const targetPort = Number(port || 3306);
  const proxy = await startLatencyProxy({ delayMs: 1, targetPort });
  const account = {
    password: decodeURIComponent(password),
    user: decodeURIComponent(username),
  };
  const schemaOf = (tenant: number): string => `${database.prefix}${tenant}`;
  await createSchemas(
    server.url,
    Array.from({ length: tenants }, (_, index) => schemaOf(index)),
  );
  const { socketDir } = server;
  return {
    address: (network) => {
      if (network === "local")
        return { ...account, socketPath: join(socketDir ?? "", "mysql.sock") };
      if (network === "loopback") return { ...account, host: hostname, port: targetPort };
      return { ...account, host: "127.0.0.1", port: proxy.port };
    },
    close: async () => {
      await proxy.close();
      await database.drop();
      await server.stop();
    },
    globalSchema: database.name,
    networks: socketDir === undefined ? ["loopback", "1ms"] : ["local", "loopback", "1ms"],
    proxy,
    schemaOf,
    version: `${server.flavour === "mariadb" ? "MariaDB" : "MySQL"} ${server.version}`,
  };
}

async function createSchemas(url: string, schemas: readonly string[]): Promise<void> {
  const connection = await mysql.createConnection({ multipleStatements: true, uri: url });
  try {
    for (const schema of schemas) await connection.query(schemaText(schema));
  } finally {
    await connection.end();
  }
}

function schemaText(schema: string): string {
  const tables = TABLES.map(
    (table) =>
      `create table ${schema}.${table} (id integer primary key, owner varchar(64) not null, body text);`,
  );
  const notes = Array.from(
    { length: NOTES },
    (_, index) => `(${index + 1}, '${schema}', 'note ${index + 1}')`,
  );
  return (
    `create database ${schema};${tables.join("")}` +
    `insert into ${schema}.note values ${notes.join(", ")}`
  );
}
