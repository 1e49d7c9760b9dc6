import { type LentPool, lentPool } from "../common/lent-pool.ts";

/** How the rows of MikroORM's queries are read, which is known once it is made. */
export interface Reading {
  /** Options of `pg` or `mysql2`, for each query. */
  options: Readonly<Record<string, unknown>>;
}

type Callback = (error: unknown, client?: Client, ...rest: unknown[]) => void;

interface Client {
  query: (...args: unknown[]) => unknown;
}

interface AnyPool {
  connect?: () => Promise<Client>;
  getConnection?: (callback: Callback) => void;
}

interface Submittable {
  readonly submit?: unknown;
  readonly _result?: { _types?: unknown };
}

/**
 * Lends a pool to Kysely, over which rows arrive as MikroORM expects them: its own pool would have such
 * options, as dates are read by MikroORM itself.
 */
export function viewPool(pool: object, reading: Reading): LentPool<object> {
  const lent = lentPool(pool);
  const view = lent.pool as AnyPool;
  const { connect, getConnection } = view;
  if (getConnection !== undefined) {
    view.getConnection = (callback) => {
      getConnection((error, client, ...rest) => {
        callback(error, client && readingMysql(client, reading), ...rest);
      });
    };
  } else if (connect !== undefined) {
    view.connect = async () => readingPg(await connect(), reading);
  }
  return lent;
}

/** A property that is set on a client stays with this checkout of it. */
function readingPg(client: Client, { options }: Reading): Client {
  const { query } = client;
  client.query = (first, ...rest) => {
    if (typeof first === "string") return query({ text: first, types: options["types"] }, ...rest);
    const { _result: result } = first as Submittable;
    if (result !== undefined) result._types ??= options["types"];
    return query(first, ...rest);
  };
  return client;
}

function readingMysql(client: Client, { options }: Reading): Client {
  const { query } = client;
  client.query = (first, ...rest) => {
    const values = Array.isArray(rest[0]) ? { values: rest.shift() as unknown[] } : {};
    if (typeof first !== "string") return query(first, ...rest);
    return query({ ...options, ...values, sql: first }, ...rest);
  };
  return client;
}
