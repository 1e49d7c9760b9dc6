import { randomBytes } from "node:crypto";
import mysql from "mysql2/promise";

/** A database that one test file, or one benchmark, has to itself, and those of its tenants. */
export interface TestMysqlDatabase {
  /** An administrator's address of this database. */
  readonly url: string;
  readonly name: string;
  /** Begins the names of the tenants' databases, so that nobody else's are like them. */
  readonly prefix: string;
  /** Creates a user who may do nothing else, and returns this database's address for it. */
  readonly createUser: (rights: TestUserRights) => Promise<string>;
  /**
   * Removes the users, this database and all whose names begin with its name or prefix. Ends
   * connections that stand in the way, and no others. May be called again.
   */
  readonly drop: () => Promise<void>;
}

/** Privileges as in `grant`, such as `select, insert`, by what they are for. */
export interface TestUserRights {
  /** Everything on the server. */
  readonly server?: string;
  /** The test's own database. */
  readonly database?: string;
  /** All databases whose names begin with the prefix, whether they exist or not. */
  readonly tenants?: string;
}

/**
 * Creates an empty database under a name nobody else has.
 *
 * @param serverUrl - an administrator's address of any database on the server
 */
export async function createMysqlDatabase(serverUrl: string): Promise<TestMysqlDatabase> {
  const key = randomBytes(6).toString("hex");
  const name = `test_${key}`;
  const prefix = `t_${key}_`;
  const users: string[] = [];
  await runOn(serverUrl, (admin) => admin.query(`create database ${name}`));
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    name,
    prefix,
    async createUser(rights) {
      const user = `u_${key}_${users.length + 1}`;
      users.push(user);
      const password = randomBytes(12).toString("hex");
      await runOn(serverUrl, (admin) =>
        createUser(admin, user, password, { name, prefix, rights }),
      );
      const address = new URL(url);
      address.username = user;
      address.password = password;
      return address.href;
    },
    drop: () =>
      runOn(serverUrl, async (admin) => {
        for (const account of users.flatMap(accountsOf)) {
          await admin.query(`drop user if exists ${account}`);
        }
        await dropDatabases(admin, [name, prefix]);
      }),
  };
}

async function createUser(
  admin: mysql.Connection,
  user: string,
  password: string,
  given: { name: string; prefix: string; rights: TestUserRights },
): Promise<void> {
  const { name, prefix, rights } = given;
  const grants = [
    [rights.server, "*.*"],
    [rights.database, `\`${pattern(name)}\`.*`],
    [rights.tenants, `\`${pattern(prefix)}%\`.*`],
  ] as const;
  for (const account of accountsOf(user)) {
    await admin.query(`create user ${account} identified by '${password}'`);
    for (const [privileges, target] of grants) {
      if (privileges) await admin.query(`grant ${privileges} on ${target} to ${account}`);
    }
  }
}

/** A server with anonymous users takes who comes from `localhost` for one, but for the first. */
function accountsOf(user: string): string[] {
  return [`'${user}'@'localhost'`, `'${user}'@'%'`];
}

/** A name as `grant` reads it, where `_` stands for any character. */
function pattern(name: string): string {
  return name.replaceAll("_", "\\_");
}

async function dropDatabases(
  admin: mysql.Connection,
  beginnings: readonly string[],
): Promise<void> {
  await admin.query("set session lock_wait_timeout = 1, foreign_key_checks = 0");
  for (const name of await listDatabases(admin, beginnings)) {
    const sql = `drop database if exists ${mysql.escapeId(name, true)}`;
    try {
      await admin.query(sql);
    } catch (error) {
      if ((error as { errno?: unknown }).errno !== 1205) throw error;
      await endConnections(admin, name);
      await admin.query("set session lock_wait_timeout = 10");
      await admin.query(sql);
    }
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

/** Ends those that are in a database, and those that have locked something in it from elsewhere. */
async function endConnections(admin: mysql.Connection, database: string): Promise<void> {
  const sources = [
    "select id from information_schema.processlist where db = ? and id <> connection_id()",
    // Only MariaDB has it, and only once asked; without it the second attempt may time out too.
    "select thread_id as id from information_schema.metadata_lock_info where table_schema = ?",
  ];
  await admin.query("install soname 'metadata_lock_info'").catch(() => {});
  for (const sql of sources) {
    const found = await admin.query<mysql.RowDataPacket[]>(sql, [database]).catch(() => [[]]);
    for (const { id } of found[0] as { id: number }[]) {
      // It may have ended by itself.
      await admin.query(`kill ${id}`).catch(() => {});
    }
  }
}

async function runOn(
  serverUrl: string,
  work: (admin: mysql.Connection) => Promise<unknown>,
): Promise<void> {
  const url = new URL(serverUrl);
  // In no database: this one may be the next to be dropped.
  url.pathname = "/";
  const admin = await mysql.createConnection(url.href);
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}
