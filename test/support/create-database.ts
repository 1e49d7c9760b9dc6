import { randomBytes } from "node:crypto";
import pg from "pg";

/** A database that one test file, or one benchmark, has to itself. */
export interface TestDatabase {
  /** A superuser's address of this database. */
  readonly url: string;
  readonly name: string;
  /** Removes the database, ending connections that are still open. May be called again. */
  readonly drop: () => Promise<void>;
}

/**
 * Creates an empty database under a name nobody else has.
 *
 * @param serverUrl - a superuser's address of any database on the server
 */
export async function createDatabase(serverUrl: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  // template0: nobody can be connected to it, which would make the copy fail.
  await runOn(serverUrl, `create database ${name} template template0`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    name,
    drop: () => runOn(serverUrl, `drop database if exists ${name} with (force)`),
  };
}

async function runOn(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
