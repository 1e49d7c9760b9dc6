import { randomBytes } from "node:crypto";
import mysql from "mysql2/promise";

/** A database that one test file, or one benchmark, has to itself, and those of its tenants. */
export interface TestMysqlDatabase {
  /** An administrator's address of this database. */
  readonly url: string;
  readonly name: string;
  /** Begins the names of the tenants' databases, so that nobody else's are like them. */
  readonly prefix: string;
  /**
   * Removes the database and all whose names begin with its name or prefix, ending connections
   * that still use them. May be called again.
   */
  readonly drop: () => Promise<void>;
}

/**
 * Creates an empty database under a name nobody else has.
 *
 * @param serverUrl - an administrator's address of the server
 */
export async function createMysqlDatabase(serverUrl: string): Promise<TestMysqlDatabase> {
  const key = randomBytes(6).toString("hex");
  const name = `test_${key}`;
  const prefix = `t_${key}_`;
  await runOn(serverUrl, (admin) => admin.query(`create database ${name}`));
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    name,
    prefix,
    drop: () => runOn(serverUrl, (admin) => dropAll(admin, [name, prefix])),
  };
}

async function dropAll(admin: mysql.Connection, beginnings: readonly string[]): Promise<void> {
  const names = await listDatabases(admin, beginnings);
  for (const name of names) {
    await admin.query(`drop database if exists ${mysql.escapeId(name, true)}`);
  }
}

async function listDatabases(
  admin: mysql.Connection,
  beginnings: readonly string[],
): Promise<string[]> {
  const [rows] = await admin.query<mysql.RowDataPacket[]>("show databases");
  return rows
    .map((row) => String(row["Database"]))
    .filter((name) => beginnings.some((text) => name.toLowerCase().startsWith(text)));
}

async function runOn(
  url: string,
  work: (admin: mysql.Connection) => Promise<unknown>,
): Promise<void> {
  const admin = await mysql.createConnection({ uri: url, database: "" });
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}
