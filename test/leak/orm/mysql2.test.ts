import type mysql2 from "mysql2";
import type { Pool, ResultSetHeader, RowDataPacket } from "mysql2";
import { mysql2 as mysql2Driver } from "../../../src/drivers/mysql2/index.ts";
import { type Engine, MYSQL2 } from "../../support/engines.ts";
import {
  itIsolatesOrm,
  type OrmJob,
  type OrmSubject,
  type OrmWorld,
} from "../../support/orm-isolation.ts";
import { describeMysqlPeers, type Peers } from "../../support/peers.ts";

interface Row extends RowDataPacket {
  readonly owner: string;
}

const READ = "select owner from books where id <= ?";
const JOIN = "select a.owner from authors a join books b on b.author_id = a.id where b.id = ?";

describeMysqlPeers("the pool itself", "mysql2", (peers) => {
  itIsolatesOrm({ engine: engineWith(peers), open });
});

function engineWith(peers: Peers): Engine {
  return {
    ...MYSQL2,
    open: async () => {
      const database = await MYSQL2.open();
      const { default: own } = await peers.load<{ default: typeof mysql2 }>("mysql2");
      return {
        ...database,
        driver: ({ max } = {}) =>
          mysql2Driver({ connectionLimit: max ?? 4, mysql2: own, uri: database.url }),
      };
    },
  };
}

function open({ tenancy }: OrmWorld): OrmSubject {
  const pool = tenancy.pool as Pool;
  const rowsOf = async (text: string, values: unknown[] = []): Promise<Row[]> =>
    (await pool.promise().query<Row[]>(text, values))[0];
  return {
    kinds: {
      explicit: async ({ see, tenant }) => {
        const acme = await tenancy.tenant(tenant);
        see(...(await acme.query<Row>(READ, [3])).rows);
        see(...(await (acme.pool as Pool).promise().execute<Row[]>(READ, [3]))[0]);
      },
      nested: async (job) => transaction(job, true),
      prepared: async ({ see }) => {
        see(...(await pool.promise().execute<Row[]>(READ, [3]))[0]);
      },
      raw: async ({ see }) => see(...(await rowsOf("select owner from authors"))),
      read: async ({ see }) => see(...(await rowsOf(READ, [3]))),
      relations: async ({ see }) => see(...(await rowsOf(JOIN, [2]))),
      rollback: async ({ see }) => {
        const connection = await pool.promise().getConnection();
        try {
          await connection.beginTransaction();
          await connection.query("delete from books");
          await connection.rollback();
          see(...(await connection.query<Row[]>(READ, [3]))[0]);
        } finally {
          connection.release();
        }
      },
      stream: async ({ see }) => {
        for await (const row of pool.query(READ, [3]).stream()) see(row as Row);
      },
      transaction: async (job) => transaction(job, false),
      write: async ({ own, see }) => {
        const insert = "insert into authors (owner, name) values (?, 'Bob')";
        const [{ insertId }] = await pool.promise().query<ResultSetHeader>(insert, [own]);
        see(...(await rowsOf("select owner from authors where id = ?", [insertId])));
      },
    },
  };

  async function transaction({ own, see }: OrmJob, isNested: boolean): Promise<void> {
    const connection = await pool.promise().getConnection();
    try {
      await connection.beginTransaction();
      await connection.execute("insert into authors (owner, name) values (?, 'Cid')", [own]);
      if (isNested) {
        await connection.query("savepoint inner_one");
        await connection.query("update authors set name = 'Z' where id < 0");
        await connection.query("rollback to inner_one");
      }
      see(...(await connection.query<Row[]>(READ, [3]))[0]);
      await connection.commit();
    } finally {
      connection.release();
    }
  }
}
