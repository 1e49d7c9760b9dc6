import type { Pool } from "mariadb";
import { MARIADB } from "../../support/engines.ts";
import {
  itIsolatesOrm,
  type OrmJob,
  type OrmSubject,
  type OrmWorld,
  type OwnedRow,
} from "../../support/orm-isolation.ts";
import { describeMysqlPeers } from "../../support/peers.ts";

const READ = "select owner from books where id <= ?";
const JOIN = "select a.owner from authors a join books b on b.author_id = a.id where b.id = ?";

// The oldest version that is supported is the newest that there is.
describeMysqlPeers("the pool itself", "mariadb", () => itIsolatesOrm({ engine: MARIADB, open }), [
  "newest",
]);

function open({ tenancy }: OrmWorld): OrmSubject {
  const pool = tenancy.pool as Pool;
  const rowsOf = (text: string, values: unknown[] = []): Promise<OwnedRow[]> =>
    pool.query<OwnedRow[]>(text, values);
  return {
    kinds: {
      explicit: async ({ see, tenant }) => {
        const acme = await tenancy.tenant(tenant);
        see(...(await acme.query<OwnedRow>(READ, [3])).rows);
        see(...(await (acme.pool as Pool).execute<OwnedRow[]>(READ, [3])));
      },
      nested: async (job) => transaction(job, true),
      prepared: async ({ see }) => see(...(await pool.execute<OwnedRow[]>(READ, [3]))),
      raw: async ({ see }) => see(...(await rowsOf("select owner from authors"))),
      read: async ({ see }) => see(...(await rowsOf(READ, [3]))),
      relations: async ({ see }) => see(...(await rowsOf(JOIN, [2]))),
      rollback: async ({ see }) => {
        const connection = await pool.getConnection();
        try {
          await connection.beginTransaction();
          await connection.query("delete from books");
          await connection.rollback();
          see(...(await connection.query<OwnedRow[]>(READ, [3])));
        } finally {
          await connection.release();
        }
      },
      stream: async ({ see }) => {
        const connection = await pool.getConnection();
        try {
          for await (const row of connection.queryStream(READ, [3])) see(row as OwnedRow);
        } finally {
          await connection.release();
        }
      },
      transaction: async (job) => transaction(job, false),
      write: async ({ own, see }) => {
        const insert = "insert into authors (owner, name) values (?, 'Bob') returning owner";
        see(...(await rowsOf(insert, [own])));
      },
    },
  };

  async function transaction({ own, see }: OrmJob, isNested: boolean): Promise<void> {
    const connection = await pool.getConnection();
    try {
      await connection.beginTransaction();
      await connection.execute("insert into authors (owner, name) values (?, 'Cid')", [own]);
      if (isNested) {
        await connection.query("savepoint inner_one");
        await connection.query("update authors set name = 'Z' where id < 0");
        await connection.query("rollback to inner_one");
      }
      see(...(await connection.query<OwnedRow[]>(READ, [3])));
      await connection.commit();
    } finally {
      await connection.release();
    }
  }
}
