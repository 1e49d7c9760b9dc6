import type { Pool, PoolConnection, RowDataPacket } from "mysql2";
import type { Job, Kinds } from "./isolation.ts";

interface Row extends RowDataPacket {
  readonly owner: string;
}

const READ = "select owner from note where id <= ?";
const INSERT = "insert into note (owner, body) values (database(), ?)";

/** Takes a connection, in callback style. */
function take(pool: Pool): Promise<PoolConnection> {
  return new Promise((resolve, reject) => {
    pool.getConnection((error, connection) => (error ? reject(error) : resolve(connection)));
  });
}

/** Reads a stream to its end. */
async function readAll(stream: AsyncIterable<Row>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of stream) rows.push(row);
  return rows;
}

async function read({ pool, see }: Job<Pool>): Promise<void> {
  see((await pool.promise().query<Row[]>(READ, [2]))[0]);
}

async function execute({ pool, see }: Job<Pool>): Promise<void> {
  see((await pool.promise().execute<Row[]>(READ, [2]))[0]);
}

/** Every kind of operation on a pool of `mysql2`. */
export const MYSQL2_KINDS = {
  async callback({ pool, see }: Job<Pool>): Promise<void> {
    const rows = await new Promise<Row[]>((resolve, reject) => {
      pool.query<Row[]>(READ, [2], (error, value) => (error ? reject(error) : resolve(value)));
    });
    see(rows);
  },
  async doubleRelease({ pool, see }: Job<Pool>): Promise<void> {
    const connection = await pool.promise().getConnection();
    try {
      see((await connection.query<Row[]>(READ, [2]))[0]);
    } finally {
      connection.release();
      await new Promise((resolve) => setImmediate(resolve));
      connection.release();
    }
  },
  execute,
  async executeInLease({ pool, see }: Job<Pool>): Promise<void> {
    const connection = await pool.promise().getConnection();
    try {
      see((await connection.execute<Row[]>("select owner from note limit ?", ["3"]))[0]);
      see((await connection.query<Row[]>(READ, [2]))[0]);
      see((await connection.execute<Row[]>(READ, [2]))[0]);
    } finally {
      connection.release();
    }
  },
  async failing({ expect, number, pool }: Job<Pool>): Promise<void> {
    const texts = [
      "select nonsense from note",
      "insert into note (id) values (1)",
      "select 1; select 2",
    ];
    const text = texts[number % 3]!;
    await expect(number % 2 === 0 ? pool.promise().query(text) : pool.promise().execute(text));
  },
  async leftOpen(job: Job<Pool>): Promise<void> {
    const { number, pool, see } = job;
    if (number % 5 > 0) return read(job);
    const connection = await take(pool);
    try {
      await connection.promise().beginTransaction();
      await connection.promise().query(INSERT, ["left open"]);
      see((await connection.promise().query<Row[]>(READ, [2]))[0]);
    } finally {
      connection.release();
    }
  },
  async prepared({ pool, see }: Job<Pool>): Promise<void> {
    const connection = await pool.promise().getConnection();
    try {
      const statement = await connection.prepare(READ);
      see(((await statement.execute([2])) as [Row[], unknown])[0]);
    } finally {
      connection.release();
    }
  },
  read,
  async session(job: Job<Pool>): Promise<void> {
    const { number, own, pool, see } = job;
    // Each costs a reset, and with it the connection's prepared statements.
    if (number % 10 > 0) return execute(job);
    await pool.promise().query("set @mine = database()");
    const connection = await pool.promise().getConnection();
    try {
      const [rows] = await connection.query<Row[]>("select @mine as mine, database() as owner");
      see(rows);
      // Nobody's, or one that this very job has left for a moment.
      see(rows.map(({ mine }) => ({ owner: mine ?? own })));
      await connection.query("create temporary table note_copy as select * from note limit 1");
      see((await connection.query<Row[]>("select owner from note_copy"))[0]);
    } finally {
      connection.release();
    }
  },
  async split({ pool, see }: Job<Pool>): Promise<void> {
    // A semicolon in a value.
    const text = "select owner from note where id <= 2 and body <> ?";
    see((await pool.promise().query<Row[]>(text, ["first; second"]))[0]);
  },
  async stream({ pool, see }: Job<Pool>): Promise<void> {
    const stream = pool.query("select owner from note limit 5").stream({ highWaterMark: 2 });
    see(await readAll(stream as AsyncIterable<Row>));
  },
  async transaction({ number, pool, see }: Job<Pool>): Promise<void> {
    const connection = await pool.promise().getConnection();
    try {
      await connection.beginTransaction();
      await connection.execute(INSERT, ["in transaction"]);
      await connection.query("savepoint s");
      await connection.query("select nonsense").catch(() => undefined);
      await connection.query("rollback to savepoint s");
      see((await connection.query<Row[]>(READ, [2]))[0]);
      await (number % 2 === 0 ? connection.commit() : connection.rollback());
    } finally {
      connection.release();
    }
  },
  async write({ own, pool }: Job<Pool>): Promise<void> {
    await pool.promise().query("insert into note (owner, body) values (?, 'written')", [own]);
  },
} satisfies Kinds<Pool, string>;
