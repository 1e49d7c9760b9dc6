import { AsyncLocalStorage } from "node:async_hooks";
import { pg as pgDriver, type PgOptions } from "kirayedar/pg";
import pg from "pg";
import { schemaOf } from "./world.ts";

/** One row by its key: the least that a query can do, so that entering a tenant weighs most. */
export const POINT = "select id, owner, body from note where id = $1";

/** A record with what belongs to it, as a page needs it: the server plans it longer than it runs. */
export const PAGE =
  "select n.id, n.body, a.body as author, count(c.id) as comments from note n " +
  "left join author a on a.id = n.id left join comment c on c.id = n.id " +
  "where n.id = $1 group by n.id, a.id order by n.id desc limit 20";

/** One way to run a tenant's query. */
export interface QueryContender {
  /** Key of its figures. */
  readonly name: string;
  /** Whether it knows no tenants, and reads one schema whatever it is asked for. */
  readonly isPlain: boolean;
  /** Runs a statement with one parameter for a tenant, and returns its rows. */
  query(tenant: number, text: string, value: number): Promise<readonly unknown[]>;
  /** Ends its connections. */
  end(): Promise<void>;
}

/** What a driver asks its tenancy for. */
export type Host = Parameters<ReturnType<typeof pgDriver>["attach"]>[0];
/** What a query runs in. */
export type Scope = NonNullable<ReturnType<Host["currentScope"]>>;

const ignore = (): void => undefined;
const createdAt = new Date();

/** Makes a scope as the toolkit would for a tenant that it has looked up. */
export function scopeFor(number: number, schemaName: string): Scope {
  const slug = String(number);
  return {
    kind: "tenant",
    tenant: {
      createdAt,
      domains: [],
      extra: {},
      id: slug,
      migrationsDigest: null,
      name: null,
      schemaName,
      server: "default",
      slug,
      state: "active",
      updatedAt: createdAt,
      version: null,
    },
  };
}

/** Makes a tenancy, as a driver sees it, whose scope is the one in `ambient`. */
export function hostOf(ambient: AsyncLocalStorage<Scope>, globalSchema: string): Host {
  return {
    currentScope: () => ambient.getStore(),
    globalSchema,
    logger: { debug: ignore, error: ignore, info: ignore, warn: ignore },
    onSchemaMissing: ignore,
    sharedSchemas: [],
  };
}

/** The toolkit's pool, with whatever options. */
export function kirayedar(name: string, options: PgOptions): QueryContender {
  const ambient = new AsyncLocalStorage<Scope>();
  const scopes: Scope[] = [];
  const driver = pgDriver(options);
  driver.attach(hostOf(ambient, "public"));
  const { pool } = driver;
  return {
    end: () => driver.close(),
    isPlain: false,
    name,
    query: async (tenant, text, value) => {
      const scope = (scopes[tenant] ??= scopeFor(tenant, schemaOf(tenant)));
      return (await ambient.run(scope, () => pool.query(text, [value]))).rows;
    },
  };
}

/** The baseline: no tenants at all, one schema that every connection starts in. */
export function plain(name: string, connection: pg.PoolConfig): QueryContender {
  const pool = new pg.Pool({ ...connection, options: `-c search_path=${schemaOf(0)}` });
  return {
    end: () => pool.end(),
    isPlain: true,
    name,
    query: async (_tenant, text, value) => (await pool.query(text, [value])).rows,
  };
}

/** The baseline of an application that also names its hot statements. */
export function plainNamed(name: string, connection: pg.PoolConfig): QueryContender {
  const pool = new pg.Pool({ ...connection, options: `-c search_path=${schemaOf(0)}` });
  return {
    end: () => pool.end(),
    isPlain: true,
    name,
    query: async (_tenant, text, value) =>
      (await pool.query({ name: `hot ${text}`.slice(0, 63), text, values: [value] })).rows,
  };
}

/** What most toolkits do: the path is set, and awaited, at each checkout. */
export function setEach(name: string, connection: pg.PoolConfig): QueryContender {
  return withClient(name, connection, async (client, schema, text, value) => {
    await client.query(`set search_path to "${schema}"`);
    return (await client.query(text, [value])).rows;
  });
}

/** What is done behind a transaction pooler: a transaction around each query. */
export function transactionEach(name: string, connection: pg.PoolConfig): QueryContender {
  return withClient(name, connection, async (client, schema, text, value) => {
    await client.query("begin");
    await client.query(`set local search_path to "${schema}"`);
    const { rows } = await client.query(text, [value]);
    await client.query("commit");
    return rows;
  });
}

function withClient(
  name: string,
  connection: pg.PoolConfig,
  run: (
    client: pg.PoolClient,
    schema: string,
    text: string,
    value: number,
  ) => Promise<readonly unknown[]>,
): QueryContender {
  const pool = new pg.Pool(connection);
  return {
    end: () => pool.end(),
    isPlain: false,
    name,
    query: async (tenant, text, value) => {
      const client = await pool.connect();
      try {
        return await run(client, schemaOf(tenant), text, value);
      } finally {
        client.release();
      }
    },
  };
}
