import { AsyncLocalStorage } from "node:async_hooks";
import { createPool as createMariadbPool, type PoolConfig } from "mariadb";
import {
  createPool as createMysql2Pool,
  type PoolConnection,
  type PoolOptions,
} from "mysql2/promise";
import { mariadb } from "kirayedar/mariadb";
import { mysql2 } from "kirayedar/mysql2";
import { hostOf, PAGE, POINT, type QueryContender, type Scope, scopeFor } from "./contenders.ts";
import type { MysqlAddress, MysqlWorld } from "./mysql-world.ts";

/** {@link POINT} as MySQL reads it. */
export const MYSQL_POINT: string = POINT.replace("$1", "?");
/** {@link PAGE} as MySQL reads it. */
export const MYSQL_PAGE: string = PAGE.replace("$1", "?");

/** How a statement is sent: as text with its values in it, or prepared. */
export const METHODS = ["query", "execute"] as const;
/** One of {@link METHODS}. */
export type Method = (typeof METHODS)[number];

/** Client libraries. */
export const LIBRARIES = ["mysql2", "mariadb"] as const;
/** One of {@link LIBRARIES}. */
export type Library = (typeof LIBRARIES)[number];

/** What contenders are made of. */
export interface MysqlTarget {
  readonly world: Pick<MysqlWorld, "globalSchema" | "schemaOf">;
  readonly address: MysqlAddress;
  readonly method: Method;
  /** Connections of the pool. */
  readonly max: number;
}

type Rows = readonly { readonly owner?: string }[];

/** Makes the contenders of one client library, by the names of their figures. */
export const CONTENDERS: Readonly<Record<Library, (target: MysqlTarget) => QueryContender[]>> = {
  mariadb: (target) => {
    const plain = mariadbPlain(target);
    const contenders = [plain, mariadbToolkit(target), mariadbUse(target)];
    return target.method === "query" ? [...contenders, mariadbPipelined(target)] : contenders;
  },
  mysql2: (target) => {
    const contenders = [mysql2Plain(target), mysql2Toolkit(target), mysql2Use(target)];
    // It also forgets what was prepared.
    return target.method === "query" ? [...contenders, mysql2ChangeUser(target)] : contenders;
  },
};

/** The baseline: no tenants at all, one database that every connection is opened in. */
function mysql2Plain(target: MysqlTarget): QueryContender {
  const { method } = target;
  const pool = createMysql2Pool({ ...mysql2Options(target), database: target.world.schemaOf(0) });
  return contender(target, { isPlain: true, name: "plain" }, pool, (_schema, text, value) =>
    send(pool, method, text, value),
  );
}

function mysql2Toolkit(target: MysqlTarget): QueryContender {
  const driver = mysql2(mysql2Options(target));
  const ambient = new AsyncLocalStorage<Scope>();
  driver.attach(hostOf(ambient, target.world.globalSchema));
  const { method } = target;
  const pool = driver.pool.promise();
  return inScope(target, ambient, driver, (text, value) => send(pool, method, text, value));
}

/** What most toolkits do: the database is entered, and awaited, at each checkout. */
function mysql2Use(target: MysqlTarget): QueryContender {
  const { method } = target;
  return mysql2Checkout("use", target, async (connection, schema, text, value) => {
    await connection.query(`use \`${schema}\``);
    // A statement stays in the database that it was prepared in, and is found by its text.
    const own = method === "execute" ? `/* ${schema} */ ${text}` : text;
    return await send(connection, method, own, value);
  });
}

/** What forgets everything of a session: logging in again, into the tenant's database. */
function mysql2ChangeUser(target: MysqlTarget): QueryContender {
  return mysql2Checkout("changeUser", target, async (connection, database, text, value) => {
    await connection.changeUser({ database });
    return await send(connection, target.method, text, value);
  });
}

async function send(
  on: Pick<PoolConnection, Method>,
  method: Method,
  text: string,
  value: number,
): Promise<Rows> {
  const [rows] =
    method === "query" ? await on.query(text, [value]) : await on.execute(text, [value]);
  return rows as Rows;
}

