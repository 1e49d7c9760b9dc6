import { TenancyError } from "../../errors/tenancy-error.ts";
import type { ContextQueries, ContextResult } from "./context-queries.ts";

type Callback = (error: unknown, result?: unknown, fields?: readonly unknown[]) => void;
type Config =
  | string
  | { readonly text?: string; readonly values?: readonly unknown[]; readonly sql?: string };

/** What a library takes for a client of `pg`. */
export interface PgClientLike {
  query(config: Config, values?: readonly unknown[] | Callback, callback?: Callback): unknown;
  release(): void;
  on(): PgClientLike;
  once(): PgClientLike;
  removeListener(): PgClientLike;
}

/** What a library takes for a pool of `pg`: each of its clients is the migration's one connection. */
export interface PgPoolLike {
  connect(callback?: (error: unknown, client: PgClientLike, release: () => void) => void): unknown;
  end(callback?: () => void): Promise<void>;
  on(): PgPoolLike;
}

/** What a library takes for a connection of `mysql2`. */
export interface MysqlConnectionLike {
  query(config: Config, values?: readonly unknown[] | Callback, callback?: Callback): unknown;
  promise(): {
    query(config: Config, values?: readonly unknown[]): Promise<readonly unknown[]>;
  };
  release(): void;
  listeners(): readonly unknown[];
  on(): MysqlConnectionLike;
}

/** What a library takes for a pool of `mysql2`. */
export interface MysqlPoolLike {
  getConnection(callback: (error: unknown, connection: MysqlConnectionLike) => void): void;
  end(callback?: (error?: unknown) => void): void;
  on(): MysqlPoolLike;
}

/** Makes a pool of `pg` of a migration's connection. */
export function pgPoolOver(queries: ContextQueries): PgPoolLike {
  // The libraries that know a client by its identity get the same one each time.
  const client: PgClientLike = {
    on: () => client,
    once: () => client,
    query: (config, values, callback) =>
      answer(queries, config, values, callback, (results) => {
        const all = results.map((result) => ({ ...result, fields: [] }));
        return [all.length === 1 ? all[0] : all];
      }),
    release: () => undefined,
    removeListener: () => client,
  };
  const pool: PgPoolLike = {
    connect: (callback) => {
      if (callback === undefined) return Promise.resolve(client);
      callback(undefined, client, () => undefined);
      return undefined;
    },
    end: async (callback) => callback?.(),
    on: () => pool,
  };
  return pool;
}

/** Makes a pool of `mysql2` of a migration's connection. */
export function mysqlPoolOver(queries: ContextQueries): MysqlPoolLike {
  const toAnswer = async (results: ContextResult[]): Promise<readonly unknown[]> => {
    const [result] = results.slice(-1);
    return [result === undefined ? [] : await toMysqlResult(queries, result), []];
  };
  const connection: MysqlConnectionLike = {
    listeners: () => [],
    on: () => connection,
    promise: () => ({
      query: async (config, values) => [
        await answer(queries, config, values, undefined, toAnswer),
        [],
      ],
    }),
    query: (config, values, callback) => answer(queries, config, values, callback, toAnswer),
    release: () => undefined,
  };
  const pool: MysqlPoolLike = {
    end: (callback) => callback?.(),
    getConnection: (callback) => callback(undefined, connection),
    on: () => pool,
  };
  return pool;
}

const READS = /^(?:SELECT|SHOW|DESC|DESCRIBE|EXPLAIN|TABLE|VALUES)$/;

/** The id that a row was given is the session's to tell. */
async function toMysqlResult(
  queries: ContextQueries,
  { command, rowCount, rows }: ContextResult,
): Promise<unknown> {
  if (rows.length > 0 || READS.test(command)) return rows;
  const isInsert = command === "INSERT" || command === "REPLACE";
  const [last] = isInsert ? await queries.run("select last_insert_id() as id") : [];
  return { affectedRows: rowCount ?? 0, insertId: Number(last?.rows[0]?.["id"] ?? 0) };
}

/** Answers to a callback where there is one, as both libraries do; else by a promise. */
function answer(
  queries: ContextQueries,
  config: Config,
  values: readonly unknown[] | Callback | undefined,
  callback: Callback | undefined,
  toResult: (results: ContextResult[]) => readonly unknown[] | Promise<readonly unknown[]>,
): unknown {
  const done = typeof values === "function" ? values : callback;
  const [text, given] =
    typeof config === "string" ? [config] : [config.text ?? config.sql, config.values];
  const params = typeof values === "function" ? given : (values ?? given);
  const run = async (): Promise<readonly unknown[]> => {
    if (typeof text !== "string") {
      const fact = `The migration ${queries.options.file} reads a stream, which a migration cannot.`;
      throw new TenancyError("MIGRATION_INVALID", fact, { remedy: "Read the rows at once." });
    }
    return await toResult(await queries.run(text, params));
  };
  if (done === undefined) return run().then(([result]) => result);
  run().then(
    ([result, fields]) => done(null, result, fields as readonly unknown[]),
    (error: unknown) => done(error),
  );
  return undefined;
}
