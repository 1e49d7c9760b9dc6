import type { AnyMethod, Connection } from "./peer.ts";

/** The part of a client of `pg` that is used here. */
interface PgClient {
  query(config: object, callback?: unknown): unknown;
  release(destroy?: boolean): void;
}

/** The part of a connection of `mysql2` that is used here. */
interface Mysql2Connection {
  query(options: object, callback: unknown): unknown;
  execute(options: object, callback: unknown): unknown;
  release(): void;
  destroy(): void;
}

/** How values are read, where Sequelize would say so when a connection is opened. */
export interface Reading {
  /** Of `pg`. */
  readonly types?: { readonly getTypeParser: AnyMethod } | undefined;
  /** Of `mysql2`. */
  readonly typeCast?: AnyMethod | undefined;
}

/** A text that changes what there is: Sequelize writes several such statements into one. */
const DEFINES = /^\s*(?:alter|comment|create|do|drop)\b/i;

/** Takes a connection of a pool that is bound to a scope. */
export type Take = (pool: object, reading: Reading) => Promise<Connection>;

/** Takes a client of `pg`. */
export const takePg: Take = async (pool, { types }) => {
  const client = await (pool as { connect(): Promise<PgClient> }).connect();
  return {
    query: (text: unknown, second?: unknown, third?: unknown) => {
      const values = Array.isArray(second) ? second : undefined;
      const isSimple = values === undefined && DEFINES.test(String(text));
      const config = { text, types, values, ...(isSimple ? { queryMode: "simple" } : {}) };
      return client.query(config, values === undefined ? second : third);
    },
    release: (destroy) => client.release(destroy),
  };
};

/** Takes a connection of `mysql2`. */
export const takeMysql2: Take = async (pool, { typeCast }) => {
  const connection = await new Promise<Mysql2Connection>((resolve, reject) => {
    const answer = (error: Error | null, taken: Mysql2Connection): void => {
      if (error) reject(error);
      else resolve(taken);
    };
    (pool as { getConnection(callback: typeof answer): void }).getConnection(answer);
  });
  // Large numbers would lose digits.
  const reading = { bigNumberStrings: false, supportBigNumbers: true, typeCast };
  return {
    execute: (sql: unknown, values: unknown, callback: unknown) =>
      connection.execute({ ...reading, sql, values }, callback),
    query: (options: object | string, callback: unknown) => {
      const given = typeof options === "string" ? { sql: options } : options;
      return connection.query({ ...reading, ...given }, callback);
    },
    release: (destroy) => (destroy ? connection.destroy() : connection.release()),
  };
};
