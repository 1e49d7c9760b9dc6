import type pg from "pg";
import Cursor from "pg-cursor";
import type { Tenant } from "../../src/core/tenant.ts";

/** What is hammered. */
export interface HammerOptions<Pool = pg.Pool, Name extends string = Kind> {
  readonly pool: Pool;
  readonly tenants: readonly Tenant[];
  /** Runs `fn` in the scope of a tenant, however the pool under test learns of it. */
  in<T>(tenant: number, fn: () => Promise<T>): Promise<T>;
  readonly operations: number;
  /** Operations in flight at once, at most. */
  readonly concurrency: number;
  /** Kinds of operations; default all. */
  readonly kinds?: readonly Name[];
  /** Ends a random backend; called now and then. */
  kill?(): Promise<unknown>;
}

/** What the hammer saw. */
export interface HammerReport {
  operations: number;
  /** Rows that were another tenant's, or nobody's. */
  leaks: number;
  /** Rows that were looked at. */
  rows: number;
  /** Errors that were provoked, and arrived. */
  expectedErrors: number;
  /** Errors of connections, which killed backends bring with them. */
  lostConnections: number;
  /** Any other error, by message. */
  unexpected: Map<string, number>;
}

/** One operation, in the scope of its tenant. */
export interface Job<Pool = pg.Pool> {
  readonly pool: Pool;
  /** The owner of every row that it may see: the tenant's schema. */
  readonly own: string;
  readonly number: number;
  /** Looks at rows. */
  readonly see: (rows: readonly { readonly owner?: unknown }[]) => void;
  /** Waits for something that fails. */
  readonly expect: (promise: Promise<unknown>) => Promise<void>;
}

/** Kinds of operations, by their names. */
export type Kinds<Pool, Name extends string> = Readonly<
  Record<Name, (job: Job<Pool>) => Promise<void>>
>;

const READ = "select owner from note where id <= $1";

/** Every kind of operation on a pool of `pg`. */
export const PG_KINDS = {
  async callback({ pool, see }: Job): Promise<void> {
    const result = await new Promise<pg.QueryResult>((resolve, reject) => {
      pool.query(READ, [2], (error, value) => (error ? reject(error) : resolve(value)));
    });
    see(result.rows);
  },
  async cursor({ pool, see }: Job): Promise<void> {
    const client = await pool.connect();
    try {
      const cursor = client.query(new Cursor<{ owner: string }>("select owner from note limit 5"));
      see(await cursor.read(2));
      await closeCursor(client, cursor);
    } finally {
      client.release();
    }
  },
  async doubleRelease({ pool, see }: Job): Promise<void> {
    const client = await pool.connect();
    try {
      see((await client.query(READ, [2])).rows);
    } finally {
      client.release();
      await new Promise((resolve) => setImmediate(resolve));
      client.release();
    }
  },
  async failing({ expect, number, pool }: Job): Promise<void> {
    await expect(pool.query(number % 2 === 0 ? "select nonsense from note" : "select 1 / 0"));
  },
  async leftOpen(job: Job): Promise<void> {
    const { own, pool, see } = job;
    // Each costs a connection: often enough, and no more.
    if (job.number % 10 > 0) return PG_KINDS.read(job);
    const client = await pool.connect();
    try {
      await client.query("begin");
      await client.query("insert into note (owner, body) values ($1, 'left open')", [own]);
      see((await client.query(READ, [2])).rows);
    } finally {
      client.release();
    }
  },
  async named({ pool, see }: Job): Promise<void> {
    see((await pool.query({ name: "read", text: READ, values: [2] })).rows);
  },
  async read({ pool, see }: Job): Promise<void> {
    see((await pool.query(READ, [2])).rows);
  },
  async simple({ pool, see }: Job): Promise<void> {
    see((await pool.query("select owner from note limit 2")).rows);
  },
  async transaction({ number, own, pool, see }: Job): Promise<void> {
    const client = await pool.connect();
    try {
      await client.query("begin");
      const insert = "insert into note (owner, body) values ($1, 'in transaction') returning owner";
      see((await client.query(insert, [own])).rows);
      await client.query("savepoint s");
      await client.query("select nonsense").catch(() => undefined);
      await client.query("rollback to s");
      see((await client.query(READ, [2])).rows);
      await client.query(number % 2 === 0 ? "commit" : "rollback");
    } finally {
      client.release();
    }
  },
  async write({ own, pool, see }: Job): Promise<void> {
    const insert = "insert into note (owner, body) values ($1, 'written') returning owner";
    see((await pool.query(insert, [own])).rows);
  },
} satisfies Record<string, (job: Job) => Promise<void>>;

