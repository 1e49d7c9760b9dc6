import type { Pool } from "mariadb";
import type { Job, Kinds } from "./isolation.ts";

interface Row {
  readonly owner: string;
}

const READ = "select owner from note where id <= ?";
const INSERT = "insert into note (owner, body) values (database(), ?)";

async function read({ pool, see }: Job<Pool>): Promise<void> {
  see(await pool.query<Row[]>(READ, [2]));
}

async function execute({ pool, see }: Job<Pool>): Promise<void> {
  see(await pool.execute<Row[]>(READ, [2]));
}

/** Every kind of operation on a pool of `mariadb`. */
export const MARIADB_KINDS = {
  async arrays({ pool, see }: Job<Pool>): Promise<void> {
    const rows = await pool.query<[string][]>({ rowsAsArray: true, sql: READ }, [2]);
    see(rows.map(([owner]) => ({ owner })));
  },
  async atOnce({ pool, see }: Job<Pool>): Promise<void> {
    const connection = await pool.getConnection();
    try {
      const answers = await Promise.all([
        connection.query<Row[]>(READ, [2]),
        connection.execute<Row[]>(READ, [2]),
        connection.query<Row[]>("select database() as owner"),
      ]);
      for (const rows of answers) see(rows);
    } finally {
      await connection.release();
    }
  },
  async batch({ own, number, pool }: Job<Pool>): Promise<void> {
    const rows = number % 2 === 0 ? [[own], [own]] : [[own]];
    await pool.batch("insert into note (owner, body) values (?, 'batch')", rows);
  },
  async doubleRelease({ pool, see }: Job<Pool>): Promise<void> {
    const connection = await pool.getConnection();
    try {
      see(await connection.query<Row[]>(READ, [2]));
    } finally {
      void connection.release();
      await new Promise((resolve) => setImmediate(resolve));
      await connection.release();
      await connection.end();
    }
  },
  execute,
  async executeInLease({ pool, see }: Job<Pool>): Promise<void> {
    const connection = await pool.getConnection();
    try {
      see(await connection.execute<Row[]>("select owner from note limit ?", [3]));
      see(await connection.query<Row[]>(READ, [2]));
      see(await connection.execute<Row[]>(READ, [2]));
    } finally {
      await connection.release();
    }
  },
  async failing({ expect, number, pool }: Job<Pool>): Promise<void> {
    const texts = [
      "select nonsense from note",
      "insert into note (id) values (1)",
      "select 1; select 2",
    ];
    const text = texts[number % 3]!;
    await expect(number % 2 === 0 ? pool.query(text) : pool.execute(text));
  },
  async leftOpen({ number, pool, see }: Job<Pool>): Promise<void> {
    const connection = await pool.getConnection();
    try {
      await connection.beginTransaction();
      await connection.query(INSERT, ["left open"]);
      see(await connection.query<Row[]>(READ, [2]));
      if (number % 3 === 0) await connection.query("select nonsense").catch(() => undefined);
    } finally {
      void connection.release();
    }
  },
  async prepared({ pool, see }: Job<Pool>): Promise<void> {
    const connection = await pool.getConnection();
    try {
      const statement = await connection.prepare<[number]>(READ);
      see(await statement.execute<Row[]>([2]));
    } finally {
      await connection.release();
    }
  },
  read,
  async session(job: Job<Pool>): Promise<void> {
    const { number, own, pool, see } = job;
    // Each costs a reset, and with it the connection's prepared statements.
    if (number % 10 > 0) return execute(job);
    await pool.query("set @mine = database()");
    const connection = await pool.getConnection();
    try {
      const rows = await connection.query<{ mine: string | null; owner: string }[]>(
        "select @mine as mine, database() as owner",
      );
      see(rows);
      // Nobody's, or one that this very job has left for a moment.
      see(rows.map(({ mine }) => ({ owner: mine ?? own })));
      await connection.query("create temporary table note_copy as select * from note limit 1");
      see(await connection.query<Row[]>("select owner from note_copy"));
    } finally {
      void connection.release();
    }
  },
  async split({ pool, see }: Job<Pool>): Promise<void> {
    // A semicolon in a value, and one in the text.
    see(await pool.query<Row[]>(`${READ} and body <> ?`, [2, "first; second"]));
    see(await pool.query<Row[]>("select owner from note where body <> 'a;b' limit 3"));
  },
  async stream({ number, pool, see }: Job<Pool>): Promise<void> {
    const connection = await pool.getConnection();
    try {
      const rows: Row[] = [];
      for await (const row of connection.queryStream("select owner from note limit 5")) {
        rows.push(row as Row);
        // Whoever has had enough leaves the rest to nobody.
        if (number % 4 === 0) break;
      }
      see(rows);
    } finally {
      void connection.release();
    }
  },
  async transaction({ number, pool, see }: Job<Pool>): Promise<void> {
    const connection = await pool.getConnection();
    try {
      await connection.beginTransaction();
      await connection.execute(INSERT, ["in transaction"]);
      await connection.query("savepoint s");
      await connection.query("select nonsense").catch(() => undefined);
      await connection.query("rollback to savepoint s");
      see(await connection.query<Row[]>(READ, [2]));
      await (number % 2 === 0 ? connection.commit() : connection.rollback());
    } finally {
      await connection.release();
    }
  },
  async write({ own, pool }: Job<Pool>): Promise<void> {
    await pool.query("insert into note (owner, body) values (?, 'written')", [own]);
  },
} satisfies Kinds<Pool, string>;
