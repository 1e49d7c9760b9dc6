import { TenancyError } from "../../../errors/tenancy-error.ts";

/** The part of Drizzle's `Cache` that is used here, so that `drizzle-orm` stays an optional peer. */
export interface DrizzleCache {
  /** Which queries are cached: those that ask for it, or all that read. */
  strategy(): "explicit" | "all";
  /** Returns what was put under a key, or `undefined`. */
  get(
    key: string,
    tables: string[],
    isTag: boolean,
    isAutoInvalidate?: boolean,
  ): Promise<unknown[] | undefined>;
  /** Keeps what a query returned. */
  put(
    key: string,
    response: unknown,
    tables: string[],
    isTag: boolean,
    config?: unknown,
  ): Promise<void>;
  /** Forgets what was read of tables, or put under tags. */
  onMutate(params: DrizzleMutation): Promise<void>;
}

/** What a {@link DrizzleCache} is told to forget. */
export interface DrizzleMutation {
  /** Tags of cached queries. */
  readonly tags?: string | string[];
  /** Tables, or their names. */
  readonly tables?: unknown;
}

/** A query that is ready to run, any number of times. */
export interface PreparedQuery {
  execute(...args: unknown[]): unknown;
  /** The rows alone; not in every version. */
  all?(...args: unknown[]): unknown;
}

/** The part of a Drizzle database that knows its connection. */
export interface DrizzleSession {
  /** A pool, or the one connection of a transaction. */
  readonly client: object;
  prepareQuery(...args: unknown[]): PreparedQuery;
  transaction(work: (tx: DrizzleTransaction) => unknown, config?: unknown): Promise<unknown>;
}

/** What a transaction's function receives. */
export interface DrizzleTransaction {
  readonly session: DrizzleSession;
}

/** The part of a Drizzle database that is used here. */
export interface DrizzleDatabase {
  /** What it was given as `client`. */
  readonly $client: object;
  /** Its cache, if it was given one. */
  $cache: DrizzleCache | DrizzleInvalidate | undefined;
  readonly session: DrizzleSession;
}

/** All that an application calls of a cache. */
export interface DrizzleInvalidate {
  invalidate(params: DrizzleMutation): Promise<void>;
}

/**
 * Takes what the application has made for a Drizzle database over this very pool.
 *
 * @throws TenancyError `UNSUPPORTED_PEER`, `INVALID_CONFIG`
 */
export function toDatabase(made: unknown, pool: object): DrizzleDatabase {
  if (!isDatabase(made)) {
    throw new TenancyError(
      "UNSUPPORTED_PEER",
      "What was made is no database of Drizzle 0.45 or 1.",
      {
        remedy: "Return what `drizzle({ client: pool })` returns, of a version that is supported.",
      },
    );
  }
  if ("$replicas" in made) {
    throw new TenancyError(
      "INVALID_CONFIG",
      "The Drizzle database reads from replicas of its own.",
      {
        remedy:
          "Return the database that `drizzle({ client: pool })` makes, without `withReplicas`.",
      },
    );
  }
  // ISOLATION: any other pool knows of no tenant. integration/orm/drizzle/bad-input.test.ts
  if (!isOver(made.$client, pool) || !isOver(made.session.client, pool)) {
    throw new TenancyError("INVALID_CONFIG", "The Drizzle database is over another pool.", {
      remedy: "Pass the pool that your function receives: `drizzle({ client: pool })`.",
    });
  }
  // Drizzle takes what it does not recognise as a pool for one connection, and would then send `begin`,
  // the statements and `commit` on connections of their own.
  if (!takesConnection(made.session)) {
    throw new TenancyError("INVALID_CONFIG", "Drizzle does not recognise the pool as one.", {
      remedy: "Install one copy of the database driver, and do not mangle the names of classes.",
    });
  }
  return made;
}

function isDatabase(made: unknown): made is DrizzleDatabase {
  if (typeof made !== "object" || made === null) return false;
  if (!("$client" in made) || !("$cache" in made) || !("session" in made)) return false;
  const { $client, session } = made as Partial<DrizzleDatabase>;
  return (
    isObject($client) &&
    isObject(session?.client) &&
    typeof session.prepareQuery === "function" &&
    typeof session.transaction === "function"
  );
}

/** Whether a client is the pool, or the face with promises that `mysql2` puts before it. */
function isOver(client: object, pool: object): boolean {
  return client === pool || (client as { pool?: unknown }).pool === pool;
}

/** Tries whether a transaction would take a connection from the pool; nothing is sent. */
function takesConnection(session: DrizzleSession): boolean {
  let isTaken = false;
  const take = (): never => {
    isTaken = true;
    throw new Error("Only a trial.");
  };
  const query = (): Promise<never> => Promise.reject(new Error("Only a trial."));
  const ways = ["begin", "connect", "getConnection", "transaction"];
  const client: unknown = Object.create(session.client, {
    ...Object.fromEntries(ways.map((way) => [way, { value: take }])),
    query: { value: query },
  });
  const trial = Object.create(session, { client: { value: client } }) as DrizzleSession;
  try {
    trial.transaction(() => undefined).catch(() => undefined);
  } catch {
    // Not every driver's method is asynchronous.
  }
  return isTaken;
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