/** Kinds of operations. */
export type Kind = keyof typeof PG_KINDS;

/** Every kind of operation, rare ones last. */
export const ALL_KINDS = Object.keys(PG_KINDS) as Kind[];

/** Runs many operations of many tenants at once on a pool of `pg`, and counts the rows that crossed. */
export async function hammer(options: HammerOptions): Promise<HammerReport> {
  return await hammerWith(PG_KINDS, options);
}

/** Runs many operations of many tenants at once on any pool, and counts the rows that crossed. */
export async function hammerWith<Pool, Name extends string>(
  all: Kinds<Pool, Name>,
  options: HammerOptions<Pool, Name>,
): Promise<HammerReport> {
  const { kinds = Object.keys(all) as Name[], operations, pool, tenants } = options;
  const report: HammerReport = {
    expectedErrors: 0,
    leaks: 0,
    lostConnections: 0,
    operations: 0,
    rows: 0,
    unexpected: new Map(),
  };
  const one = async (number: number): Promise<void> => {
    // Multiplying by numbers that share no factor with the counts mixes tenants and kinds.
    const index = (number * 31) % tenants.length;
    const own = tenants[index]!.schemaName;
    const kind = kinds[(number * 7 + Math.floor(number / kinds.length)) % kinds.length]!;
    const job: Job<Pool> = {
      expect: async (promise) => {
        const error = await promise.then(
          () => undefined,
          (reason: Error) => reason,
        );
        if (error === undefined) throw new Error("An error did not arrive.");
        if (isLost(error)) throw error;
        report.expectedErrors += 1;
      },
      number,
      own,
      pool,
      see: (rows) => {
        report.rows += rows.length;
        report.leaks += rows.filter(({ owner }) => owner !== own).length;
      },
    };
    try {
      await options.in(index, () => all[kind](job));
    } catch (error) {
      if (isLost(error)) report.lostConnections += 1;
      else {
        const text = `${kind}: ${(error as Error).message}`;
        report.unexpected.set(text, (report.unexpected.get(text) ?? 0) + 1);
      }
    }
    report.operations += 1;
  };
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < operations) {
      const number = next;
      next += 1;
      if (options.kill !== undefined && number % 2_500 === 2_499) await options.kill();
      await one(number);
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, worker));
  return report;
}

/** `pg-cursor` waits for ever to close on a connection that is lost. */
function closeCursor(client: pg.PoolClient, cursor: Cursor): Promise<void> {
  return new Promise((resolve, reject) => {
    const onEnd = (): void => reject(new Error("Connection terminated"));
    client.once("end", onEnd);
    cursor.close((error) => {
      client.removeListener("end", onEnd);
      if (error) reject(error);
      else resolve();
    });
  });
}

function isLost(error: unknown): boolean {
  const { code, message } = error as { readonly code?: string; readonly message: string };
  return (
    code === "57P01" ||
    code === "ECONNRESET" ||
    code === "EPIPE" ||
    isMysqlLost(error) ||
    /Connection terminated|connection error|server conn crashed|client was closed/i.test(message)
  );
}

/** Errors of killed sessions: that of the server, and what the client libraries say afterwards. */
function isMysqlLost(error: unknown): boolean {
  const { code, errno, fatal } = error as Readonly<Record<string, unknown>>;
  return errno === 1927 || errno === 1317 || fatal === true || code === "PROTOCOL_CONNECTION_LOST";
}