function mysql2Checkout(
  name: string,
  target: MysqlTarget,
  run: (connection: PoolConnection, schema: string, text: string, value: number) => Promise<Rows>,
): QueryContender {
  const pool = createMysql2Pool(mysql2Options(target));
  return contender(target, { isPlain: false, name }, pool, async (schema, text, value) => {
    const connection = await pool.getConnection();
    try {
      return await run(connection, schema, text, value);
    } finally {
      connection.release();
    }
  });
}

function mariadbPlain(target: MysqlTarget): QueryContender {
  const { method } = target;
  const pool = createMariadbPool({ ...mariadbOptions(target), database: target.world.schemaOf(0) });
  return contender(target, { isPlain: true, name: "plain" }, pool, (_schema, text, value) =>
    pool[method]<Rows>(text, [value]),
  );
}

function mariadbToolkit(target: MysqlTarget): QueryContender {
  const driver = mariadb(mariadbOptions(target));
  const ambient = new AsyncLocalStorage<Scope>();
  driver.attach(hostOf(ambient, target.world.globalSchema));
  const { pool } = driver;
  const { method } = target;
  return inScope(target, ambient, driver, (text, value) => pool[method]<Rows>(text, [value]));
}

function mariadbUse(target: MysqlTarget): QueryContender {
  const { method } = target;
  const pool = createMariadbPool(mariadbOptions(target));
  return contender(target, { isPlain: false, name: "use" }, pool, async (schema, text, value) => {
    const connection = await pool.getConnection();
    try {
      await connection.query(`use \`${schema}\``);
      return await connection[method]<Rows>(text, [value]);
    } finally {
      await connection.release();
    }
  });
}

/**
 * The same without waiting in between, which this library allows. Not safe: when the first fails, the
 * second runs in the database of the tenant before.
 */
function mariadbPipelined(target: MysqlTarget): QueryContender {
  const name = "pipelined";
  const { method } = target;
  const pool = createMariadbPool(mariadbOptions(target));
  return contender(target, { isPlain: false, name }, pool, async (schema, text, value) => {
    const connection = await pool.getConnection();
    try {
      const [, rows] = await Promise.all([
        connection.query(`use \`${schema}\``),
        connection[method]<Rows>(text, [value]),
      ]);
      return rows;
    } finally {
      await connection.release();
    }
  });
}

function mysql2Options({ address, max }: MysqlTarget): PoolOptions {
  return { ...address, connectionLimit: max };
}

function mariadbOptions({ address, max }: MysqlTarget): PoolConfig {
  return { ...address, connectionLimit: max };
}

function inScope(
  target: MysqlTarget,
  ambient: AsyncLocalStorage<Scope>,
  driver: { close(): Promise<void> },
  run: (text: string, value: number) => Promise<Rows>,
): QueryContender {
  const scopes: Scope[] = [];
  const schemaOf = (tenant: number): string => target.world.schemaOf(tenant);
  return {
    end: () => driver.close(),
    isPlain: false,
    name: "default",
    query: async (tenant, text, value) => {
      const scope = (scopes[tenant] ??= scopeFor(tenant, schemaOf(tenant)));
      return checkOwner(await ambient.run(scope, () => run(text, value)), schemaOf(tenant));
    },
  };
}

function contender(
  { world }: MysqlTarget,
  about: Pick<QueryContender, "isPlain" | "name">,
  pool: { end(): Promise<void> },
  run: (schema: string, text: string, value: number) => Promise<Rows>,
): QueryContender {
  return {
    ...about,
    end: () => pool.end(),
    query: async (tenant, text, value) => {
      const schema = world.schemaOf(about.isPlain ? 0 : tenant);
      return checkOwner(await run(schema, text, value), schema);
    },
  };
}

/** Nobody is measured who reads another tenant's rows. */
function checkOwner(rows: Rows, schema: string): Rows {
  const owner = rows[0]?.owner;
  if (owner !== undefined && owner !== schema) {
    throw new Error(`A row of ${owner} was read in ${schema}.`);
  }
  return rows;
}
